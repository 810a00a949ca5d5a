package panels

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Variables is the form of panels' queries for a tool that puts the values of its variables into the text, such as Grafana. So the time
// range, its length and the choices are known only when the query runs. Each relation is in the query once, with conditions that are
// false where it is not needed. Planners compute conditions on constants, and then read nothing: DuckDB prunes files, Athena partitions.
//
// As for the engines (see [grainOf]), rows are samples over up to a day, minutes up to two weeks, and hours beyond. What is newer than
// [rolledUp] is read from samples, whether or not a rollup has it already. In a range with several kinds of rows each row has the number
// of its samples as its weight.
type Variables struct {
	Form    Form                         // DuckDB or Athena; its rollups are not asked for
	Rollups func(of Rollup) (sql string) // the relation of a rollup; nil if there are only samples
	// From and To are the SQL of the chosen time range, in Unix seconds. Width is that of a number of seconds, at least 1, as wide as time
	// buckets should be.
	From, To, Width string
	// Host, Env and Role are the SQL of lists of chosen texts, such as 'a', 'b'. The list '' stands for all. If one is empty, the query has
	// no condition for it.
	Host, Env, Role string
	// Process and Metric are the SQL of one text, as in [Params]. The text '' stands for all processes. If Metric is empty, the query is over
	// the first metric.
	Process, Metric string
	Delay           time.Duration // as in [Params]
}

// rolledUp is the age at which an hour or a day is in its rollup: runs are hourly, and wait until most samples of an hour are there.
const rolledUp = 3 * time.Hour

// SQL is a panel's query. Times of day are in UTC. The time range is at least as long as the dashboard d of the panel needs. For a panel of
// no dashboard, d is the zero Dashboard.
func (v Variables) SQL(d Dashboard, p Panel) (string, error) {
	if v.From == "" || v.To == "" || v.Width == "" {
		return "", errors.New("queries with variables need the time range and the width of buckets")
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	a := v.arms(p)
	metric, columns, least := v.metric()
	slot := v.slot()
	return statement{
		dialect: v.Form.dialect,
		reading: a.reading(a.from, v.To),
		filters: v.filters,
		metric:  metric,
		metrics: columns,
		from:    a.from,
		to:      v.To,
		shown:   v.From,
		bucket: func(least time.Duration) string {
			return "greatest(" + v.Width + ", " + a.width() + ", " + whole(least) + ")"
		},
		process: func() string {
			if v.Process == "" {
				return ""
			}
			return " AND (" + v.Process + " = '' OR process = " + v.Process + ")"
		},
		slot:   slot,
		reach:  "greatest(300, " + slot + ")",
		slight: least,
		offset: "0",
		series: strconv.Itoa(savedSeries),
		few:    strconv.Itoa(FewHosts),
		picked: func(string) string { return "" },
		delay:  whole(v.Delay),
		late:   v.Delay,
		newest: func(last time.Duration) (reading, error) {
			return a.reading("("+v.To+" - "+whole(last)+")", v.To), nil
		},
		rolledUp: func(_ Rollup, last time.Duration) (reading, error) {
			if last == 0 {
				return a.reading(a.from, v.To), nil
			}
			return a.reading("("+v.To+" - "+whole(last)+")", v.To), nil
		},
		before: func(days int, all bool) (reading, error) {
			moment := usualSpan(Range{}, days) // its bounds as distances from the end of the range
			from := v.To
			if all {
				from = a.from
			}
			return a.reading("("+from+" - "+whole(time.Time{}.Sub(moment.From))+")", "("+v.To+" - "+whole(time.Time{}.Sub(moment.To))+")"), nil
		},
	}.write(p)
}

// arms are the relations that a panel's query may read. Which of them are read depends on the length of the time range.
type arms struct {
	v              Variables
	from           string // begin of what the query reads
	span           string // length of what the panel is about
	minutes, hours bool   // whether the range can be long enough for them
	samples        bool   // whether it can be short enough for samples only
}

func (v Variables) arms(p Panel) arms {
	least, most := time.Duration(p.MinSpanS)*time.Second, MaxSpan
	begin := v.From
	if least > 0 {
		begin = "least(" + begin + ", " + v.To + " - " + whole(least) + ")"
	}
	limit := time.Duration(p.MaxSpanS) * time.Second
	if needs := p.Needs.most(); needs > 0 && v.Rollups != nil && (limit == 0 || needs < limit) {
		limit = needs
	}
	if limit > 0 {
		most = limit
		begin = "greatest(" + begin + ", " + v.To + " - " + whole(limit) + ")"
		if least >= limit {
			begin = "(" + v.To + " - " + whole(limit) + ")"
		}
	}
	a := arms{v: v, from: begin, span: "(" + v.To + " - " + begin + ")"}
	a.minutes = v.Rollups != nil && most > rawSpan
	a.hours = v.Rollups != nil && most > minuteSpan && p.Needs == AnyRows
	a.samples = !a.minutes || least <= rawSpan
	if p.Lead > 0 {
		a.from = "(" + begin + " - " + strconv.Itoa(p.Lead) + " * " + v.slot() + ")"
	}
	return a
}

// width is the least width of a time bucket: that of the rows.
func (a arms) width() string {
	switch {
	case a.hours:
		return "CASE WHEN " + a.span + " > " + whole(minuteSpan) + " THEN 3600 WHEN " + a.span + " > " + whole(rawSpan) + " THEN 60 ELSE 1 END"
	case a.minutes:
		return "CASE WHEN " + a.span + " > " + whole(rawSpan) + " THEN 60 ELSE 1 END"
	}
	return "1"
}

// reading is what the query reads of the time range from..to.
func (a arms) reading(from, to string) reading {
	v := a.v
	if !a.minutes {
		return reading{parts: []read{{relation: v.Form.samples, period: v.between(Rollup{}, from, to)}}}
	}
	long, longer := a.span+" > "+whole(rawSpan), a.span+" > "+whole(minuteSpan)
	rolled := func(of Rollup) string { // the begin of the first period that may not be in its rollup yet
		period := whole(of.Period)
		return "floor((" + v.Form.now + " - " + whole(rolledUp) + ") / " + period + ") * " + period
	}
	after := func(condition, begin string) string {
		return "CASE WHEN " + condition + " THEN greatest(" + from + ", " + begin + ") ELSE " + from + " END"
	}
	r := reading{grain: Minutes, whole: true}
	samples := read{relation: v.Form.samples, period: v.between(Rollup{}, after(long, rolled(Minutes)), to)}
	minutes := read{relation: v.Rollups(Minutes), of: Minutes}
	begin := from
	if a.hours {
		r.grain = Hours
		begin = after(longer, rolled(Hours))
		hours := read{relation: v.Rollups(Hours), of: Hours, period: longer + "\n      AND " + v.between(Hours, from, "least("+to+", "+rolled(Hours)+")")}
		r.parts = append(r.parts, hours)
	}
	minutes.period = v.between(Minutes, begin, "least("+to+", "+rolled(Minutes)+")")
	if a.samples {
		minutes.period = long + "\n      AND " + minutes.period
	}
	r.parts = append(r.parts, minutes, samples)
	return r
}

// between is the condition on a time range of rows, whose bounds are Unix seconds as SQL. A bucket that begins before the range and ends in
// it counts.
func (v Variables) between(of Rollup, from, to string) string {
	at := func(moment string) func(format string) string {
		return func(format string) string { return v.Form.formatted(moment, format) }
	}
	if of.Name == "" {
		return within(of, at(from), at(to), "ts >= "+from+" AND ts < "+to)
	}
	bucket := whole(of.Bucket)
	return within(of, at(from+" - "+bucket), at(to), "t > "+from+" - "+bucket+" AND t < "+to)
}

// filters are the conditions on what was chosen.
func (v Variables) filters() []string {
	var list []string
	for _, chosen := range []struct{ dimension, sql string }{{"host", v.Host}, {"env", v.Env}, {"role", v.Role}} {
		if chosen.sql != "" {
			list = append(list, "('' IN ("+chosen.sql+") OR "+dimensions[chosen.dimension]+" IN ("+chosen.sql+"))")
		}
	}
	return list
}

// metric is the SQL of the chosen metric's value, the columns that it is made of, and the SQL of the smallest difference of interest in it.
func (v Variables) metric() (value string, columns []string, least string) {
	all := Metrics()
	if v.Metric == "" {
		return all[0].value(), []string{all[0].Column}, number(all[0].Least)
	}
	for _, m := range all {
		columns = append(columns, m.Column)
	}
	value, least = metricBy(v.Metric)
	return value, columns, least
}

// slot is the width of a slot, which depends on the length of the chosen time range: see [slotFor].
func (v Variables) slot() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, step := range bucketSteps {
		if step >= minSlot {
			b.WriteString(" WHEN " + v.To + " - " + v.From + " <= " + whole(step*slots) + " THEN " + whole(step))
		}
	}
	return b.String() + " ELSE 86400 END"
}
