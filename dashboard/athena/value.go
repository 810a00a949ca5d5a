package athena

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// valueOf reads a value from its text by the type of its column, into one of those that panels.Result lists. Decimals become
// doubles, as in DuckDB; NaN and the infinities, which JSON cannot say, are NULL. Arrays, maps and rows stay the text that
// Athena makes of them, such as {a=1, b=2}: it does not tell a comma in a value from one between values.
func valueOf(text, kind string) (any, error) {
	name, _, _ := strings.Cut(strings.ToLower(kind), "(")
	bad := func() (any, error) { return nil, fmt.Errorf("%q is not a %s", text, kind) }
	switch name {
	case "boolean":
		v, err := strconv.ParseBool(text)
		if err != nil {
			return bad()
		}
		return v, nil
	case "tinyint", "smallint", "int", "integer", "bigint":
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return bad()
		}
		return v, nil
	case "float", "real", "double", "decimal":
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return bad()
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil
		}
		return v, nil
	case "date":
		v, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return bad()
		}
		return v, nil
	case "timestamp", "timestamp with time zone":
		v, err := timeOf(text)
		if err != nil {
			return bad()
		}
		return v, nil
	}
	return text, nil
}

// timeOf reads a timestamp such as 2026-02-03 04:05:06.789, with or without a zone by name or offset behind it.
func timeOf(text string) (time.Time, error) {
	zone := time.UTC
	if words := strings.Fields(text); len(words) == 3 {
		text = words[0] + " " + words[1]
		if offset, err := time.Parse("-07:00", words[2]); err == nil {
			zone = offset.Location()
		} else if zone, err = time.LoadLocation(words[2]); err != nil {
			return time.Time{}, err
		}
	}
	t, err := time.ParseInLocation(time.DateTime, text, zone)
	return t.UTC(), err
}
