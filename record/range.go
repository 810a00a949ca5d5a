package record

import "fmt"

// Range is a range of plausible numbers. Both ends belong to it.
type Range struct{ Min, Max float64 }

// Contains reports whether v is in the range. NaN is in no range.
func (r Range) Contains(v float64) bool { return v >= r.Min && v <= r.Max }

func (r Range) String() string { return fmt.Sprintf("%g..%g", r.Min, r.Max) }

// ranges are the plausible numbers of each unit. The transform leaves out all others. The ranges are wider than the values of any
// machine. They are narrow enough that a few wrong numbers do not spoil a sum, a sum of squares or a chart's axis over a whole fleet.
var ranges = map[Unit]Range{
	Percent:        {-1, 101}, // other producers may overshoot by rounding
	Bytes:          {0, 1e18},
	BytesPerSecond: {0, 1e15},
	PerSecond:      {0, 1e12},
	Count:          {0, 1e9},
	Load:           {0, 1e7}, // Linux has at most 4,194,304 tasks
	Seconds:        {0, 1e11},
	Milliseconds:   {0, 1e9},
	BitsPerSecond:  {0, 1e15},
	Celsius:        {-273.2, 10_000},
	PercentOfCore:  {-1, 1e7},
}

// Range returns the plausible values of a column. ok is false if the column is not a quantity.
func (c Column) Range() (r Range, ok bool) {
	r, ok = ranges[c.Unit]
	return r, ok
}
