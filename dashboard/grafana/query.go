package grafana

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/athena"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	sdk "github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// The formats of an answer, as both plugins number them.
const (
	asSeries int64 = 0 // a column with texts becomes labels of the series
	asTable  int64 = 1
)

// variables is the form of a panel's query. Each variable names its format, because the plugins have different defaults.
func (o Options) variables() panels.Variables {
	v := o.unfiltered()
	v.Host, v.Env, v.Role = "${host:sqlstring}", "${env:sqlstring}", "${role:sqlstring}"
	v.Process, v.Metric = "${process:sqlstring}", "${metric:sqlstring}"
	return v
}

// unfiltered is the form of the queries that list what there is to choose from.
func (o Options) unfiltered() panels.Variables {
	return panels.Variables{
		Form:    o.Engine.form(quoted(o.Table)),
		Rollups: func(of panels.Rollup) string { return quoted(of.TableOf(o.Table)) },
		From:    "${__from:date:seconds}", To: "${__to:date:seconds}", Span: "(${__to:date:seconds} - ${__from:date:seconds})",
		Width: "CAST(ceil(${__interval_ms:raw} / 1e3) AS bigint)",
		Delay: o.Delay,
	}
}

// quoted is the name of a table as SQL: it may begin with a digit.
func quoted(table string) string { return `"` + table + `"` }

// sql is the query of a panel, with the columns that Grafana needs. Each value of the panel is a timestamp, a double or a text.
func (o Options) sql(d panels.Dashboard, p panels.Panel) (string, error) {
	variables := o.variables()
	if !d.Metric { // nothing to choose
		variables.Metric = panels.LiteralOf(panels.Metrics()[0].Column)
	}
	sql, err := variables.SQL(d, p)
	if err != nil {
		return "", err
	}
	shape, _ := shapeOf(p)
	inner, order, list := sql, []string{"1"}, []string{o.Engine.time("t") + " AS time"}
	if !shape.overTime {
		list = nil
		if inner, order, err = ordered(sql); err != nil {
			return "", fmt.Errorf("panel %s: %w", p.ID, err)
		}
	}
	add := func(column string) {
		if column != "" && !slices.ContainsFunc(list, func(have string) bool { return strings.HasSuffix(" "+have, " "+column) }) {
			list = append(list, column)
		}
	}
	for _, by := range []panels.Dimension{p.By, p.Across, p.Group} {
		switch {
		case by == "" || by == panels.ByTime && shape.overTime:
		case by == panels.ByTime:
			list = append(list, o.Engine.time("t")+" AS t")
		case by == panels.ByDay:
			list = append(list, o.Engine.time("day")+" AS day")
		case by == panels.ByHour:
			list = append(list, "substr('0' || CAST(CAST(hour AS bigint) AS varchar), -2) AS hour")
		case by == panels.ByWeekday:
			list = append(list, "CASE weekday WHEN 0 THEN 'Monday' WHEN 1 THEN 'Tuesday' WHEN 2 THEN 'Wednesday' WHEN 3 THEN 'Thursday' "+
				"WHEN 4 THEN 'Friday' WHEN 5 THEN 'Saturday' ELSE 'Sunday' END AS weekday")
		default:
			add(string(by))
		}
	}
	for _, v := range p.Values {
		switch v.Unit {
		case panels.Text:
			add(v.Column)
		case panels.Time:
			list = append(list, o.Engine.time(v.Column)+" AS "+v.Column)
		default:
			list = append(list, "CAST("+v.Column+" AS double) AS "+v.Column)
		}
		if shape.rows {
			add(v.Host)
			add(v.UnitColumn)
		}
	}
	for _, column := range shape.columns {
		list = append(list, "CAST("+column+" AS double) AS "+column)
	}
	if p.Across != "" && !shape.overTime {
		order = slices.Insert(order, 0, "panel."+string(p.Across))
	}
	sql = "SELECT " + strings.Join(list, ", ") + "\nFROM (\n" + inner + "\n) AS panel"
	if len(order) > 0 {
		sql += "\nORDER BY " + strings.Join(order, ", ")
	}
	return sql, nil
}

// ordered takes the ORDER BY from the end of a query, whose clauses each begin a line. It returns the query with what it is ordered by in
// columns of its own, and the order by them: the order of a subquery does not count.
func ordered(sql string) (inner string, order []string, err error) {
	const by = "\nORDER BY "
	end := strings.LastIndex(sql, by)
	if end < 0 {
		return sql, nil, nil
	}
	terms := sql[end+len(by):]
	if strings.ContainsAny(terms, "\n()") {
		return "", nil, fmt.Errorf("its order is not plain: %s", terms)
	}
	sql = sql[:end]
	if strings.Contains(sql, "\nUNION ALL\nSELECT ") {
		return "", nil, errors.New("each branch of its UNION would need the columns of the order")
	}
	first := strings.LastIndex("\n"+sql, "\nSELECT ")
	from := strings.Index(sql[first:], "\nFROM ")
	if from < 0 {
		return "", nil, fmt.Errorf("it has no FROM: %s", sql[first:])
	}
	from += first
	list := columns(sql[first+len("SELECT ") : from])
	var extra string
	for i, term := range strings.Split(terms, ", ") {
		expression, down := strings.CutSuffix(term, " DESC")
		name := "order_" + strconv.Itoa(i+1)
		if n, err := strconv.Atoi(expression); err == nil {
			name = list[n-1]
		} else {
			extra += ", " + expression + " AS " + name
		}
		if down {
			name += " DESC"
		}
		order = append(order, "panel."+name)
	}
	return sql[:from] + extra + sql[from:], order, nil
}

// columns are the names of the columns of a SELECT list.
func columns(list string) (names []string) {
	depth, start := 0, 0
	list += ","
	for i, c := range list {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				item := strings.TrimSpace(list[start:i])
				names = append(names, item[strings.LastIndexAny(item, " .")+1:])
				start = i + 1
			}
		}
	}
	return names
}

// query is a query as a plugin takes it.
type query interface{ variants.Dataquery }

func athenaQuery(ref, sql string, format int64) query {
	standard, reuse, minutes, plugin, uid := "__default", true, 5.0, athenaPlugin, dataSource
	return &athena.Dataquery{
		RefId: &ref, RawSQL: sql, Format: athena.FormatOptions(format), Datasource: &common.DataSourceRef{Type: &plugin, Uid: &uid},
		ConnectionArgs: athena.ConnectionArgs{
			Region: &standard, Catalog: &standard, Database: &standard, ResultReuseEnabled: &reuse, ResultReuseMaxAgeInMinutes: &minutes,
		},
	}
}

// athenaChoice is the query of a variable. The plugin takes the same fields there.
func athenaChoice(sql string) *sdk.StringOrMap {
	q := athenaQuery("A", sql, asTable).(*athena.Dataquery)
	return &sdk.StringOrMap{Map: map[string]any{"refId": "A", "rawSQL": q.RawSQL, "format": q.Format, "connectionArgs": q.ConnectionArgs}}
}

// duckQuery is a query of motherduck-duckdb-datasource, which the foundation SDK does not know.
type duckQuery struct {
	RefID      string               `json:"refId"`
	Datasource common.DataSourceRef `json:"datasource"`
	RawSQL     string               `json:"rawSql"`
	Format     int64                `json:"format"`
	EditorMode string               `json:"editorMode"`
	RawQuery   bool                 `json:"rawQuery"`
}

func duckdbQuery(ref, sql string, format int64) query {
	plugin, uid := duckdbPlugin, dataSource
	return &duckQuery{
		RefID: ref, Datasource: common.DataSourceRef{Type: &plugin, Uid: &uid}, RawSQL: sql, Format: format, EditorMode: "code", RawQuery: true,
	}
}

// ImplementsDataqueryVariant says that it is a query.
func (q *duckQuery) ImplementsDataqueryVariant() {}

// DataqueryType is the plugin's id.
func (q *duckQuery) DataqueryType() string { return duckdbPlugin }

// Validate has nothing to check: all fields are set.
func (q *duckQuery) Validate() error { return nil }

// Equals reports whether both ask the same.
func (q *duckQuery) Equals(other variants.Dataquery) bool {
	o, ok := other.(*duckQuery)
	return ok && q.RefID == o.RefID && q.RawSQL == o.RawSQL && q.Format == o.Format
}
