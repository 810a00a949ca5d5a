package panels

import (
	"errors"
	"fmt"
	"time"
)

// Query is a query that an engine can run.
type Query struct {
	SQL string
	// Args are the values of the parameters in the SQL, in order: string, float64 or int64. A parameter is ?. In what [Bind] writes for
	// DuckDB, it is the value of a variable: see [ParameterVariable].
	Args []any
	// Range is the time range that the SQL restricts itself to. An engine that lists files lists those of the range only.
	// The zero Range means all time.
	Range Range
	// Also are further time ranges that the SQL reads.
	Also []Range
	// Shared are the relations that the SQL reads besides those of the lake. The engine makes them from the same time ranges of the lake.
	Shared []Shared
	// Rollup is the name of the rollup that the rows are of, such as 1m, or empty if each row is a sample.
	Rollup string
	// Shown is the length of the time range that a panel's query shows. It may differ from what the viewer chose. Cut says that it is only
	// the end of that range, because the panel needs rows that are too fine for all of it: see [Needs].
	Shown time.Duration
	Cut   bool
	// Bucket is the width of the time buckets of a panel's query.
	Bucket time.Duration
	// MaxScan is how many bytes the query may read; 0 means no limit. An engine that cannot know beforehand stops the query once
	// it has read more.
	MaxScan int64

	bound string // the SQL that Bind wrote
}

// Bound reports whether [Bind] wrote the SQL. Nothing in it is a text that a viewer chose, so an engine need not look for what a viewer
// must not read.
func (q Query) Bound() bool { return q.bound != "" && q.bound == q.SQL }

// Range is a time range. It includes From and excludes To.
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

// Notes are what a reader must know besides the rows of an answer.
type Notes struct {
	// Warnings say what is missing in the answer, and why.
	Warnings []string
	// Cost is what the answer cost; nil if the engine is free.
	Cost *Cost
}

// Cost is what queries cost.
type Cost struct {
	// ScannedBytes is how much the engine read, by its own account.
	ScannedBytes int64 `json:"scanned_bytes"`
	// USD is an estimate from list prices.
	USD float64 `json:"usd"`
	// Reused says that the engine had kept the answer of an earlier query and returned that.
	Reused bool `json:"reused"`
}

// Sink takes an answer row by row.
type Sink interface {
	// Begin is called once, before the first row.
	Begin(columns []Column) error
	// Row is called with each row; the slice is reused. For the kinds of values see [Result]. If it returns [ErrEnough], the
	// answer ends without an error.
	Row(values []any) error
}

// ErrEnough says that a sink takes no more rows.
var ErrEnough = errors.New("the sink takes no more rows")

// ResultSink makes a [Result] of an answer, up to a number of rows.
type ResultSink struct {
	Result  Result
	MaxRows int
	rows    int
}

// Begin implements [Sink].
func (c *ResultSink) Begin(columns []Column) error {
	c.Result = Result{Columns: columns, Data: make([][]any, len(columns))}
	for i := range c.Result.Data {
		c.Result.Data[i] = []any{}
	}
	return nil
}

// Row implements [Sink]. It fails if there are more than MaxRows.
func (c *ResultSink) Row(values []any) error {
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

// Index returns the index of the column with this name, or -1.
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
