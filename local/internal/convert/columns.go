package convert

import (
	"fmt"

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
	marks   []int // lengths of leafs before the last record
	rows    int
	row     int   // rows ever begun
	filled  []int // by column: the row that was last filled, counted from 1 over the life of this value
	unset   int   // columns that the last row has no value for yet
	members []jsonscan.Member
	walker  *jsonscan.Walker
	days    days
	maps    []lastMap // by column
	name    []byte
}

// NewColumns returns an empty collection of rows.
func (c *Converter) NewColumns() *Columns {
	o := &Columns{
		c: c, leafs: make([][]parquet.Value, c.leafs()), marks: make([]int, c.leafs()),
		filled: make([]int, len(c.columns)), maps: make([]lastMap, len(c.columns)),
	}
	o.walker = jsonscan.NewWalker(o.find)
	return o
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
	clear(o.maps)
}

// Add converts the documents of one record: all of them or, with an [*Error], none.
func (o *Columns) Add(data []byte) error {
	for i, leaf := range o.leafs {
		o.marks[i] = len(leaf)
	}
	rows := o.rows
	if o.quick(data) {
		return nil
	}
	o.cut(rows)
	err := o.add(data)
	if err != nil {
		o.cut(rows)
	}
	return err
}

// cut takes back what was added since the marks were made.
func (o *Columns) cut(rows int) {
	for i, n := range o.marks {
		o.leafs[i] = o.leafs[i][:n]
	}
	o.rows = rows
	clear(o.maps)
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
	o.begin()
	for _, m := range members {
		at := o.find(m.Key)
		if at == len(o.c.columns) || m.Kind == jsonscan.Null {
			continue
		}
		col := &o.c.columns[at]
		if o.filled[at] == o.row {
			return fmt.Errorf("column %s is given twice", col.name)
		}
		if err := col.read(o.leafs[col.first:], m); err != nil {
			return err
		}
		o.fill(at)
	}
	o.end()
	return nil
}

// begin begins a row.
func (o *Columns) begin() {
	o.row++
	o.rows++
	o.unset = len(o.filled)
}

// fill notes that a column has its value in this row.
func (o *Columns) fill(at int) {
	o.filled[at] = o.row
	o.unset--
}

// end makes NULL what the row has no value for.
func (o *Columns) end() {
	for at := 0; o.unset > 0; at++ {
		if o.filled[at] == o.row {
			continue
		}
		o.unset--
		col := &o.c.columns[at]
		for leaf := col.first; leaf < col.first+col.leafs; leaf++ {
			o.leafs[leaf] = append(o.leafs[leaf], parquet.NullValue())
		}
	}
}

// find returns the column of a key, len(columns) where the table has none.
func (o *Columns) find(key []byte) int {
	o.name = lower(jsonscan.AppendUnescaped(o.name[:0], key))
	if at, ok := o.c.index[string(o.name)]; ok {
		return at
	}
	return len(o.c.columns)
}
