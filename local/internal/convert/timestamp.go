package convert

import (
	"math"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// timestamps returns a reader of timestamps. Most are of one day, and in the form that the transform writes.
func timestamps() valueReader {
	var last day
	return func(leafs [][]parquet.Value, m jsonscan.Member) error {
		ms, ok := last.timestamp(m.Value)
		if !ok {
			ms, ok = timestamp(m)
		}
		if !ok {
			return mismatch(m.Value)
		}
		add(&leafs[0], parquet.Int64Value(ms))
		return nil
	}
}

// millisFrom is where a number stops being seconds and is milliseconds.
const millisFrom = 1e12

// timestamp reads the forms that the OpenX SerDe takes: yyyy-MM-dd'T'HH:mm:ss[.S]'Z', yyyy-[M]M-[d]d HH:mm:ss[.S], and
// numbers, as such or as text: seconds, with a fraction or without, or milliseconds.
func timestamp(m jsonscan.Member) (ms int64, ok bool) {
	if m.Kind == jsonscan.String {
		s := string(unquoted(m.Value))
		for _, layout := range [...]string{"2006-01-02T15:04:05Z", "2006-1-2 15:04:05"} {
			if t, err := time.Parse(layout, s); err == nil { // a fraction is taken without being in the layout
				return t.UnixMilli(), true
			}
		}
	}
	text, err := number(m)
	if err != nil {
		return 0, false
	}
	v, err := jsonscan.ParseFloat(text)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e15 {
		return 0, false
	}
	if math.Abs(v) < millisFrom {
		v *= 1000
	}
	return int64(math.Round(v)), true
}

// day is a day of which timestamps were read.
type day struct {
	text  []byte // such as 2006-01-02T
	start int64  // Unix milliseconds
}

// timestamp reads the form 2006-01-02T15:04:05.000Z, in quotes; ok is false for any other value.
func (d *day) timestamp(s []byte) (ms int64, ok bool) {
	const form = `"2006-01-02T15:04:05.000Z"`
	if len(s) != len(form) || s[0] != '"' || s[14] != ':' || s[17] != ':' || s[20] != '.' || s[24] != 'Z' || s[25] != '"' {
		return 0, false
	}
	hour, minute, second := twoDigits(s[12], s[13]), twoDigits(s[15], s[16]), twoDigits(s[18], s[19])
	tenth, hundredths := twoDigits('0', s[21]), twoDigits(s[22], s[23])
	if hour > 23 || minute > 59 || second > 59 || tenth > 9 || hundredths > 99 {
		return 0, false
	}
	if string(s[1:12]) != string(d.text) {
		midnight, err := time.Parse("2006-01-02T", string(s[1:12]))
		if err != nil {
			return 0, false
		}
		d.text, d.start = append(d.text[:0], s[1:12]...), midnight.UnixMilli()
	}
	return d.start + hour*3_600_000 + minute*60_000 + second*1000 + tenth*100 + hundredths, true
}

// twoDigits is the number that two digits write, more than 99 if they are not digits.
func twoDigits(tens, ones byte) int64 {
	tens, ones = tens-'0', ones-'0'
	if tens > 9 || ones > 9 {
		return 100
	}
	return int64(tens)*10 + int64(ones)
}
