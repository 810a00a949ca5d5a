package convert

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// Codes of conversion errors, as Firehose gives them.
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
	c       *Converter
	leafs   [][]parquet.Value
	rows    int
	members []jsonscan.Member
	filled  []int // by column: the row that was last filled, counted from 1 over the life of this value
	row     int   // rows ever begun
	// keys and at remember which column the i-th key of the last document was. Documents of one producer have their keys
	// in one order, so that a comparison replaces a look-up.
	keys [][]byte
	at   []int
	name []byte
}

// NewColumns returns an empty collection of rows.
func (c *Converter) NewColumns() *Columns {
	return &Columns{c: c, leafs: make([][]parquet.Value, c.leafs()), filled: make([]int, len(c.columns))}
}

// Rows is the number of rows collected.
func (o *Columns) Rows() int { return o.rows }

// Reset empties the collection. The values of the rows it held may refer to the data that Add was given until then.
func (o *Columns) Reset() {
	for i := range o.leafs {
		clear(o.leafs[i]) // lets go of the data
		o.leafs[i] = o.leafs[i][:0]
	}
	o.rows = 0
}

// Add converts the documents of one record: all of them or, with an [*Error], none.
func (o *Columns) Add(data []byte) error {
	marks := make([]int, len(o.leafs))
	for i := range o.leafs {
		marks[i] = len(o.leafs[i])
	}
	rows := o.rows
	if err := o.add(data); err != nil {
		for i := range o.leafs {
			o.leafs[i] = o.leafs[i][:marks[i]]
		}
		o.rows = rows
		return err
	}
	return nil
}

func (o *Columns) add(data []byte) error {
	i := jsonscan.SkipSpace(data, 0)
	if i == len(data) {
		return &Error{CodeParseError, "The record was empty or contained only whitespace."}
	}
	for i < len(data) {
		members, n, err := jsonscan.Members(o.members[:0], data[i:])
		o.members = members[:0]
		if err != nil {
			return &Error{CodeParseError, fmt.Sprintf("Encountered malformed JSON. %v", err)}
		}
		if err := o.document(members); err != nil {
			return &Error{CodeMalformed, err.Error()}
		}
		i = jsonscan.SkipSpace(data, i+n)
	}
	return nil
}

// document adds one row.
func (o *Columns) document(members []jsonscan.Member) error {
	o.row++
	o.rows++
	for i, m := range members {
		at := o.find(i, m.Key)
		if at < 0 || m.Kind == jsonscan.Null {
			continue
		}
		if o.filled[at] == o.row {
			return fmt.Errorf("column %s is given twice", o.c.columns[at].name)
		}
		col := &o.c.columns[at]
		if err := col.read(o.leafs[col.first:], col.first, m); err != nil {
			return err
		}
		o.filled[at] = o.row
	}
	for at := range o.c.columns {
		if o.filled[at] == o.row {
			continue
		}
		col := &o.c.columns[at]
		for leaf := col.first; leaf < col.first+col.leafs; leaf++ {
			o.leafs[leaf] = append(o.leafs[leaf], parquet.NullValue().Level(0, 0, leaf))
		}
	}
	return nil
}

// find returns the column of the i-th key of a document, -1 where the table has none.
func (o *Columns) find(i int, key []byte) int {
	if i < len(o.keys) && bytes.Equal(o.keys[i], key) {
		return o.at[i]
	}
	o.name = lower(jsonscan.AppendUnescaped(o.name[:0], key))
	at, ok := o.c.index[string(o.name)]
	if !ok {
		at = -1
	}
	const most = 1000 // a document of more keys is no sample; the rest is looked up
	if i >= most {
		return at
	}
	for len(o.keys) <= i {
		o.keys, o.at = append(o.keys, nil), append(o.at, -1)
	}
	o.keys[i], o.at[i] = slices.Clone(key), at
	return at
}
