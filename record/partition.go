package record

import (
	"fmt"
	"math"
	"time"
)

// PartitionKeys are the partition keys of the table, outermost first. Their values are zero-padded strings in UTC.
func PartitionKeys() []string { return []string{"year", "month", "day", "hour"} }

// MaxAhead is how far the ts of a sample may be ahead of the clock.
const MaxAhead = 24 * time.Hour

// DefaultMaxAge is how old a sample may be when the transform reads it, unless the stack sets another age. Together with
// [MaxAhead] it allows samples of 361 different hours at a time. One delivery buffer of Firehose holds 500 partitions by default.
// Firehose delivers the records of any further partition as errors, no matter who sent them.
const DefaultMaxAge = 14 * 24 * time.Hour

// minMillis is the earliest time of a sample: 2020-01-01T00:00:00Z. A clock that was never set shows 1970.
const minMillis = 1577836800000

// Partition is the place of an hour in the lake.
type Partition struct{ Year, Month, Day, Hour string }

// Map returns the partition keys as Firehose expects them from the transform.
func (p Partition) Map() map[string]string {
	return map[string]string{"year": p.Year, "month": p.Month, "day": p.Day, "hour": p.Hour}
}

// Hour is a UTC hour, counted from the Unix epoch.
type Hour int64

// HourOf returns the hour of a sample's ts.
func HourOf(ts float64) Hour { return Hour(Millis(ts) / 3_600_000) }

// Partition returns the hour's place in the lake.
func (h Hour) Partition() Partition {
	t := h.Time()
	return Partition{
		Year:  t.Format("2006"),
		Month: t.Format("01"),
		Day:   t.Format("02"),
		Hour:  t.Format("15"),
	}
}

// Time returns the start of the hour.
func (h Hour) Time() time.Time { return time.Unix(int64(h)*3600, 0).UTC() }

// Millis returns ts as Unix milliseconds. Everything that is derived from ts uses it. Otherwise rounding could put event_time and
// partition into different hours.
func Millis(ts float64) int64 { return int64(math.Round(ts * 1000)) }

// TS returns a time as a sample's ts.
func TS(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// CheckTS returns an error if ts is before 2020, more than [MaxAhead] after now, or not a finite number.
func CheckTS(ts float64, now time.Time) error {
	switch {
	case math.IsNaN(ts) || math.IsInf(ts, 0):
		return fmt.Errorf("ts is not a finite number")
	case ts < minMillis/1000:
		return fmt.Errorf("ts %s is before 2020", formatTS(ts))
	case ts > TS(now.Add(MaxAhead)):
		return fmt.Errorf("ts %s is more than %v ahead of %s", formatTS(ts), MaxAhead, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// formatTS shows a ts as a number and, if its year has four digits, as a date.
func formatTS(ts float64) string {
	const lastYear9999 = 253402300799
	if math.Abs(ts) > lastYear9999 {
		return fmt.Sprintf("%g", ts)
	}
	return fmt.Sprintf("%.3f (%s)", ts, time.UnixMilli(Millis(ts)).UTC().Format(time.RFC3339))
}
