package panels

import (
	"fmt"
	"time"
)

// Query is a query that an engine can run: SQL with positional parameters (?) and their values in order.
type Query struct {
	SQL  string
	Args []any // string, float64 or int64
	// Range is the time range that the SQL restricts itself to. An engine that lists files lists those of the range only.
	// The zero Range means all time.
	Range Range
}

// Range is a time range, From included, To not.
type Range struct{ From, To time.Time }

// IsZero reports whether the range is all time.
func (r Range) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

// Result is a query's answer by column.
type Result struct {
	Columns []Column
	// Data holds one slice of equal length for each column. A value is nil, bool, int64, float64 (finite), string,
	// *big.Int, time.Time or, for nested types, []any or map[string]any.
	Data [][]any
	Notes
}

// Notes are what a reader must know beside the rows of an answer.
type Notes struct {
	// Warnings are for the reader: what is missing in the answer and why.
	Warnings []string
	// Cost is what the answer cost; nil from an engine that charges nothing.
	Cost *Cost
}

// Cost is what queries cost.
type Cost struct {
	// ScannedBytes is what the engine says that it has read.
	ScannedBytes int64 `json:"scanned_bytes"`
	// USD is an estimate by list prices.
	USD float64 `json:"usd"`
	// Reused says that it is the kept answer of an earlier query.
	Reused bool `json:"reused"`
}

// Sink takes an answer row by row.
type Sink interface {
	// Begin is called once, before the first row.
	Begin(columns []Column) error
	// Row is called with each row; the slice is reused. For the kinds of values see [Result].
	Row(values []any) error
}

// Collector is a sink that keeps the answer by column, up to a number of rows.
type Collector struct {
	Result  Result
	MaxRows int
	rows    int
}

// Begin implements [Sink].
func (c *Collector) Begin(columns []Column) error {
	c.Result = Result{Columns: columns, Data: make([][]any, len(columns))}
	for i := range c.Result.Data {
		c.Result.Data[i] = []any{}
	}
	return nil
}

// Row implements [Sink]. It fails once there are too many.
func (c *Collector) Row(values []any) error {
	if c.rows++; c.rows > c.MaxRows {
		return fmt.Errorf("the result has more than %d rows", c.MaxRows)
	}
	for i, v := range values {
		c.Result.Data[i] = append(c.Result.Data[i], v)
	}
	return nil
}

// Rows is the number of rows.
func (r Result) Rows() int {
	if len(r.Data) == 0 {
		return 0
	}
	return len(r.Data[0])
}

// Index returns the place of the column of that name, -1 if there is none.
func (r Result) Index(name string) int {
	for i, c := range r.Columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// Column is a result's column, with its type as the engine names it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}
