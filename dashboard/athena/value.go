package athena

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// valueOf reads a value from its text by the type of its column. It returns one of the kinds that [panels.Result] lists. A decimal
// becomes a double, as in package lake. NaN and the infinities, which JSON does not have, become NULL. An array, map or row
// stays the text that Athena makes of it, such as {a=1, b=2}: in that text, a comma within a value looks like one between values.
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

// timeOf reads a timestamp such as 2026-02-03 04:05:06.789. The name or offset of a zone may follow; without it, the zone is UTC.
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
