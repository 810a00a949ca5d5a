package convert

import (
	"bytes"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// The quick way reads documents as producers mostly write them, in one pass: keys in the order of the document before,
// numbers as a few digits with a point, text without escapes. It declines whatever else it meets, and all that is wrong: then
// Add reads the record from its start in the thorough way, which says what is wrong. FuzzQuick holds the two to one result.

// quickKind is how a column's value is read in the quick way.
type quickKind uint8

const (
	quickNone quickKind = iota // by the column's reader
	quickDouble
	quickInt
	quickBigInt
	quickText
	quickTimestamp
	quickMap
)

// quick adds the documents of one record. Where it declines, it may have added some of their values.
func (o *Columns) quick(data []byte) (ok bool) {
	i := jsonscan.SkipSpace(data, 0)
	if i == len(data) {
		return false
	}
	for i < len(data) {
		if i, ok = o.quickDocument(data, i); !ok {
			return false
		}
		i = jsonscan.SkipSpace(data, i)
	}
	return true
}

// quickDocument adds the document that begins at data[i] as a row and returns the index behind it.
func (o *Columns) quickDocument(data []byte, i int) (end int, ok bool) {
	o.begin()
	o.walker.Begin()
	for {
		at, value := o.walker.Next(data, i)
		switch {
		case at == jsonscan.End:
			o.end()
			return value, true
		case at == jsonscan.Odd:
			return 0, false
		case at == len(o.c.columns) || value < len(data) && data[value] == 'n': // no column has this name, or null
			end, _, err := jsonscan.Value(data, value)
			if err != nil {
				return 0, false
			}
			i = end
			continue
		case o.filled[at] == o.row: // twice
			return 0, false
		}
		if i = o.quickValue(at, data, value); i == 0 {
			return 0, false
		}
		o.fill(at)
	}
}

// quickValue adds the value at data[i], which is not null, and returns the index behind it, 0 where it declines.
func (o *Columns) quickValue(at int, data []byte, i int) (end int) {
	col := &o.c.columns[at]
	leaf := &o.leafs[col.first]
	switch col.quick {
	case quickDouble:
		if d, end := scanDecimal(data, i); end > 0 && d.digits <= 1<<53 {
			add(leaf, parquet.DoubleValue(d.float()))
			return end
		}
	case quickInt:
		if d, end := scanDecimal(data, i); end > 0 && d.places == 0 && d.digits <= math.MaxInt32 {
			add(leaf, parquet.Int32Value(int32(d.integer())))
			return end
		}
	case quickBigInt:
		if d, end := scanDecimal(data, i); end > 0 && d.places == 0 {
			add(leaf, parquet.Int64Value(d.integer()))
			return end
		}
	case quickText:
		if i < len(data) && data[i] == '"' {
			end := jsonscan.SkipPlain(data, i+1)
			if end < len(data) && data[end] == '"' {
				add(leaf, parquet.ByteArrayValue(data[i+1:end]))
				return end + 1
			}
		}
	case quickTimestamp:
		if ms, end := o.days.timestamp(data, i); end > 0 {
			add(leaf, parquet.Int64Value(ms))
			return end
		}
	case quickMap:
		return o.quickMap(at, data, i)
	}
	return o.quickRead(col, data, i)
}

// quickRead adds any value by the column's reader.
func (o *Columns) quickRead(col *column, data []byte, i int) (end int) {
	end, kind, err := jsonscan.Value(data, i)
	if err != nil || col.read(o.leafs[col.first:], jsonscan.Member{Value: data[i:end:end], Kind: kind}) != nil {
		return 0
	}
	return end
}

// lastMap is the map that a column got last: the samples of a machine repeat it.
type lastMap struct {
	text     []byte // in the document
	from, to int    // its values in both leafs
}

func (o *Columns) quickMap(at int, data []byte, i int) (end int) {
	col, last := &o.c.columns[at], &o.maps[at]
	keys, values := &o.leafs[col.first], &o.leafs[col.first+1]
	if n := len(last.text); n > 0 && bytes.HasPrefix(data[i:], last.text) {
		*keys = append(*keys, (*keys)[last.from:last.to]...)
		*values = append(*values, (*values)[last.from:last.to]...)
		return i + n
	}
	from := len(*keys)
	if end = o.quickRead(col, data, i); end > 0 {
		*last = lastMap{text: data[i:end], from: from, to: len(*keys)}
	}
	return end
}

// decimal is a number of at most 18 digits.
type decimal struct {
	digits   uint64 // all digits, without the point
	places   int    // digits after the point
	negative bool
}

// scanDecimal reads a JSON number without an exponent and returns the index behind it, 0 where it declines.
func scanDecimal(data []byte, i int) (d decimal, end int) {
	if i < len(data) && data[i] == '-' {
		d.negative = true
		i++
	}
	whole := i
	for ; i < len(data) && data[i]-'0' <= 9; i++ {
		d.digits = d.digits*10 + uint64(data[i]-'0')
	}
	n := i - whole
	if n == 0 || n > 1 && data[whole] == '0' {
		return d, 0
	}
	if i < len(data) && data[i] == '.' {
		i++
		fraction := i
		for ; i < len(data) && data[i]-'0' <= 9; i++ {
			d.digits = d.digits*10 + uint64(data[i]-'0')
		}
		d.places = i - fraction
		if d.places == 0 {
			return d, 0
		}
	}
	if n+d.places > 18 || i < len(data) && data[i]|0x20 == 'e' {
		return d, 0
	}
	return d, i
}

// powers are those of ten that a double has exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// float is the double nearest to d, as long as a double has d's digits exactly: then so is the power of ten, and the division
// rounds once, as strconv.ParseFloat does (W. Clinger, "How to Read Floating Point Numbers Accurately").
func (d decimal) float() float64 {
	f := float64(d.digits) / powers[d.places]
	if d.negative {
		return -f
	}
	return f
}

func (d decimal) integer() int64 {
	if d.negative {
		return -int64(d.digits)
	}
	return int64(d.digits)
}

// days reads timestamps of one day without reading the day again.
type days struct {
	day   []byte // such as 2006-01-02T
	start int64  // of the day, Unix milliseconds
}

// timestamp reads the form 2006-01-02T15:04:05.000Z, in quotes, and returns the index behind it, 0 where it declines.
func (d *days) timestamp(data []byte, i int) (ms int64, end int) {
	const form = `"2006-01-02T15:04:05.000Z"`
	if len(data)-i < len(form) {
		return 0, 0
	}
	s := data[i : i+len(form)]
	hour, minute, second := two(s[12:]), two(s[15:]), two(s[18:])
	tenth, hundredths := two([]byte{'0', s[21]}), two(s[22:])
	if s[0] != '"' || s[14] != ':' || s[17] != ':' || s[20] != '.' || s[24] != 'Z' || s[25] != '"' ||
		hour > 23 || minute > 59 || second > 59 || tenth > 9 || hundredths > 99 {
		return 0, 0
	}
	if string(s[1:12]) != string(d.day) {
		start, ok := timestamp(jsonscan.Member{Value: append(s[:12:12], `00:00:00Z"`...), Kind: jsonscan.String})
		if !ok {
			return 0, 0
		}
		d.day, d.start = append(d.day[:0], s[1:12]...), start
	}
	return d.start + int64(hour)*3_600_000 + int64(minute)*60_000 + int64(second)*1000 + int64(tenth)*100 + int64(hundredths),
		i + len(form)
}

// two is the number of two digits, more than 99 where they are none.
func two(b []byte) int {
	tens, ones := b[0]-'0', b[1]-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int(tens)*10 + int(ones)
}
