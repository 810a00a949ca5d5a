package panels

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Names of the relations that people query, on both engines.
const (
	Samples = "samples"
	Once    = "samples_once"
	OTel    = "samples_otel" // see [record.OTelSelect]
)

// OnceOf is the query of samples_once over a table or view. Rows with equal session_id and seq are copies of one sample; the
// engine chooses the row that stays. A row without session_id or seq stays, because nothing shows that it is a copy.
//
// The query looks for copies among rows with equal partition keys and ts, which copies share. So engines apply conditions on
// these columns first, and read no more than from the table itself.
func OnceOf(table string) string {
	keys := strings.Join(record.PartitionKeys(), ", ")
	var columns []string
	for _, c := range record.Columns() {
		columns = append(columns, `"`+c.Name+`"`)
	}
	return "SELECT " + strings.Join(columns, ", ") + ", " + keys + " FROM (SELECT *, row_number() OVER (PARTITION BY " + keys +
		", ts, session_id, seq) AS copy FROM " + table + ") AS copies WHERE copy = 1 OR session_id IS NULL OR seq IS NULL"
}

// dimensions say what a sample is about. A producer other than the collector may leave out the columns that they are made of.
// Then they have a placeholder, not NULL.
var dimensions = map[string]dimension{
	"host": {"hostname", "(unnamed)"},
	"env":  {"env", "(none)"},
	"role": {"node_role", "(none)"},
}

type dimension struct{ column, placeholder string }

// value is the SQL of the dimension.
func (d dimension) value() string {
	return "coalesce(" + d.column + ", " + LiteralOf(d.placeholder) + ")"
}

// is returns the condition that the dimension has a chosen value, which text writes as SQL. Engines compare a column with the statistics and the
// dictionaries of files, and skip what cannot match; they do not do that with a value that is computed.
func (d dimension) is(chosen string, text func(string) string) string {
	if chosen == d.placeholder {
		return d.value() + " = " + text(chosen)
	}
	return d.column + " = " + text(chosen)
}

// derived is a column that is computed from other columns of the same sample.
type derived struct {
	sql  string
	from []string
}

var derivations = map[string]derived{
	// errors is the sum of a sample's network errors and drops. It is NULL if all of them are unknown.
	"errors": {
		"CASE WHEN coalesce(net_err_in_per_s, net_err_out_per_s, net_drop_in_per_s, net_drop_out_per_s) IS NOT NULL THEN " +
			"coalesce(net_err_in_per_s, 0) + coalesce(net_err_out_per_s, 0) + coalesce(net_drop_in_per_s, 0) + coalesce(net_drop_out_per_s, 0) END",
		[]string{"net_err_in_per_s", "net_err_out_per_s", "net_drop_in_per_s", "net_drop_out_per_s"},
	},
	// pressure is the highest of the three pressures of a sample.
	"pressure": {
		byHighestPressure(func(column string) string { return column }, func(p pressure) string { return p.column }), pressureColumns(),
	},
	// disk_awaited_pct is how busy the busiest disk is, or 0 if tasks hardly wait for I/O. If it is not known whether tasks wait, it is how
	// busy the disk is.
	"disk_awaited_pct": {
		"CASE WHEN io_pressure_pct < 15 AND disk_busy_pct IS NOT NULL THEN 0 ELSE disk_busy_pct END",
		[]string{"disk_busy_pct", "io_pressure_pct"},
	},
	// core_load is 100 if the load is one for each core.
	"core_load": {"100 * load1 / nullif(cpu_count, 0)", []string{"load1", "cpu_count"}},
}

// pressure is a column that says how long tasks wait, and what they wait for.
type pressure struct{ column, of string }

// pressures are in order: if several are equal, the first one counts as the highest.
var pressures = []pressure{{"io_pressure_pct", "I/O"}, {"mem_pressure_pct", "memory"}, {"cpu_pressure_pct", "CPU"}}

func pressureColumns() (columns []string) {
	for _, p := range pressures {
		columns = append(columns, p.column)
	}
	return columns
}

// byHighestPressure is an SQL expression: what result writes for the highest pressure, or NULL if no pressure is known. value writes the SQL of
// a column's value.
func byHighestPressure(value func(column string) string, result func(pressure) string) string {
	sql := "CASE"
	for i, p := range pressures {
		condition := value(p.column) + " IS NOT NULL"
		for _, other := range pressures[i+1:] {
			condition += " AND " + value(p.column) + " >= coalesce(" + value(other.column) + ", 0)"
		}
		sql += " WHEN " + condition + " THEN " + result(p)
	}
	return sql + " END"
}

// samples is the relation that a query reads: the samples of the chosen time range, hosts, environment, role and tag, with
// ts and the given columns. A column is one of:
//
//   - a column of the contract;
//   - a dimension: host, env or role;
//   - environment: the column env, which is NULL if unknown;
//   - metric: the value of the chosen metric;
//   - first_ts: the ts of the oldest sample that the row stands for;
//   - one of the derivations.
func (s statement) samples(columns ...any) (string, error) {
	wanted, err := flat(columns)
	if err != nil {
		return "", err
	}
	read, computed := withDerived(wanted, s.derivations())
	relation, err := s.chosen(read, "", "")
	return computing(computed, relation) + " AS chosen", err
}

// chosen is the relation of the samples that a query reads, with ts and these columns. If list names a list, the relation has it too;
// elements is the SQL that selects it.
//
// A query reads samples only through this function. So the function alone decides which partitions are read and which values are out of
// range. On the page of one host, it reads the rows that [statement.ofOneHost] took from the table.
func (s statement) chosen(columns []string, list, elements string) (string, error) {
	selected := []string{"ts"}
	if s.rolled() {
		selected = []string{"last_ts AS ts", "samples"}
	}
	for _, c := range columns {
		sql, err := s.column(c)
		if err != nil {
			return "", err
		}
		selected = append(selected, sql)
		for _, extreme := range []string{c + lowest, c + highest} {
			if s.rolled() && s.extremes[extreme] {
				selected = append(selected, extreme)
			}
		}
	}
	if list != "" {
		selected = append(selected, elements)
		if _, ok := s.grain.of(list); ok {
			selected = append(selected, list+ofReadings+" AS lists")
		}
	}
	from, err := s.rows(columns, list)
	return "(\n    SELECT " + strings.Join(selected, ",\n      ") + "\n    FROM " + from + "\n  )", err
}

// conditions are those on the rows of a part.
func (s statement) conditions(p part) string {
	list := []string{p.inRange}
	if !p.filtered {
		list = append(list, s.filters()...)
	}
	if s.among != "" {
		list = append(list, s.among)
	}
	return strings.Join(list, "\n      AND ")
}

// withDerived returns the columns to read for the wanted ones, each once and without ts, and the SQL of those that are computed
// from them, each once: Trino refuses a name that two columns have.
func withDerived(wanted []string, derivations map[string]derived) (read, computed []string) {
	add := func(c string) {
		if c != "ts" && !slices.Contains(read, c) {
			read = append(read, c)
		}
	}
	for _, c := range wanted {
		d, ok := derivations[c]
		if !ok {
			add(c)
			continue
		}
		for _, from := range d.from {
			add(from)
		}
		if text := d.sql + " AS " + c; !slices.Contains(computed, text) {
			computed = append(computed, text)
		}
	}
	return read, computed
}

// computing is a relation with computed columns besides its own.
func computing(computed []string, relation string) string {
	if len(computed) == 0 {
		return relation
	}
	return "(\n    SELECT *,\n      " + strings.Join(computed, ",\n      ") + "\n    FROM " + relation + " AS readings\n  )"
}

// samplesOfWeeks is the relation of the samples of the earlier weeks, with the column weeks_ago.
func (s statement) samplesOfWeeks(columns ...any) (string, error) {
	var reads []string
	for i, scan := range s.weeks {
		week := s
		week.scan = scan
		relation, err := week.samples(columns...)
		if err != nil {
			return "", err
		}
		reads = append(reads, "SELECT *, "+strconv.Itoa(i+1)+" AS weeks_ago FROM "+relation)
	}
	return "(\n    " + strings.Join(reads, "\n    UNION ALL\n    ") + "\n  ) AS past_weeks", nil
}

// flat returns the names in columns, each of which is a name or a list of names.
func flat(columns []any) ([]string, error) {
	var names []string
	for _, c := range columns {
		switch c := c.(type) {
		case string:
			names = append(names, c)
		case []string:
			names = append(names, c...)
		default:
			return nil, fmt.Errorf("want names of columns, not %v", c)
		}
	}
	return names, nil
}

// column is the SQL of one column of samples. It gives a derivation only if the rows are buckets of a rollup, which has it as a column.
func (s statement) column(name string) (string, error) {
	if d, ok := dimensions[name]; ok {
		return d.value() + " AS " + name, nil
	}
	switch name {
	case "environment":
		return "env AS environment", nil
	case "metric":
		return s.metric + " AS metric", nil
	case "first_ts": // of the samples that a row stands for
		if !s.rolled() {
			return "ts AS first_ts", nil
		}
		return name, nil
	case "seq":
		if s.rolled() { // a row stands for several
			return "CAST(NULL AS bigint) AS seq", nil
		}
	}
	if _, ok := derivations[name]; ok && s.rolled() {
		return name, nil
	}
	c, ok := contract[name]
	if !ok {
		return "", fmt.Errorf("samples have no column %s", name)
	}
	return plausible(c.Name, c) + " AS " + name, nil
}

// contract are the columns by name.
var contract = func() map[string]record.Column {
	m := map[string]record.Column{}
	for _, c := range record.Columns() {
		m[c.Name] = c
	}
	return m
}()

// plausible is the SQL of a value of a column or field. The argument value is the SQL that reads it. The result is NULL if the value is
// outside of the column's range. Without that, one sample could break a panel for all machines: a sum of doubles such as 1e308, or the
// square of 1e200, is infinite in Trino and fails in DuckDB. The transform leaves out such values, but not in lists, and files that something
// else wrote can have them. NaN becomes NULL too: a comparison with NaN is false, or treats NaN as the largest number.
func plausible(value string, c record.Column) string {
	r, ok := c.Range()
	if !ok {
		return value
	}
	return "CASE WHEN " + value + " BETWEEN " + bound(r.Min) + " AND " + bound(r.Max) + " THEN " + value + " END"
}

// bound writes an end of a range, such as 1e15: some have too many digits without an exponent.
func bound(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'g', -1, 64), "e+", "e", 1)
}
