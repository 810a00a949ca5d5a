package record

import "fmt"

// Range is what a number may plausibly be, both ends included.
type Range struct{ Min, Max float64 }

// Contains says whether v is in the range. NaN is not.
func (r Range) Contains(v float64) bool { return v >= r.Min && v <= r.Max }

func (r Range) String() string { return fmt.Sprintf("%g..%g", r.Min, r.Max) }

// ranges are wider than any machine, and narrow enough that a few wrong numbers spoil no sum, square or axis over a whole
// fleet: the transform leaves out what is outside. This is the only place that says so.
var ranges = map[Unit]Range{
	Percent:        {-1, 101}, // what others compute overshoots by rounding
	Bytes:          {0, 1e18},
	BytesPerSecond: {0, 1e15},
	PerSecond:      {0, 1e12},
	Count:          {0, 1e9},
	Load:           {0, 1e7}, // Linux has at most 4,194,304 tasks
	Seconds:        {0, 1e11},
}

// Range returns what values of a column may plausibly be. ok is false for a column that is no quantity.
func (c Column) Range() (r Range, ok bool) {
	r, ok = ranges[c.Unit]
	return r, ok
}
