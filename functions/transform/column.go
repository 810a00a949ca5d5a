package transform

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// column says what the transform does with a column of the table.
type column struct {
	name   string
	use    use
	within record.Range // set if use is useQuantity
}

// use is what the transform does with a column's value.
type use uint8

const (
	usePass       use = iota // deliver it as it is
	useTS                    // check it, and derive the time columns and the partition from it
	useEnrichment            // replace it by the transform's own value
	useQuantity              // deliver it if it is within the column's range
)

// columns are the columns of the table, in order. The first element stands for all keys that do not name a column.
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

// newReader returns a reader that finds the table's columns in documents.
func newReader() *jsonscan.Reader {
	names := make([]string, 0, len(columns))
	for _, c := range columns[1:] {
		names = append(names, c.name)
	}
	return jsonscan.NewReader(names...)
}

// plausible reports whether the value of a quantity may be delivered. A number, also one in a string, has to be within the range. null may be
// delivered, because it is a missing value. Any other value, such as a list, passes too: it is the conversion that refuses its record.
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

// textNumber reads a number in a JSON string, in each form that the conversion may accept: with white space around it, as a
// hexadecimal number, with a suffix of Java (f or d), NaN and infinity.
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

// maxShown is how many bytes of an implausible number the log shows.
const maxShown = 40

// implausible returns the reason to leave a number out.
func implausible(c *column, m jsonscan.Member) error {
	return fmt.Errorf("%s is %.*s, want %v", c.name, maxShown, m.Value, c.within)
}
