package panels

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Saved is the form of panels' queries for where nothing binds values to them: Athena's saved queries, QuickSight's data
// sets. Their time range ends when they run, and what Trino's planner needs to pick partitions stays constant while it
// plans: bounds are expressions of current_timestamp in the very place, not columns of a common table expression.
type Saved struct {
	Table string // to read, as SQL
	// Spans are the lengths of the time range that can be chosen, whole hours, the default first.
	Spans []time.Duration
	// Hours is the SQL of the chosen length in hours, such as the placeholder of a tool; any other than those of Spans is
	// taken for the default. Empty: it is the default always.
	Hours string
	// Host, Env and Metric are the SQL of what is chosen, texts as in [Params]. Empty: all hosts, all environments and the
	// first metric, with no trace of a choice in the query.
	Host, Env, Metric string
	Delay             time.Duration // as in [Params]
}

// The charts of saved queries have as many buckets and series as those of the page.
const (
	savedBuckets = 300
	savedSeries  = 12
)

const now = `current_timestamp`

// SQL is a panel's query in the saved form, in Trino's SQL. Times of day are in UTC. The range is as long as makes sense on
// the panel's dashboard, at least; a panel of none comes with the zero Dashboard.
func (s Saved) SQL(d Dashboard, p Panel) (string, error) {
	if len(s.Spans) == 0 || s.Table == "" {
		return "", errors.New("saved queries need a table and the length of their time range")
	}
	text := p.SQL
	for filter, chosen := range map[string]string{andHost: s.Host, andEnv: s.Env, andRole: "", andTag: ""} {
		if chosen == "" {
			text = strings.ReplaceAll(text, filter, "")
		}
	}
	if s.Metric == "" {
		text = strings.ReplaceAll(text, chosenMetric(), Metrics()[0].Column)
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	values := s.values(p)
	text, err := replaced(text, func(name string) (string, error) {
		value, ok := values[name]
		if !ok {
			return "", fmt.Errorf("panel %s: unknown parameter :%s", p.ID, name)
		}
		return value, nil
	})
	return fromTable(text, s.Table), err
}

// values are the parameters by name, as SQL.
func (s Saved) values(p Panel) map[string]string {
	length := s.seconds(p.reads)
	from := `date_add('second', -` + length + `, ` + now + `)`
	to := `to_unixtime(` + now + `)`
	v := map[string]string{
		"from":      `(` + to + ` - ` + length + `)`,
		"shown":     `(` + to + ` - ` + s.seconds(func(span time.Duration) time.Duration { return span }) + `)`,
		"to":        to,
		"from_hour": formatted(from, "%Y%m%d%H"),
		"to_hour":   formatted(now, "%Y%m%d%H"),
		"bucket":    s.seconds(func(span time.Duration) time.Duration { return bucketFor(span, savedBuckets) }),
		"slot":      s.seconds(slotFor),
		"host":      s.Host,
		"env":       s.Env,
		"metric":    s.Metric,
		"slight":    s.slight(),
		"offset":    "0",
		"series":    strconv.Itoa(savedSeries),
		"delay":     whole(s.Delay),
		"year_from": formatted(from, "%Y"),
		"year_to":   formatted(now, "%Y"),
	}
	// As partitionBounds: a key alone has bounds where the keys above it are the same at both ends.
	for _, key := range []struct{ name, above, format, lowest, highest string }{
		{"month", "%Y", "%m", "01", "12"},
		{"day", "%Y%m", "%d", "01", "31"},
		{"hour", "%Y%m%d", "%H", "00", "23"},
	} {
		same := `CASE WHEN ` + formatted(from, key.above) + ` = ` + formatted(now, key.above) + ` THEN `
		v[key.name+"_from"] = same + formatted(from, key.format) + ` ELSE '` + key.lowest + `' END`
		v[key.name+"_to"] = same + formatted(now, key.format) + ` ELSE '` + key.highest + `' END`
	}
	return v
}

// seconds is what a chosen length of the time range means, as the SQL of a whole number of seconds.
func (s Saved) seconds(of func(span time.Duration) time.Duration) string {
	usual := of(s.Spans[0])
	if s.Hours == "" || !slices.ContainsFunc(s.Spans, func(span time.Duration) bool { return of(span) != usual }) {
		return whole(usual)
	}
	var b strings.Builder
	b.WriteString("CASE " + s.Hours)
	for _, span := range s.Spans[1:] {
		if of(span) != usual {
			b.WriteString(" WHEN " + strconv.Itoa(int(span.Hours())) + " THEN " + whole(of(span)))
		}
	}
	return b.String() + " ELSE " + whole(usual) + " END"
}

func whole(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// slight is the smallest difference of interest in the chosen metric.
func (s Saved) slight() string {
	all := Metrics()
	if s.Metric == "" {
		return literal(all[0].Least)
	}
	var b strings.Builder
	b.WriteString("CASE " + s.Metric)
	for _, m := range all {
		b.WriteString(" WHEN '" + m.Column + "' THEN " + literal(m.Least))
	}
	return b.String() + " END"
}

// formatted is a moment as a text. Athena's clock is UTC, as the partitions are.
func formatted(moment, format string) string { return `date_format(` + moment + `, '` + format + `')` }
