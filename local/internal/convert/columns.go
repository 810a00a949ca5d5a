package convert

import (
	"encoding/json"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// Firehose's codes of conversion errors.
const (
	CodeMalformed  = "DataFormatConversion.MalformedData"
	CodeParseError = "DataFormatConversion.ParseError"
)

// Error says why a record could not be converted.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Columns collects converted rows column by column. It is not safe for concurrent use.
type Columns struct {
	converter *Converter
	leafs     [][]parquet.Value
	// filled has, by column, how many rows its leafs hold. In all later rows the column is NULL. These NULLs are added together: when the
	// column has a value again, or at the end.
	filled []int
	rows   int
	marks  []int // before the last record: the lengths of leafs, then the values of filled
	reader *jsonscan.Reader
	values []valueReader // by column
}

// NewColumns returns an empty collection of rows.
func (c *Converter) NewColumns() *Columns {
	o := &Columns{
		converter: c, leafs: make([][]parquet.Value, c.leafs()), marks: make([]int, c.leafs()+len(c.columns)),
		filled: make([]int, len(c.columns)), reader: jsonscan.NewReader(c.names...),
	}
	for _, col := range c.columns {
		o.values = append(o.values, col.newReader())
	}
	return o
}

// Rows is the number of rows collected.
func (o *Columns) Rows() int { return o.rows }

// Reset empties the collection. Until then its rows may refer to the data that were given to Add.
func (o *Columns) Reset() {
	for i := range o.leafs {
		clear(o.leafs[i]) // frees the data that the values refer to
		o.leafs[i] = o.leafs[i][:0]
	}
	clear(o.filled)
	o.rows = 0
}

// Add converts the documents of one record. If one of them fails, Add returns an [*Error] and adds no rows.
func (o *Columns) Add(data []byte) error {
	for i, leaf := range o.leafs {
		o.marks[i] = len(leaf)
	}
	copy(o.marks[len(o.leafs):], o.filled)
	rows := o.rows
	err := o.documents(data)
	if err != nil {
		for i, leaf := range o.leafs {
			o.leafs[i] = leaf[:o.marks[i]]
		}
		copy(o.filled, o.marks[len(o.leafs):])
		o.rows = rows
	}
	return err
}

func (o *Columns) documents(data []byte) error {
	i := jsonscan.SkipSpace(data, 0)
	if i == len(data) {
		return &Error{CodeMalformed, "The record was empty or contained only whitespace."}
	}
	for i < len(data) {
		members, n, err := o.reader.Read(data[i:])
		if err != nil {
			return unreadable(data[i:], err)
		}
		if err := o.document(members); err != nil {
			return &Error{CodeMalformed, err.Error()}
		}
		i = jsonscan.SkipSpace(data, i+n)
	}
	return nil
}

// unreadable returns Firehose's error for data that cannot be read as an object.
func unreadable(data []byte, err error) *Error {
	if c := data[0]; c != '{' && c != '[' && json.Valid(data) {
		return &Error{CodeMalformed, "The input JSON contained a primitive at the top level. The top level must be an object or array."}
	}
	return &Error{CodeParseError, fmt.Sprintf("Encountered malformed JSON. %v", err)}
}

// document adds one row.
func (o *Columns) document(members []jsonscan.Member) error {
	for _, m := range members {
		if m.Column == jsonscan.NoColumn || m.Kind == jsonscan.Null {
			continue
		}
		o.fill(int(m.Column))
		if err := o.values[m.Column](o.leafs[o.converter.columns[m.Column].first:], m); err != nil {
			return err
		}
		o.filled[m.Column] = o.rows + 1
	}
	o.rows++
	return nil
}

// fill gives NULL to the rows in which a column does not have a value. The zero Value is NULL.
func (o *Columns) fill(at int) {
	missing := o.rows - o.filled[at]
	if missing == 0 {
		return
	}
	col := &o.converter.columns[at]
	for leaf := col.first; leaf < col.first+col.leafs; leaf++ {
		o.leafs[leaf] = append(o.leafs[leaf], make([]parquet.Value, missing)...)
	}
	o.filled[at] = o.rows
}
