package transform

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// column is what the transform has to know of a column of the table.
type column struct {
	name   string
	use    use
	within record.Range // of a quantity
}

// use is what the transform does with a column's value.
type use uint8

const (
	usePass       use = iota // hand it on
	useTS                    // check it, and derive the time columns and the partition from it
	useEnrichment            // write it itself
	useQuantity              // hand it on if it is within the column's range
)

// columns are the columns of the table, in order, after one that stands for keys of no column.
var columns = func() []column {
	columns := []column{{}}
	for _, c := range record.SampleColumns() {
		within, quantity := c.Range()
		switch {
		case c.Name == "ts":
			columns = append(columns, column{name: c.Name, use: useTS})
		case quantity:
			columns = append(columns, column{c.Name, useQuantity, within})
		default:
			columns = append(columns, column{name: c.Name})
		}
	}
	for _, c := range record.EnrichmentColumns() {
		columns = append(columns, column{name: c.Name, use: useEnrichment})
	}
	return columns
}()

// newReader returns a reader of documents by the table's columns.
func newReader() *jsonscan.Reader {
	names := make([]string, 0, len(columns))
	for _, c := range columns[1:] {
		names = append(names, c.name)
	}
	return jsonscan.NewReader(names...)
}

// plausible says whether a value of a quantity is within its range. What is no number at all is left to the conversion, which
// refuses the record.
func plausible(m jsonscan.Member, within record.Range) bool {
	switch m.Kind {
	case jsonscan.Number:
		v, err := jsonscan.ParseFloat(m.Value)
		return err == nil && within.Contains(v)
	case jsonscan.String:
		v, isNumber := textNumber(jsonscan.AppendUnquoted(nil, m.Value))
		return !isNumber || within.Contains(v)
	}
	return true
}

// textNumber reads a number that is given as text, in every form that the conversion may take: with white space around it,
// hexadecimal, with one of Java's letters behind it, NaN and infinity.
func textNumber(text []byte) (v float64, ok bool) {
	text = bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	if v, err := strconv.ParseInt(string(text), 0, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return float64(v), true
	}
	if len(text) > 1 && bytes.IndexByte([]byte("fFdD"), text[len(text)-1]) >= 0 {
		if v, ok := textNumber(text[:len(text)-1]); ok {
			return v, ok
		}
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil || errors.Is(err, strconv.ErrRange)
}

// implausible says why a number is left out.
func implausible(c *column, m jsonscan.Member) error {
	return fmt.Errorf("%s %.*s is not within %v", c.name, maxTS, m.Value, c.within)
}
