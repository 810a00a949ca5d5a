package panels

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variables is the form of panels' queries for a tool that puts the values of its variables into the text, such as Grafana. So the time
// range, its length and the choices are known only when the query runs. Each read of the samples names each relation once, with
// conditions that are false if it is not needed. A planner computes a condition on constants. If it is false, the engine reads nothing of
// the relation: DuckDB prunes files, Athena partitions.
//
// As for the engines (see [grainOf]), rows are samples over up to a day, minutes up to two weeks (two days if the panel reads lists of
// processes or units), hours up to 150 days (60), and days beyond. What is newer than [rollupDelay] is read from samples, whether or not a
// rollup has it already. In a range with several kinds of rows each row has the number of its samples as its weight.
type Variables struct {
	Form    Form                         // DuckDB or Athena; its rollups are not asked for
	Rollups func(of Rollup) (sql string) // the relation of a rollup; nil if there are only samples
	// From and To are the SQL of the chosen time range, in Unix seconds, and Span that of its length in seconds. Width is the SQL of the
	// width that time buckets should have, in seconds, at least 1.
	From, To, Span, Width string
	// Host, Env and Role are the SQL of lists of chosen texts, such as 'a', 'b'. The list '' stands for all. If one is empty, the query has
	// no condition for it.
	Host, Env, Role string
	// Process and Metric are the SQL of one text, as in [Params]. The text '' stands for all processes. If Metric is empty, the query is over
	// the first metric.
	Process, Metric string
	Delay           time.Duration // as in [Params]

	// What only [Saved] knows: the shortest and the longest range that can be chosen, the SQL of the width of a slot, and that the range
	// ends when the query runs.
	shortest, longest time.Duration
	slot              string
	untilNow          bool
}

// rollupDelay is the age at which an hour or a day is in its rollup: runs are hourly, and wait until most samples of an hour are there.
const rollupDelay = 3 * time.Hour

// SQL is a panel's query. Times of day are in UTC. The time range is at least as long as the dashboard d of the panel needs. For a panel of
// no dashboard, d is the zero Dashboard.
func (v Variables) SQL(d Dashboard, p Panel) (string, error) {
	if v.From == "" || v.To == "" || v.Span == "" || v.Width == "" {
		return "", errors.New("queries with variables need the time range, its length and the width of buckets")
	}
	if v.longest == 0 {
		v.longest = MaxSpan
	}
	if v.slot == "" {
		v.slot = v.anySlot()
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	c := v.candidates(p)
	metric, columns, least := v.metric()
	return statement{
		dialect: v.Form.dialect,
		scan:    c.scan(c.from, v.To),
		filters: v.filters,
		metric:  metric,
		metrics: columns,
		from:    c.from,
		to:      v.To,
		shown:   v.From,
		bucket:  c.bucket,
		process: func() string {
			if v.Process == "" {
				return ""
			}
			return " AND (" + v.Process + " = '' OR process = " + v.Process + ")"
		},
		slot:        v.slot,
		maxDistance: "greatest(300, " + v.slot + ")",
		slight:      least,
		offset:      "0",
		series:      strconv.Itoa(savedSeries),
		few:         strconv.Itoa(FewHosts),
		picked:      func(string) string { return "" },
		delay:       v.Delay,
		newest:      func(last time.Duration) (scan, error) { return c.newest(last), nil },
		preferRollup: func(_ Rollup, last time.Duration) (scan, error) {
			if last == 0 {
				return c.scan(c.from, v.To), nil
			}
			return c.newest(last), nil
		},
		before: func(days int, all bool) (scan, error) {
			moment := usualSpan(Range{}, days) // its bounds as distances from the end of the range
			from := v.To
			if all {
				from = c.from
			}
			return c.scan("("+from+" - "+wholeSeconds(time.Time{}.Sub(moment.From))+")", "("+v.To+" - "+wholeSeconds(time.Time{}.Sub(moment.To))+")"), nil
		},
	}.write(p)
}

// candidates are the relations that a panel's query may read. Which of them are read depends on the length of the time range.
type candidates struct {
	v        Variables
	from     string // begin of what the query reads
	span     string // length of what the panel is about
	shortest time.Duration
	levels   []level // those for which the range can be long enough, the finest first
}

func (v Variables) candidates(p Panel) candidates {
	most := time.Duration(p.MaxSpanS) * time.Second
	if needs := p.Needs.most(); needs > 0 && v.Rollups != nil && (most == 0 || needs < most) {
		most = needs
	}
	least := time.Duration(p.MinSpanS) * time.Second
	bounded := func(span time.Duration) time.Duration {
		if span = max(span, least); most > 0 {
			span = min(span, most)
		}
		return span
	}
	shortest, longest := bounded(v.shortest), bounded(v.longest)
	c := candidates{v: v, span: v.Span, from: v.From, shortest: shortest}
	for _, l := range p.levels() {
		if v.Rollups != nil && longest > l.beyond {
			c.levels = append(c.levels, l)
		}
	}
	if shortest == longest {
		c.span = wholeSeconds(longest)
	} else {
		if least > v.shortest {
			c.span = "greatest(" + c.span + ", " + wholeSeconds(least) + ")"
		}
		if longest < v.longest {
			c.span = "least(" + c.span + ", " + wholeSeconds(longest) + ")"
		}
	}
	if c.span != v.Span {
		c.from = "(" + v.To + " - " + c.span + ")"
	}
	if p.Lead > 0 {
		c.from = "(" + c.from + " - " + strconv.Itoa(p.Lead) + " * " + v.slot + ")"
	}
	return c
}

// bucket is the SQL of the width of a time bucket, in seconds. It is at least as wide as least and as the rows.
func (c candidates) bucket(least time.Duration) string {
	widths := []string{c.v.Width}
	if len(c.levels) > 0 {
		ofRow := "CASE"
		for _, l := range slices.Backward(c.levels) {
			ofRow += " WHEN " + c.span + " > " + wholeSeconds(l.beyond) + " THEN " + wholeSeconds(l.of.Bucket)
		}
		widths = append(widths, ofRow+" ELSE 1 END")
	}
	if least > 0 {
		widths = append(widths, wholeSeconds(least))
	}
	if len(widths) == 1 {
		return c.v.Width
	}
	return "greatest(" + strings.Join(widths, ", ") + ")"
}

// grain is the coarsest rows that the query may read.
func (c candidates) grain() (r Rollup) {
	for _, l := range c.levels {
		r = l.of
	}
	return r
}

// newest is what the query reads of the end of the time range. The newest hours of the lake are read from samples only: see [rollupDelay].
func (c candidates) newest(last time.Duration) scan {
	from := "(" + c.v.To + " - " + wholeSeconds(last) + ")"
	if len(c.levels) > 0 && c.v.untilNow && last <= rollupDelay-Minutes.Period {
		return scan{grain: c.grain(), mixed: true, parts: []part{{relation: c.v.Form.samples, inRange: c.v.between(Rollup{}, from, c.v.To)}}}
	}
	return c.scan(from, c.v.To)
}

// scan is what the query reads of the time range from..to.
func (c candidates) scan(from, to string) scan {
	v := c.v
	if len(c.levels) == 0 {
		return scan{parts: []part{{relation: v.Form.samples, inRange: v.between(Rollup{}, from, to)}}}
	}
	rollupEnd := func(of Rollup) string { // the begin of the first period that may not be in its rollup yet
		period := wholeSeconds(of.Period)
		return "floor((" + v.Form.now + " - " + wholeSeconds(rollupDelay) + ") / " + period + ") * " + period
	}
	// beyond is the condition that the range is longer than the length most. It is "" if the range always is.
	beyond := func(most time.Duration) string {
		if c.shortest > most {
			return ""
		}
		return c.span + " > " + wholeSeconds(most)
	}
	r := scan{grain: c.grain(), mixed: true}
	begin := from // of what is not in the coarser rollups
	for i, l := range slices.Backward(c.levels) {
		end, long := rollupEnd(l.of), beyond(l.beyond)
		until := end
		if !v.untilNow || to != v.To {
			until = "least(" + to + ", " + end + ")"
		}
		var conditions []string
		if long != "" {
			conditions = append(conditions, long)
			end = "CASE WHEN " + long + " THEN " + end + " ELSE 0 END"
		}
		if i+1 < len(c.levels) && c.levels[i+1].of.Period == l.of.Period { // the coarser rollup has all that this one has
			conditions = append(conditions, "NOT "+cmp.Or(beyond(c.levels[i+1].beyond), "true"))
			begin = from
		}
		r.parts = append(r.parts, part{relation: v.Rollups(l.of), of: l.of, inRange: strings.Join(append(conditions, v.between(l.of, begin, until)), "\n      AND ")})
		begin = "greatest(" + from + ", " + end + ")"
	}
	r.parts = append(r.parts, part{relation: v.Form.samples, inRange: v.between(Rollup{}, begin, to)})
	return r
}

// between is the condition that rows are in a time range. from and to are the SQL of Unix seconds. A bucket that begins before the range
// and ends in it counts.
func (v Variables) between(of Rollup, from, to string) string {
	at := func(moment string) func(format string) string {
		return func(format string) string { return v.Form.formatted(moment, format) }
	}
	if of.Name == "" {
		return inComputedRange(of, at(from), at(to), "ts >= "+from+" AND ts < "+to)
	}
	bucket := wholeSeconds(of.Bucket)
	return inComputedRange(of, at(from+" - "+bucket), at(to), "t > "+from+" - "+bucket+" AND t < "+to)
}

// filters are the conditions on what was chosen.
func (v Variables) filters() []string {
	var list []string
	for _, chosen := range []struct{ dimension, sql string }{{"host", v.Host}, {"env", v.Env}, {"role", v.Role}} {
		if chosen.sql != "" {
			list = append(list, "('' IN ("+chosen.sql+") OR "+dimensions[chosen.dimension].value()+" IN ("+chosen.sql+"))")
		}
	}
	return list
}

// metric is the SQL of the chosen metric's value, the columns that it is made of, and the SQL of its [Metric.Least].
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

// anySlot is the width of a slot, which depends on the length of the chosen time range: see [slotFor].
func (v Variables) anySlot() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, step := range bucketSteps {
		if step >= minSlot {
			b.WriteString(" WHEN " + v.Span + " <= " + wholeSeconds(step*slots) + " THEN " + wholeSeconds(step))
		}
	}
	return b.String() + " ELSE 86400 END"
}

// inComputedRange is [inRange] for a range whose ends SQL computes when the query runs. first and last write the ends in a format; time is
// the condition on the time itself. For samples, each key has bounds of its own, because partition projection needs that. For a rollup only
// the year has bounds, and for minutes the month too: Athena asks Glue for these partitions, and the condition on all keys together chooses
// among them.
func inComputedRange(of Rollup, first, last func(format string) string, time string) string {
	var list []string
	above, keys := "", of.keys()
	for i, key := range keys {
		if of.Name != "" && i >= len(keys)-2 {
			above += key.format
			continue
		}
		between := key.name + " BETWEEN " + first(key.format) + " AND " + last(key.format)
		if above != "" {
			between = "(" + first(above) + " <> " + last(above) + " OR " + between + ")"
		}
		list = append(list, between)
		above += key.format
	}
	all := strings.Join(of.PartitionKeys(), " || ") + " BETWEEN " + first(above) + " AND " + last(above)
	return strings.Join(append(list, all, time), "\n      AND ")
}

// metricBy is the SQL of the value of the chosen metric, and of its [Metric.Least]. chosen is the SQL of the name of the
// metric. A tool puts a constant in place of the choice before an engine plans the query, so the engine reads only the chosen column.
func metricBy(chosen string) (value, least string) {
	var values, leasts strings.Builder
	for _, m := range Metrics() {
		when := " WHEN " + chosen + " = '" + m.Column + "' THEN "
		values.WriteString(when + m.value())
		leasts.WriteString(when + number(m.Least))
	}
	return "CASE" + values.String() + " END", "CASE" + leasts.String() + " END"
}
