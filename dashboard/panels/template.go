package panels

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// The queries use only SQL that DuckDB and Trino share:
//
//   - They compute with the column ts, a number, because the functions on timestamps differ.
//   - In place of max_by(x, y), they call the functions last and last_by if x may be NULL: DuckDB skips such a row, Trino does not.
//   - They compute times of day from ts and the viewer's offset, because Athena does not know the viewer's zone.
//   - They write 3e0, a double, in place of 3 in products: a product of two whole numbers can overflow and fail.
//   - They do without FILTER on windows, QUALIFY, LIMIT, casts with colons, and functions that only one engine has, such as list.
//
// The templates in sql/shared are what several panels have in common.
//
//go:embed sql
var files embed.FS

// shared are the shared templates. Each statement replaces their functions by its own.
var shared = template.Must(template.New("").Option("missingkey=error").Funcs(statement{}.functions()).ParseFS(files, "sql/shared/*.sql"))

// fileOf is the query of a panel as it stands in its file.
func fileOf(id string) string {
	text, err := files.ReadFile("sql/" + id + ".sql")
	if err != nil {
		panic(fmt.Sprintf("panel %s has no query: %v", id, err)) // the files are part of the program
	}
	return string(text)
}

// statement holds the SQL that the named functions of a query insert.
type statement struct {
	dialect
	templates   *template.Template                     // the shared ones
	scan                                               // the relations that hold the samples
	extremes    map[string]bool                        // columns of extremes that the query has asked for so far
	weeks       []scan                                 // what is read of each of the earlier weeks, see [Panel.Weeks]
	among       string                                 // a further condition on the rows, or "" for none
	filters     func() []string                        // conditions on what a viewer chose; called for each read of the samples, because each has parameters of its own
	metric      string                                 // value of the chosen metric
	metrics     []string                               // the columns that it is made of
	from        string                                 // begin of the time range that is read, Unix seconds
	to          string                                 // end of the time range, Unix seconds
	shown       string                                 // begin of the time range that was chosen; a panel with a Lead also reads what is before it
	bucket      func(least time.Duration) string       // width of a time bucket in seconds, which is at least least
	process     func() string                          // condition on the process that a viewer chose, after another condition; "" if none is chosen
	slot        string                                 // width of a slot in seconds, see [slotFor]
	maxDistance string                                 // how far a slot of another week may be from the time of the week of a point, in seconds, see [maxDistanceFor]
	slight      string                                 // a difference in the chosen metric that is too small to be of interest, see [Metric.Least]
	offset      string                                 // how far the viewer's clock is ahead of UTC at the time ts of a row, in seconds
	together    []string                               // columns that other panels of the page read by host and time bucket: see [Panel.Together]
	series      string                                 // the greatest number of lines in a chart
	few         string                                 // how many hosts may each have a line in a chart
	picked      func(column string) string             // condition that a host is one of the picked, after another condition; "" if none is
	delay       time.Duration                          // how long samples take to arrive
	rules       RuleChanges                            // about problems
	newest      func(last time.Duration) (scan, error) // reads the last part of the time range
	before      func(days int, all bool) (scan, error) // the same time of day some days before, of minutes if there are some: see [usualSpan]
	// share adds a relation to those that the query shares with others, and returns its name. It is nil if the query shares nothing.
	share func(write func(filters func() []string) (string, error)) (string, error)
	// preferRollup reads the last part of the time range, or all of it if last is 0: from a rollup if the lake has some of that rollup,
	// otherwise from finer rows.
	preferRollup func(of Rollup, last time.Duration) (scan, error)
}

// functions are what a query can call. A query groups by a time bucket by its position in the SELECT list (GROUP BY 2).
func (s statement) functions() template.FuncMap {
	functions := template.FuncMap{
		// The samples of the chosen time, hosts, environment, role and tag, with these columns and ts: see [statement.samples].
		"samples": s.samples,
		// The elements of a list of these samples, with these fields and columns and ts: see [statement.details].
		"details": s.details,
		// What the query of a shared template gives: see [statement.kept].
		"kept": s.kept,
		// The elements of a list by host, time and name: see [statement.readings].
		"readings": s.readings,
		// Columns of hosts in time buckets, and the names of their lowest and highest values there: see [statement.byBucket].
		"by_bucket": s.byBucket,
		"lowest":    func(column string) string { return column + lowest }, "highest": func(column string) string { return column + highest },
		// The elements of a list in the newest samples of hosts that have a problem: see the shared template "standing".
		"recent": func(list string, columns ...any) (string, error) {
			newest, err := s.only(s.delay + blameWindowS*time.Second)
			if err != nil {
				return "", err
			}
			return newest.ofHosts("found WHERE problem <> "+LiteralOf(Silent)).details(list, columns...)
		},
		// A number as a text, rounded.
		"rounded": func(of string) string { return "CAST(CAST(round(" + of + ") AS bigint) AS varchar)" },
		// hours runs a shared template over the rollup of hours if there is one, otherwise over minutes or samples. minutes_of_suspects runs
		// one over minutes or samples of the hosts that may have a problem, in so many seconds at the end of the range (0 is all of it).
		"hours": func(name string, data any) (string, error) { return s.rolledOf(Hours, 0, name, data) },
		"minutes_of_suspects": func(name string, seconds int, data any) (string, error) {
			return s.ofSuspects().rolledOf(Minutes, seconds, name, data)
		},
		// Whether a row is of the chosen process: a condition that follows another one.
		"and_process": func() string { return s.process() },
		// The texts of a list as one text, with commas or as lines.
		"joined": func(of string) string { return s.joined(of, "', '") }, "lines": func(of string) string { return s.joined(of, "chr(10)") },
		// The samples of the earlier weeks, with the column weeks_ago; and how many weeks there are, 0 if the time range is too long.
		"samples_of_weeks": s.samplesOfWeeks, "weeks": func() int { return len(s.weeks) },
		// The newest known value of a column; and the known value of a column in the row with the highest time.
		"last": func(column string) string { return last(column) + " AS " + column }, "last_by": lastBy,
		// The beginning of the time bucket that a sample belongs to, and the bucket's width.
		"bucket": func() string { return begin(s.bucket(0)) }, "bucket_s": func() string { return s.bucket(0) },
		// The same for buckets of at least so many seconds.
		"wide": func(least int) string { return begin(s.bucket(time.Duration(least) * time.Second)) },
		// The first bucket of the time range, and a list of whole numbers from one to another.
		"first_bucket": func() string { return "floor(" + s.from + " / " + s.bucket(0) + ") * " + s.bucket(0) },
		"steps": func(from, to, step string) string {
			return s.stepsOf + "(" + from + ", " + to + ", CAST(" + step + " AS bigint))"
		},
		// The beginning of the slot that a sample belongs to, and the slot's width.
		"slot": constant(begin(s.slot)), "slot_s": constant(s.slot),
		// A quantile of a column or expression.
		"quantile": func(of string, q float64) string { return s.quantile(of, strconv.FormatFloat(q, 'f', -1, 64)) },
		// Several of its quantiles as a list. Engines compute equal lists of a query once, which takes less than each quantile by itself.
		"quantiles": func(of string, list ...float64) string {
			texts := make([]string, len(list))
			for i, q := range list {
				texts[i] = strconv.FormatFloat(q, 'f', -1, 64)
			}
			return s.quantile(of, "ARRAY["+strings.Join(texts, ", ")+"]")
		},
		// The median of a list of numbers, and the list of their distances from a number.
		"median_of": s.medianOf, "distances": s.distances,
		// What a viewer and the settings chose.
		"from": constant(s.from), "to": constant(s.to), "shown": constant(s.shown), "slight": constant(s.slight), "max_distance_s": constant(s.maxDistance), "offset": constant(s.offset), "series": constant(s.series), "delay": constant(number(s.delay.Seconds())),
		// How many hosts there may be if each is to have a line. For a larger fleet: how many lines are over its band, how many rows its heat
		// map has, and the name of its median. Whether a host is one of the picked: a condition that follows another one.
		"few": constant(s.few), "worst": constant(strconv.Itoa(worstHosts)), "host_rows": constant(strconv.Itoa(hostRows)), "median_name": constant(Median),
		"or_picked": func(column string) string { return s.picked(column) },
		// How many slots before a point the point is compared with.
		"window": constant(strconv.Itoa(window)),
		// Lists of columns.
		"list":  func(columns ...string) []string { return columns },
		"names": func(columns []string) string { return strings.Join(columns, ", ") },
		// Of samples: how many there are, the mean of a column or expression, the lowest and the highest value of a column, the lowest one in the
		// newest row, and the means of columns. These know that a row may be a bucket of several samples.
		"count": s.count, "mean": s.mean, "low": s.low, "high": s.high, "newest_low": s.newestLow, "means": func(columns []string) string { return each(columns, s.mean) },
		// The mean of a field of details over its readings.
		"mean_of_details": func(of string) string { return weighted(of, "listed") },
		// The means of columns of rows that all count the same.
		"averages": func(columns []string) string { return each(columns, average) },
		// Arguments of a shared template: a name, its value, and so on.
		"args": args,
	}
	maps.Copy(functions, s.problemFunctions())
	return functions
}

// constant is a function of a query that inserts the same text each time.
func constant(sql string) func() string { return func() string { return sql } }

// write makes the statement of a panel's query.
func (s statement) write(p Panel) (string, error) {
	s.extremes, s.templates = map[string]bool{}, shared
	var b strings.Builder
	t, err := shared.Clone()
	if err == nil {
		t, err = t.Funcs(s.functions()).New(p.ID).Parse(p.SQL)
	}
	if err == nil {
		err = t.Execute(&b, nil)
	}
	if err != nil {
		return "", fmt.Errorf("write the query of panel %s: %w", p.ID, err)
	}
	return strings.TrimSpace(b.String()), nil
}

// rolledOf makes the text of a shared template over a rollup if there is some of it, otherwise over finer rows.
func (s statement) rolledOf(r Rollup, seconds int, name string, data any) (_ string, err error) {
	if s.scan, err = s.preferRollup(r, time.Duration(seconds)*time.Second); err != nil {
		return "", err
	}
	return s.execute(name, data)
}

// execute makes the text of a shared template.
func (s statement) execute(name string, data any) (string, error) {
	s.extremes = map[string]bool{}
	var b strings.Builder
	t, err := s.templates.Clone()
	if err == nil {
		err = t.Funcs(s.functions()).ExecuteTemplate(&b, name, data)
	}
	return b.String(), err
}

// last is the newest known value of a column.
func last(column string) string { return lastBy("ts", column) }

// lastBy is the known value of a column in the row with the highest time.
func lastBy(time, column string) string {
	return "max_by(" + column + ", CASE WHEN " + column + " IS NOT NULL THEN " + time + " END)"
}

// begin is the beginning of the time bucket of ts with this width.
func begin(width string) string { return "floor(ts / " + width + ") * " + width }

func average(of string) string { return "avg(" + of + ")" }

// each lists an aggregate of columns by their names.
func each(columns []string, aggregate func(of string) string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = aggregate(c) + " AS " + c
	}
	return strings.Join(list, ", ")
}

func args(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, errors.New("the function args takes pairs of a name and a value")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("the function args takes pairs of a name and a value: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
