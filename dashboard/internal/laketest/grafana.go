package laketest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Filled is a query with values in place of its variables, as Grafana puts them. Of hosts, environments and roles, one is chosen; all are if
// it is empty.
func Filled(query string, p panels.Params) string {
	one := func(text string) string { return panels.LiteralOf(text) }
	return strings.NewReplacer(
		"${__from:date:seconds}", strconv.FormatInt(p.Range.From.Unix(), 10), "${__to:date:seconds}", strconv.FormatInt(p.Range.To.Unix(), 10),
		"${__interval_ms:raw}", strconv.FormatInt(p.Bucket.Milliseconds(), 10),
		"${host:sqlstring}", one(p.Host), "${env:sqlstring}", one(p.Env), "${role:sqlstring}", one(p.Role), "${process:sqlstring}", one(p.Process),
		"${metric:sqlstring}", one(p.Metric),
	).Replace(query)
}

// Plugin returns a function that answers queries with variables as Grafana's data source for DuckDB does: in a DuckDB that only has the views
// of [lake.Views] of the lake below dir.
func Plugin(t testing.TB, dir string) func(query string, p panels.Params) panels.Result {
	t.Helper()
	db := DuckDB(t)
	if _, err := db.ExecContext(t.Context(), lake.Views(dir)); err != nil {
		t.Fatal(err)
	}
	return func(query string, p panels.Params) (r panels.Result) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), Filled(query, p))
		if err != nil {
			t.Fatalf("%v\n%s", err, Filled(query, p))
		}
		defer func() {
			if err := rows.Close(); err != nil {
				t.Error(err)
			}
		}()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var cells []any
		for _, name := range names {
			r.Columns = append(r.Columns, panels.Column{Name: name})
			r.Data = append(r.Data, nil)
			cells = append(cells, new(any))
		}
		for rows.Next() {
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for i, cell := range cells {
				r.Data[i] = append(r.Data[i], *cell.(*any))
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return r
	}
}
