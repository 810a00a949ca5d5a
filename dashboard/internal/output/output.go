// Package output writes the rows of a query in the forms that the terminal and the page offer: an aligned table, CSV, JSON
// and Parquet.
package output

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// The formats.
const (
	Table     = "table"
	CSV       = "csv"
	JSON      = "json"       // one object a line
	JSONArray = "json-array" // one array of objects
	Parquet   = "parquet"
)

// Output writes rows as they come. End writes what is left.
type Output interface {
	// Begin is called once, before the first row.
	Begin(columns []panels.Column) error
	// Row writes the values of a row. For the kinds of values see [panels.Result]. Row does not keep the slice.
	Row(values []any) error
	End() error
}

// New returns the output of a format.
func New(format string, w io.Writer) (Output, error) {
	switch format {
	case Table:
		return newTable(w), nil
	case CSV:
		return &csvOutput{w: csv.NewWriter(w)}, nil
	case JSON:
		return &jsonOutput{w: bufio.NewWriter(w)}, nil
	case JSONArray:
		return &jsonOutput{w: bufio.NewWriter(w), array: true}, nil
	case Parquet:
		return &parquetOutput{w: w}, nil
	}
	return nil, fmt.Errorf("there is no format %q: want one of %s", format, strings.Join([]string{Table, CSV, JSON, JSONArray, Parquet}, ", "))
}

// Copy writes a whole result.
func Copy(o Output, r panels.Result) error {
	if err := o.Begin(r.Columns); err != nil {
		return err
	}
	values := make([]any, len(r.Data))
	for i := range r.Rows() {
		for j := range r.Data {
			values[j] = r.Data[j][i]
		}
		if err := o.Row(values); err != nil {
			return err
		}
	}
	return o.End()
}

// text writes a value for people and for CSV. NULL becomes null. A nested value becomes JSON; for people, who have little room, without the
// members that are null.
func text(v any, n nesting, null string) string {
	switch v := v.(type) {
	case nil:
		return null
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format("2006-01-02 15:04:05.999999999")
	case []any, map[string]any:
		return nestedText(v, n, null == "")
	default:
		return fmt.Sprint(v)
	}
}

func nestingsOf(columns []panels.Column) []nesting {
	list := make([]nesting, len(columns))
	for i, c := range columns {
		list[i] = nestingOf(c.Type)
	}
	return list
}

// tableOutput aligns columns. It aligns and writes blocks of rows, so that a long result appears early and does not fill the
// memory.
type tableOutput struct {
	w        *tabwriter.Writer
	rows     int
	nestings []nesting
	cell     func(row []any, column int) (text string, ok bool) // for values that are not written as they are; nil if there are none
}

const tableBlock = 1000

func newTable(w io.Writer) *tableOutput {
	return &tableOutput{w: tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.StripEscape)}
}

func (t *tableOutput) Begin(columns []panels.Column) error {
	t.nestings = nestingsOf(columns)
	names, rules := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
		rules[i] = strings.Repeat("-", len([]rune(c.Name)))
	}
	if err := t.line(names); err != nil {
		return err
	}
	return t.line(rules)
}

func (t *tableOutput) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		if t.cell != nil {
			if s, ok := t.cell(values, i); ok {
				cells[i] = s
				continue
			}
		}
		cells[i] = text(v, t.nestings[i], "NULL")
	}
	if err := t.line(cells); err != nil {
		return err
	}
	if t.rows++; t.rows%tableBlock == 0 {
		return t.w.Flush()
	}
	return nil
}

// line writes one line of cells. It escapes characters that would break the line or control the terminal. The last cell may have
// several lines, as an EXPLAIN has.
func (t *tableOutput) line(cells []string) error {
	for i, cell := range cells {
		if i == len(cells)-1 {
			cells[i] = printable(cell, true)
		} else {
			cells[i] = printable(cell, false)
		}
	}
	_, err := fmt.Fprintln(t.w, strings.Join(cells, "\t"))
	return err
}

func printable(s string, lines bool) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) || lines && r == '\n' {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

func (t *tableOutput) End() error { return t.w.Flush() }

type csvOutput struct {
	w        *csv.Writer
	nestings []nesting
}

func (c *csvOutput) Begin(columns []panels.Column) error {
	c.nestings = nestingsOf(columns)
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = column.Name
	}
	return c.w.Write(names)
}

func (c *csvOutput) Row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = text(v, c.nestings[i], "")
	}
	return c.w.Write(cells)
}

func (c *csvOutput) End() error {
	c.w.Flush()
	return c.w.Error()
}

// jsonOutput writes objects with keys in the order of columns.
type jsonOutput struct {
	w        *bufio.Writer
	keys     [][]byte
	nestings []nesting
	array    bool
	rows     int
}

func (j *jsonOutput) Begin(columns []panels.Column) error {
	j.nestings = nestingsOf(columns)
	for _, column := range columns {
		key, err := json.Marshal(column.Name)
		if err != nil {
			return err
		}
		j.keys = append(j.keys, key)
	}
	if j.array {
		return j.w.WriteByte('[')
	}
	return nil
}

func (j *jsonOutput) Row(values []any) error {
	// A bufio.Writer returns an earlier error at each later write and at Flush.
	if j.array && j.rows > 0 {
		_, _ = j.w.WriteString(",\n")
	}
	j.rows++
	separator := byte('{')
	for i, v := range values {
		value, err := appendJSON(nil, v, j.nestings[i], true)
		if err != nil {
			return err
		}
		_ = j.w.WriteByte(separator)
		_, _ = j.w.Write(j.keys[i])
		_ = j.w.WriteByte(':')
		_, _ = j.w.Write(value)
		separator = ','
	}
	end := "}\n"
	if j.array {
		end = "}"
	}
	_, err := j.w.WriteString(end)
	return err
}

func (j *jsonOutput) End() error {
	if j.array {
		_, _ = j.w.WriteString("]\n")
	}
	return j.w.Flush()
}
