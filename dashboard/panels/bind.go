package panels

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dialect is what DuckDB and Trino write differently.
type dialect struct {
	name       string // see [Form.Name]
	quantileOf string // name of the function of a value and a quantile
	stepsOf    string // name of the function that lists whole numbers from one to another by a step
	joinOf     string // name of the function of a list of texts and a separator
	now        string // the time, Unix seconds
	// parameter is the SQL of the n-th parameter, from 1.
	parameter func(n int) string
	// formatted is the SQL that writes a time (Unix seconds) in UTC, in a format such as %Y%m%d%H.
	formatted func(seconds, format string) string
	// medianOf is the SQL of the median of a list of numbers, which has no NULL and is not empty. distances is the SQL of the list of the
	// distances of its numbers from a number.
	medianOf  func(list string) string
	distances func(list, from string) string
	// structs says that UNNEST makes one column of structs of a list of structs. Otherwise it makes a column of each of their
	// fields. See https://duckdb.org/docs/stable/sql/query_syntax/unnest and https://trino.io/docs/current/sql/select.html#unnest.
	structs bool
	// keeps says that the engine computes an expression of WITH once, also if the query names it several times. Otherwise it puts the
	// text of the expression wherever it is named, and reads the samples again there.
	keeps bool
}

func (d dialect) quantile(of, q string) string { return d.quantileOf + "(" + of + ", " + q + ")" }

func (d dialect) joined(of, by string) string { return d.joinOf + "(" + of + ", " + by + ")" }

// unnested is the SQL that gives a row for each struct in a list, so that element.f is its field f. A subquery selects column, and join
// follows the subquery. DuckDB needs no join: with one, a condition on a field would take ten times as long, because DuckDB would copy the
// list with each struct.
func (d dialect) unnested(list string, fields []string) (column, join string) {
	if d.structs {
		return "unnest(" + list + ") AS element", ""
	}
	return list + " AS elements", " CROSS JOIN UNNEST(elements) AS element (" + strings.Join(fields, ", ") + ")"
}

// numbered is the join that gives a row for each struct in the column elements, so that element.f is its field f, and place is where it
// is in the list, from 1.
func (d dialect) numbered(fields []string) string {
	alias, columns := "element", strings.Join(fields, ", ")
	if d.structs {
		alias, columns = "unnested", "element"
	}
	return "CROSS JOIN UNNEST(elements) WITH ORDINALITY AS " + alias + " (" + columns + ", place)"
}

var (
	inDuckDB = dialect{
		name: "local", quantileOf: "quantile_cont", stepsOf: "generate_series", joinOf: "array_to_string", now: "epoch(now())",
		structs: true, keeps: true,
		parameter: func(n int) string { return "getvariable('" + ParameterVariable(n) + "')" },
		formatted: func(seconds, format string) string {
			return "strftime(make_timestamp(CAST((" + seconds + ") * 1e6 AS bigint)), '" + format + "')"
		},
		medianOf:  func(list string) string { return "list_median(" + list + ")" },
		distances: func(list, from string) string { return "[abs(v - " + from + ") FOR v IN " + list + "]" },
	}
	inTrino = dialect{
		name: "athena", quantileOf: "approx_percentile", // an approximation, which keeps memory small
		stepsOf: "sequence", joinOf: "array_join", now: now,
		parameter: func(int) string { return "?" },
		formatted: func(seconds, format string) string {
			if seconds == now {
				return "date_format(now(), '" + format + "')"
			}
			return "date_format(from_unixtime(" + seconds + "), '" + format + "')"
		},
		medianOf: func(list string) string {
			middle := func(after int) string {
				return "element_at(array_sort(" + list + "), (cardinality(" + list + ") + " + strconv.Itoa(after) + ") / 2)"
			}
			return "((" + middle(1) + " + " + middle(2) + ") / 2)"
		},
		distances: func(list, from string) string { return "transform(" + list + ", v -> abs(v - " + from + "))" },
	}
)

// now is the SQL of the time in Trino, in Unix seconds. Athena's clock is UTC, as the partitions are.
const now = `to_unixtime(now())`

// Name is "local" for DuckDB and "athena" for Athena.
func (f Form) Name() string { return f.name }

// Form is where a query runs: an engine's dialect and its names for the samples.
type Form struct {
	dialect
	samples, once string // relations
	parts         Parts  // nil if there are only samples
}

// rollup is the table of a rollup as SQL. It is beside that of the samples, whose name may be quoted.
func (f Form) rollup(r Rollup) string {
	if name, ok := strings.CutSuffix(f.samples, `"`); ok {
		return r.TableOf(name) + `"`
	}
	return r.TableOf(f.samples)
}

// DuckDB is the form for package lake, which has views called samples and samples_once.
func DuckDB() Form { return Form{dialect: inDuckDB, samples: Samples, once: Once} }

// Athena is the form for Athena, with the name of the table as SQL. samples_once is a query there: a view would be another
// resource to deploy and to keep in step with the columns.
func Athena(table string) Form {
	return Form{dialect: inTrino, samples: table, once: "(" + OnceOf(table) + ") AS once"}
}

// ParameterVariable is the name of the DuckDB variable that has the value of a query's n-th parameter, from 1.
func ParameterVariable(n int) string { return "parameter_" + strconv.Itoa(n) }

// Bind writes a panel's query for an engine. A text that a viewer chose is a parameter, so that nothing of it gets into the SQL.
// Parameters are in WHERE conditions only, the one place for which Athena documents them. Bind itself makes everything else:
// numbers, hours and the names of columns.
func Bind(p Panel, params Params, form Form) (Query, error) {
	var values []any
	q, err := write(p, params, form, func(text string) string {
		values = append(values, text)
		return form.parameter(len(values))
	})
	q.Args, q.bound = values, q.SQL
	return q, err
}

// Literal is a panel's query as one text, for people to read and to paste into `dashboard query` or Athena's console.
func Literal(p Panel, params Params, form Form) (string, error) {
	params.Together = false
	q, err := write(p, params, form, func(text string) string { return LiteralOf(text) })
	return q.SQL, err
}

// write makes the query of a panel. It calls the function text for each text that a viewer chose, in order, to get its SQL.
func write(p Panel, params Params, form Form, text func(string) string) (Query, error) {
	if err := params.Validate(); err != nil {
		return Query{}, err
	}
	span := params.Range.To.Sub(params.Range.From)
	r, chosen, err := form.choose(p, params)
	if err != nil {
		return Query{}, err
	}
	over := func(r Range) (scan, error) { return form.scan(chosen.grain, r, params.Once) }
	bucket := func(least time.Duration) time.Duration { return chosen.wide(max(params.Bucket, least)) }
	metric, _ := MetricOf(params.Metric)
	s := statement{
		dialect:     form.dialect,
		scan:        chosen,
		filters:     func() []string { return params.filters(text) },
		metric:      metric.value(),
		metrics:     []string{metric.Column},
		from:        number(unix(r.From)),
		to:          number(unix(r.To)),
		shown:       number(unix(params.Range.From)),
		bucket:      func(least time.Duration) string { return number(bucket(least).Seconds()) },
		process:     func() string { return params.process(text) },
		slot:        number(slotFor(span).Seconds()),
		maxDistance: number(maxDistanceFor(span).Seconds()),
		slight:      number(metric.Least),
		offset:      params.offset(),
		series:      strconv.Itoa(params.Series),
		few:         strconv.Itoa(cmp.Or(params.Few, FewHosts)),
		picked:      func(column string) string { return params.picked(column, text) },
		delay:       params.Delay,
		rules:       params.Rules,
		newest:      func(last time.Duration) (scan, error) { return over(Range{From: r.To.Add(-last), To: r.To}) },
	}
	// preferRollup chooses a rollup in place of finer rows, if there is some of that rollup.
	preferRollup := func(to Rollup, r Range) (scan, error) {
		if form.parts != nil && to.Bucket > chosen.grain.Bucket {
			if rows, err := form.scan(to, r, params.Once); err != nil || rows.rolled() {
				return rows, err
			}
		}
		return over(r)
	}
	var q Query
	if params.Together && form.keeps {
		s.together, s.share = p.Together, q.shareWith(params, form.parameter)
		// A panel about another time would read all these columns for itself.
		if len(p.OfHost) > 0 && params.Host != "" && !s.rolled() && r.To.Sub(r.From) == span {
			if s.scan, err = s.ofOneHost(r, p.OfHost); err != nil {
				return Query{}, err
			}
		}
	}
	var also []Range
	s.preferRollup = func(to Rollup, last time.Duration) (scan, error) {
		of := r
		switch since := params.KnownSince.UTC(); {
		case last > 0:
			of.From = of.To.Add(-last)
		case !params.KnownSince.IsZero() && since.Before(of.From):
			of.From = since
			also = append(also, of)
		}
		return preferRollup(to, of)
	}
	s.before = func(days int, all bool) (scan, error) {
		of := r
		if !all {
			of.From = of.To
		}
		also = append(also, usualSpan(of, days))
		return preferRollup(Minutes, also[len(also)-1])
	}
	earlier := p.earlierWeeks(params.Range)
	for _, week := range earlier {
		scan, err := over(week)
		if err != nil {
			return Query{}, err
		}
		s.weeks = append(s.weeks, scan)
	}
	q.SQL, err = s.write(p)
	shown := r.To.Sub(r.From) - p.lead(span)
	q.Range, q.Also, q.Rollup, q.Bucket, q.Shown, q.Cut = r, append(earlier, also...), chosen.grain.Name, bucket(0), shown, shown < p.Span(span)
	return q, err
}

const week = 7 * 24 * time.Hour

// earlierWeeks returns the ranges of earlier weeks that the panel reads if the viewer chose the range shown. They are a little longer than shown,
// because a point is also compared with slots shortly before and after the same time of the week.
func (p Panel) earlierWeeks(shown Range) (list []Range) {
	if shown.To.Sub(shown.From) > week {
		return nil
	}
	distance := maxDistanceFor(shown.To.Sub(shown.From))
	for i := range p.Weeks {
		back := -time.Duration(i+1) * week
		list = append(list, Range{From: shown.From.Add(back - distance).UTC(), To: shown.To.Add(back + distance).UTC()})
	}
	return list
}

// maxDistanceFor is the greatest distance, in time of the week, between a point and a slot of an earlier week that it is compared with. A job
// does not start at the same second each week.
func maxDistanceFor(span time.Duration) time.Duration { return max(slotFor(span), 5*time.Minute) }

// Span is the length of the time range that the panel is about if the viewer chose a range of length span. Both ranges have the same
// end.
func (p Panel) Span(span time.Duration) time.Duration {
	span = max(span, time.Duration(p.MinSpanS)*time.Second)
	if most := time.Duration(p.MaxSpanS) * time.Second; most > 0 {
		span = min(span, most)
	}
	return span
}

// lead is how much time before the range of [Panel.Span] the panel's query reads too.
func (p Panel) lead(span time.Duration) time.Duration { return time.Duration(p.Lead) * slotFor(span) }

// filters are the conditions on what a viewer chose. If the viewer chose no host, for example, there is no condition on the host: it would
// make an engine read that column, and Athena bills it.
func (p Params) filters(text func(string) string) []string {
	var list []string
	for _, chosen := range []struct{ dimension, value string }{{"host", p.Host}, {"env", p.Env}, {"role", p.Role}} {
		if chosen.value != "" {
			list = append(list, dimensions[chosen.dimension].is(chosen.value, text))
		}
	}
	if p.TagKey != "" {
		list = append(list, tagIs(p.TagKey, p.TagValue, text))
	}
	return list
}

// tagIs is the condition that a tag has a value. text writes a text as SQL. The tag is read only if it exists, because Trino fails on a
// missing key.
func tagIs(key, value string, text func(string) string) string {
	return "CASE WHEN contains(map_keys(tags), " + text(key) + ") THEN tags[" + text(key) + "] END = " + text(value)
}

// process is the condition on the chosen process, or "".
func (p Params) process(text func(string) string) string {
	if p.Process == "" {
		return ""
	}
	return " AND process = " + text(p.Process)
}

// picked is the condition that a host is one of the picked, or "".
func (p Params) picked(column string, text func(string) string) string {
	if len(p.Picked) == 0 {
		return ""
	}
	list := make([]string, len(p.Picked))
	for i, host := range p.Picked {
		list[i] = text(host)
	}
	return " OR " + column + " IN (" + strings.Join(list, ", ") + ")"
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// number writes a number without an exponent. Engines convert it to a double if they compare it with one, such as ts.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// LiteralOf writes a value as SQL: a text, float64 or int64. A float64 is a double, not a decimal. Only quotes
// within a text are escaped.
func LiteralOf(v any) string {
	switch v := v.(type) {
	case float64:
		return "CAST(" + number(v) + " AS double)"
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	}
}
