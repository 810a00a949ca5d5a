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
// sets. Their time range ends when they run. The bounds of partitions are expressions of current_timestamp in the very
// place, which Trino's planner makes constants of, and not columns of a common table expression, which it would not.
type Saved struct {
	Table string // to read, as SQL
	// Spans are the lengths of the time range that can be chosen, whole hours, the default first.
	Spans []time.Duration
	// Hours is the SQL of the chosen length in hours, one of Spans, such as the placeholder of a tool. Empty: it is the
	// default always.
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

// SQL is a panel's query in the saved form, in Trino's SQL. Times of day are in UTC. The range is as long as makes sense on
// the panel's dashboard, at least; a panel of none comes with the zero Dashboard.
func (s Saved) SQL(d Dashboard, p Panel) (string, error) {
	if len(s.Spans) == 0 || s.Table == "" {
		return "", errors.New("saved queries need a table and the length of their time range")
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	text := chosenOnly(strings.ReplaceAll(p.SQL, inTime, s.inTime(p)), s.Host, s.Env, "", "")
	if s.Metric == "" {
		text = strings.ReplaceAll(text, chosenMetric(), Metrics()[0].Column)
	}
	values := s.values()
	text, err := replaced(text, func(name string) (string, error) {
		if values[name] == "" {
			return "", fmt.Errorf("panel %s: no value for parameter :%s", p.ID, name)
		}
		return values[name], nil
	})
	return fromTable(text, s.Table), err
}

// inTime restricts a query as the constant of that name does: a partition key alone has bounds where the keys above it are
// the same at both ends. See partitionBounds.
func (s Saved) inTime(p Panel) string {
	length := s.seconds(p.reads)
	both := func(form, format string) string {
		from := `date_format(date_add('second', -` + length + `, current_timestamp), '` + format + `')`
		to := `date_format(current_timestamp, '` + format + `')`
		return strings.NewReplacer("{from}", from, "{to}", to).Replace(form)
	}
	return both(`year BETWEEN {from} AND {to}`, `%Y`) +
		both("\n    AND ({from} <> {to}", `%Y`) + both(` OR month BETWEEN {from} AND {to})`, `%m`) +
		both("\n    AND ({from} <> {to}", `%Y%m`) + both(` OR day BETWEEN {from} AND {to})`, `%d`) +
		both("\n    AND ({from} <> {to}", `%Y%m%d`) + both(` OR hour BETWEEN {from} AND {to})`, `%H`) +
		both("\n    AND year || month || day || hour BETWEEN {from} AND {to}", `%Y%m%d%H`) +
		"\n    AND ts >= " + now + ` - ` + length + ` AND ts < ` + now
}

// now is the end of the time range, in Unix seconds. Athena's clock is UTC, as the partitions are.
const now = `to_unixtime(current_timestamp)`

// values are the parameters by name, as SQL.
func (s Saved) values() map[string]string {
	return map[string]string{
		"shown":  `(` + now + ` - ` + s.seconds(chosenSpan) + `)`,
		"to":     now,
		"bucket": s.seconds(func(span time.Duration) time.Duration { return bucketFor(span, savedBuckets) }),
		"slot":   s.seconds(slotFor),
		"host":   s.Host,
		"env":    s.Env,
		"metric": s.Metric,
		"slight": s.slight(),
		"offset": "0",
		"series": strconv.Itoa(savedSeries),
		"delay":  whole(s.Delay),
	}
}

// seconds is what a chosen length of the time range means, as the SQL of a whole number of seconds.
func (s Saved) seconds(of func(span time.Duration) time.Duration) string {
	usual := of(s.Spans[0])
	differs := func(from func(time.Duration) time.Duration) bool {
		return slices.ContainsFunc(s.Spans, func(span time.Duration) bool { return of(span) != from(span) })
	}
	if s.Hours == "" || !differs(func(time.Duration) time.Duration { return usual }) {
		return whole(usual)
	}
	if !differs(chosenSpan) {
		return "3600 * " + s.Hours
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

func chosenSpan(span time.Duration) time.Duration { return span }

func whole(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// slight is the smallest difference of interest in the chosen metric.
func (s Saved) slight() string {
	all := Metrics()
	if s.Metric == "" {
		return LiteralOf(all[0].Least)
	}
	var b strings.Builder
	b.WriteString("CASE " + s.Metric)
	for _, m := range all {
		b.WriteString(" WHEN '" + m.Column + "' THEN " + LiteralOf(m.Least))
	}
	return b.String() + " END"
}
