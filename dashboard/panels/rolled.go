package panels

import (
	"fmt"
	"slices"
	"strings"
)

// The rows of a query are samples or, over a long time range, buckets of a rollup: see [grainOf]. The functions here write what differs
// between the two. The functions low, high and newestLow note which extremes the query needs, and samples reads those. A template runs from
// its beginning to its end, so SELECT, which calls these functions, comes before FROM, which calls samples.

// count is the number of samples.
func (s statement) count() string {
	if !s.rolled() {
		return "count(*)"
	}
	return samplesOf
}

// mean is the mean of a column or expression over samples. Over buckets, the mean of a bucket is weighted by its number of
// samples.
func (s statement) mean(of string) string {
	if !s.rolled() {
		return average(of)
	}
	return meanOfRows(of)
}

// low is the lowest value of a column.
func (s statement) low(column string) string { return "min(" + s.extreme(column, lowest) + ")" }

// high is the highest value of a column.
func (s statement) high(column string) string { return "max(" + s.extreme(column, highest) + ")" }

// newestLow is the lowest value of a column in the newest row that has one.
func (s statement) newestLow(column string) string { return last(s.extreme(column, lowest)) }

func (s statement) extreme(column, end string) string {
	if !s.rolled() {
		return column
	}
	s.extremes[column+end] = true
	return column + end
}

// derivations are the columns that the query computes from others. Rollups have them already.
func (s statement) derivations() map[string]derived {
	if s.rolled() {
		return nil
	}
	return derivations
}

// rows is what the chosen samples are selected from: the table, or the rows of the rollup and those that are rolled up by the query.
// Its columns are those of the tables.
func (s statement) rows(columns []string, list string) (string, error) {
	if !s.rolled() {
		return s.parts[0].relation + "\n    WHERE " + s.conditions(s.parts[0]), nil
	}
	wanted, err := s.ofRollup(columns, list)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, p := range s.parts {
		parts = append(parts, s.rowsOf(p, wanted))
	}
	return "(\n" + strings.Join(parts, "\nUNION ALL\n") + "\n  ) AS rolled", nil
}

// ofRollup returns the columns of the rollup that are needed to make these columns.
func (s statement) ofRollup(columns []string, list string) ([]rolledColumn, error) {
	names := []string{"samples", "last_ts"}
	for _, c := range columns {
		switch c {
		case "host":
			names = append(names, "hostname")
		case "role":
			names = append(names, "node_role")
		case "environment":
			names = append(names, "env")
		case "metric":
			names = append(names, s.metrics...)
		case "seq":
		default:
			names = append(names, c, c+lowest, c+highest)
		}
	}
	if list != "" {
		names = append(names, list)
		if _, ok := s.grain.of(list); ok {
			names = append(names, list+ofReadings)
		}
	}
	var wanted []rolledColumn
	found := map[string]bool{}
	for _, c := range s.grain.columns() {
		extreme := strings.HasSuffix(c.Name, lowest) || strings.HasSuffix(c.Name, highest)
		if slices.Contains(names, c.Name) && (!extreme || s.extremes[c.Name]) {
			wanted = append(wanted, c)
		}
		found[c.Name] = true
	}
	for _, name := range names {
		if !found[name] && !strings.HasSuffix(name, lowest) && !strings.HasSuffix(name, highest) {
			return nil, fmt.Errorf("%s has no column %s", s.grain.Table(), name)
		}
	}
	return wanted, nil
}

// rowsOf is the query of the rows of one part, as buckets of the rollup.
func (s statement) rowsOf(p part, wanted []rolledColumn) string {
	var list, samples []string
	for _, c := range wanted {
		switch {
		case s.mixed && p.of.Name == "":
			list = append(list, named(c.ofOne(), c.Name))
		case s.mixed || p.of.Name == s.grain.Name:
			list = append(list, c.Name)
		case p.of.Name == "":
			list = append(list, named(c.fromSamples, c.Name))
		default:
			list = append(list, named(c.fromBuckets, c.Name))
		}
		if base := withoutEnd(c.Name); contract[base].Name != "" || derivations[base].sql != "" {
			samples = append(samples, base)
		}
	}
	text := "    SELECT " + strings.Join(list, ", ") + "\n    FROM "
	grouped := s.grain.grouped
	if s.mixed {
		grouped = func(string) string { return "" }
	}
	switch p.of.Name {
	case s.grain.Name:
		return text + p.relation + "\n    WHERE " + s.conditions(p)
	case "":
		return text + readingsOf(append(samples, "hostname", "machine_id"), p.relation, s.conditions(p)) + " AS readings" + grouped("ts")
	}
	return text + p.relation + "\n    WHERE " + s.conditions(p) + grouped("t")
}
