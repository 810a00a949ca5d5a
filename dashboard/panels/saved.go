package panels

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Saved is the form of panels' queries for tools that cannot bind values: Athena's saved queries, QuickSight's data sets. Their
// time range ends when they run. So the conditions on partitions compute their bounds from current_timestamp. They do so
// within the condition: Trino's planner turns these expressions into constants, but not columns of a common table expression.
type Saved struct {
	Table string // to read, as SQL
	// Spans are the lengths of the time range that can be chosen, in whole hours. The first is the default.
	Spans []time.Duration
	// Hours is the SQL of the chosen length in hours, for example a tool's placeholder. The length is one of Spans. If Hours
	// is empty, the length is always the default.
	Hours string
	// Host, Env and Metric are the SQL of the chosen texts, which are as in [Params]. If one is empty, the query is over all
	// hosts, all environments or the first metric, and has no condition for it.
	Host, Env, Metric string
	Delay             time.Duration // as in [Params]
}

// The charts of saved queries have as many buckets and series as those of the page.
const (
	savedBuckets = 300
	savedSeries  = 12
)

func (s Saved) check() error {
	if len(s.Spans) == 0 || s.Table == "" {
		return errors.New("saved queries need a table and the length of their time range")
	}
	return nil
}

// SQL is a panel's query in the saved form, in Trino's SQL. Times of day are in UTC. The time range is at least as long as the
// dashboard d of the panel needs. For a panel of no dashboard, d is the zero Dashboard.
func (s Saved) SQL(d Dashboard, p Panel) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	metric, least := s.metric()
	return statement{
		dialect: inTrino,
		reading: s.reading(s.seconds(p.reads), "0"),
		filters: s.filters,
		metric:  metric,
		from:    "(" + now + " - " + s.seconds(p.reads) + ")",
		to:      now,
		shown:   "(" + now + " - " + s.seconds(chosenSpan) + ")",
		bucket: func(least time.Duration) string {
			return s.seconds(func(span time.Duration) time.Duration { return max(bucketFor(span, savedBuckets), least) })
		},
		process: func() string { return "" },
		slot:    s.seconds(slotFor),
		slight:  least,
		offset:  "0",
		series:  strconv.Itoa(savedSeries),
		few:     strconv.Itoa(FewHosts),
		picked:  func(string) string { return "" },
		delay:   whole(s.Delay),
		late:    s.Delay,
		newest:  func(last time.Duration) (reading, error) { return s.reading(whole(last), "0"), nil },
		rolledUp: func(_ Rollup, last time.Duration) (reading, error) {
			if last == 0 {
				return s.reading(s.seconds(p.reads), "0"), nil
			}
			return s.reading(whole(last), "0"), nil
		},
		before: func(days int, all bool) (reading, error) {
			moment := usualSpan(Range{}, days) // its bounds as distances from the end of the range
			from := whole(time.Time{}.Sub(moment.From))
			if all {
				from = "(" + s.seconds(p.reads) + " + " + from + ")"
			}
			return s.reading(from, whole(time.Time{}.Sub(moment.To))), nil
		},
	}.write(p)
}

// OTel is a query of the samples with the names of OpenTelemetry. To change it, one edits what follows the common table expression.
func (s Saved) OTel() (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	return "WITH " + OTel + " AS (\n  " + strings.ReplaceAll(record.OTelSelect(s.Table), "\n", "\n  ") + "\n)\nSELECT *\nFROM " + OTel +
		"\nWHERE " + s.between(whole(s.Spans[0]), "0") + "\nORDER BY ts DESC\nLIMIT 1000", nil
}

// reading is what a query reads of a time range: see between.
func (s Saved) reading(from, until string) reading {
	return reading{parts: []read{{relation: s.Table, period: s.between(from, until)}}}
}

// between is the condition on a time range from so many seconds ago until so many seconds ago, each as SQL. As the function Period
// writes it, a partition key has bounds of its own if the keys above it are the same at both ends.
func (s Saved) between(from, until string) string {
	moment := func(ago string) string {
		if ago == "0" {
			return "current_timestamp"
		}
		return "date_add('second', -" + ago + ", current_timestamp)"
	}
	seconds := func(ago string) string {
		if ago == "0" {
			return now
		}
		return now + " - " + ago
	}
	at := func(moment string) func(format string) string {
		return func(format string) string { return "date_format(" + moment + ", '" + format + "')" }
	}
	return within(Rollup{}, at(moment(from)), at(moment(until)), "ts >= "+seconds(from)+" AND ts < "+seconds(until))
}

// within is the condition on a time range of the rows of a rollup; the zero Rollup is the samples. first and last write the ends of the
// range in a format; time is the condition on the time itself.
func within(of Rollup, first, last func(format string) string, time string) string {
	var list []string
	above, all := "", ""
	for _, key := range of.keys() {
		between := key.name + " BETWEEN " + first(key.format) + " AND " + last(key.format)
		if above != "" {
			between = "(" + first(above) + " <> " + last(above) + " OR " + between + ")"
		}
		list = append(list, between)
		above += key.format
	}
	all = strings.Join(of.PartitionKeys(), " || ") + " BETWEEN " + first(above) + " AND " + last(above)
	return strings.Join(append(list, all, time), "\n      AND ")
}

// now is the end of the time range, in Unix seconds. Athena's clock is UTC, as the partitions are.
const now = `to_unixtime(current_timestamp)`

// filters are the conditions on the chosen host and environment. An empty text stands for all.
func (s Saved) filters() []string {
	var list []string
	for _, chosen := range []struct{ dimension, sql string }{{"host", s.Host}, {"env", s.Env}} {
		if chosen.sql != "" {
			list = append(list, "("+chosen.sql+" = '' OR "+dimensions[chosen.dimension]+" = "+chosen.sql+")")
		}
	}
	return list
}

// metric is the SQL of the chosen metric's value, and of the smallest difference of interest in it. The tool puts a constant in
// place of the choice before an engine plans the query, so the engine reads only the chosen column.
func (s Saved) metric() (value, least string) {
	all := Metrics()
	if s.Metric == "" {
		return all[0].value(), number(all[0].Least)
	}
	return metricBy(s.Metric)
}

// metricBy is the SQL of the value of the metric that chosen names, and of its smallest difference of interest.
func metricBy(chosen string) (value, least string) {
	var values, leasts strings.Builder
	for _, m := range Metrics() {
		when := " WHEN " + chosen + " = '" + m.Column + "' THEN "
		values.WriteString(when + m.value())
		leasts.WriteString(when + number(m.Least))
	}
	return "CASE" + values.String() + " END", "CASE" + leasts.String() + " END"
}

// seconds is the SQL of a whole number of seconds that depends on the chosen length of the time range. of computes it from that
// length.
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
