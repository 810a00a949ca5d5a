package panels

import "time"

// Query is a query ready to run: SQL with positional parameters (?) and their values in order.
type Query struct {
	SQL  string
	Args []any // string, float64 or int64
	// Range is the time range that the SQL restricts itself to. An engine that lists files needs to look no further. The
	// zero Range means all time.
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
	// Warnings are for the reader: what is missing in the answer and why.
	Warnings []string
}

// Rows is the number of rows.
func (r Result) Rows() int {
	if len(r.Data) == 0 {
		return 0
	}
	return len(r.Data[0])
}

// Index returns the place of the column of that name, -1 where there is none.
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
