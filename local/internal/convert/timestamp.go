package convert

import (
	"bytes"
	"math"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

func readTimestamp(m jsonscan.Member) (parquet.Value, bool) {
	ns, ok := parseTimestamp(m)
	return parquet.Int96Value(int96(ns)), ok
}

const (
	daySeconds = 24 * 60 * 60
	dayNanos   = daySeconds * 1e9
	// julianEpoch is the Julian day number of 1970-01-01.
	julianEpoch = 2440588
)

// int96 returns a time in the form of Hive and Impala, which Firehose writes (justtrackio/gosoline#110): eight bytes for the
// nanoseconds of the day, then four for the Julian day number, least significant byte first.
func int96(unixNanos int64) deprecated.Int96 {
	days := unixNanos / dayNanos
	nanos := unixNanos % dayNanos
	if nanos < 0 {
		days, nanos = days-1, nanos+dayNanos
	}
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(days + julianEpoch)}
}

// parseTimestamp returns Unix nanoseconds. It reads the forms that Firehose accepts: yyyy-MM-dd'T'HH:mm:ss[.S]'Z',
// yyyy-[M]M-[d]d [H]H:[m]m:[s]s[.S], and a number, which may be in a string. The number counts seconds, with or without a fraction, or
// milliseconds.
func parseTimestamp(m jsonscan.Member) (ns int64, ok bool) {
	switch m.Kind {
	case jsonscan.Number:
		v, err := jsonscan.ParseFloat(m.Value)
		return epochNanos(v, err == nil)
	case jsonscan.String:
	default:
		return 0, false
	}
	text := unquoted(m.Value)
	switch {
	case bytes.IndexByte(text, ':') > 0:
		return parseDateTime(text)
	case bytes.IndexByte(text, '.') >= 0:
		return epochNanos(javaDouble(text))
	}
	v, ok := javaInteger(string(text), 64)
	return epochNanos(float64(v), ok)
}

// parseDateTime reads a date with a time of day. In the form with a T each field has two digits (probed).
func parseDateTime(text []byte) (ns int64, ok bool) {
	layout := "2006-1-2 15:4:5"
	if bytes.IndexByte(text, 'T') > 0 {
		const seconds = "2006-01-02T15:04:05"
		layout = seconds
		if text, ok = bytes.CutSuffix(text, []byte("Z")); !ok || len(text) < len(seconds) || text[13] != ':' {
			return 0, false
		}
	}
	// time.Parse reads a fraction of any length, also after a comma.
	if _, fraction, _ := bytes.Cut(text, []byte(".")); len(fraction) > 9 || bytes.IndexByte(text, ',') >= 0 {
		return 0, false
	}
	t, err := time.Parse(layout, string(text))
	return t.UnixNano(), err == nil && inRange(float64(t.Unix()))
}

// minMillis is the smallest number that counts milliseconds. Smaller ones count seconds (probed).
const minMillis = 1e12

// epochNanos converts a number of seconds or milliseconds. It rounds seconds to milliseconds.
func epochNanos(v float64, ok bool) (int64, bool) {
	if math.Abs(v) < minMillis {
		v *= 1000
	}
	if !ok || !inRange(v/1000) {
		return 0, false
	}
	return int64(math.Round(v)) * 1e6, true
}

// inRange reports whether a time in nanoseconds fits into 64 bits. Firehose's writer wraps around for a larger time: 999999999999
// seconds were seen to become the year 2092. Here such a time is refused.
func inRange(unixSeconds float64) bool { return math.Abs(unixSeconds) < math.MaxInt64/1e9-1 }
