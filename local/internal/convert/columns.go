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
	marks     []int // lengths of leafs before the last record
	rows      int
	row       int   // number of the current row, counted from 1 since NewColumns
	filled    []int // by column: number of the last row that has a value
	unset     int   // columns without a value in the current row
	reader    *jsonscan.Reader
	values    []valueReader // by column
}

// NewColumns returns an empty collection of rows.
func (c *Converter) NewColumns() *Columns {
	o := &Columns{
		converter: c, leafs: make([][]parquet.Value, c.leafs()), marks: make([]int, c.leafs()),
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
	o.rows = 0
}

// Add converts the documents of one record. If one of them fails, Add returns an [*Error] and adds no rows.
func (o *Columns) Add(data []byte) error {
	for i, leaf := range o.leafs {
		o.marks[i] = len(leaf)
	}
	rows := o.rows
	err := o.documents(data)
	if err != nil {
		for i, n := range o.marks {
			o.leafs[i] = o.leafs[i][:n]
		}
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
			return notObject(data[i:], err)
		}
		if err := o.document(members); err != nil {
			return &Error{CodeMalformed, err.Error()}
		}
		i = jsonscan.SkipSpace(data, i+n)
	}
	return nil
}

// notObject returns Firehose's error for data that do not begin with an object.
func notObject(data []byte, err error) *Error {
	if c := data[0]; c != '{' && c != '[' && json.Valid(data) {
		return &Error{CodeMalformed, "The input JSON contained a primitive at the top level. The top level must be an object or array."}
	}
	return &Error{CodeParseError, fmt.Sprintf("Encountered malformed JSON. %v", err)}
}

// document adds one row.
func (o *Columns) document(members []jsonscan.Member) error {
	o.begin()
	for _, m := range members {
		if m.Column == jsonscan.NoColumn || m.Kind == jsonscan.Null {
			continue
		}
		if err := o.values[m.Column](o.leafs[o.converter.columns[m.Column].first:], m); err != nil {
			return err
		}
		o.filled[m.Column] = o.row
		o.unset--
	}
	o.end()
	return nil
}

func (o *Columns) begin() {
	o.row++
	o.rows++
	o.unset = len(o.filled)
}

// end gives NULL to the columns without a value in the row.
func (o *Columns) end() {
	for at := 0; o.unset > 0; at++ {
		if o.filled[at] == o.row {
			continue
		}
		o.unset--
		col := &o.converter.columns[at]
		for leaf := col.first; leaf < col.first+col.leafs; leaf++ {
			o.leafs[leaf] = append(o.leafs[leaf], parquet.NullValue())
		}
	}
}
