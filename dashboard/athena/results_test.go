package athena_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

func TestPages(t *testing.T) {
	for _, n := range []int{0, 1, 998, 999, 1000, 1001, 1999, 2000, 3500} {
		a := table{columns: [][2]string{{"n", "bigint"}, {"square", "double"}}}
		for i := range n {
			a.rows = append(a.rows, []any{fmt.Sprint(i), fmt.Sprintf("%.8E", float64(i)*float64(i))})
		}
		s := serve(t, answering(a))
		r, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT n, square FROM samples"})
		if err != nil || r.Rows() != n {
			t.Fatalf("%d rows of %d: %v", r.Rows(), n, err)
		}
		for i := range n {
			if r.Data[0][i] != int64(i) || r.Data[1][i] != float64(i)*float64(i) {
				t.Fatalf("row %d of %d is %v, %v", i, n, r.Data[0][i], r.Data[1][i])
			}
		}
		pages := map[string]bool{} // by token: the SDK asks again for a page if the machine is too busy to answer
		for _, c := range s.made("GetQueryResults") {
			pages[c.text("NextToken")] = true
		}
		if want := max((n+1+999)/1000, 1); len(pages) != want {
			t.Errorf("%d rows in %d pages, want %d", n, len(pages), want)
		}
	}
}

func TestRowsAreBounded(t *testing.T) {
	a := table{columns: [][2]string{{"n", "integer"}}}
	for i := range 5000 {
		a.rows = append(a.rows, []any{fmt.Sprint(i)})
	}
	s := serve(t, answering(a))
	e := s.engine(t, func(_ *athena.Target, o *athena.Options) { o.MaxRows = 1500 })
	if _, err := e.Query(t.Context(), panels.Query{SQL: "SELECT n FROM samples"}); err == nil || err.Error() != "the result has more than 1500 rows" {
		t.Errorf("error is %v", err)
	}
	pages := map[string]bool{} // now and then the SDK loses the connection while it reads an answer, and asks for the page again
	for _, c := range s.made("GetQueryResults") {
		pages[c.text("NextToken")] = true
	}
	if len(pages) != 2 {
		t.Errorf("%d pages were fetched for 1500 rows", len(pages))
	}
}

func TestValues(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789e6, time.UTC)
	for _, c := range []struct {
		kind string
		text any
		want any
	}{
		{"boolean", "true", true},
		{"boolean", "false", false},
		{"tinyint", "-128", int64(-128)},
		{"smallint", "7", int64(7)},
		{"integer", "7", int64(7)},
		{"int", "7", int64(7)},
		{"bigint", "9223372036854775807", int64(math.MaxInt64)},
		{"double", "0.1", 0.1},
		{"double", "1.0E-5", 1e-5},
		{"double", "NaN", nil},
		{"double", "Infinity", nil},
		{"double", "-Infinity", nil},
		{"float", "1.5", 1.5},
		{"real", "1.5", 1.5},
		{"decimal(38,9)", "12.250000000", 12.25},
		{"decimal", "3", 3.0},
		{"varchar", "", ""},
		{"varchar", "a\nb 🦊", "a\nb 🦊"},
		{"varchar(3)", "abc", "abc"},
		{"char(2)", "a ", "a "},
		{"varchar", "NaN", "NaN"},
		{"timestamp", "2026-02-03 04:05:06.789", at},
		{"timestamp(3)", "2026-02-03 04:05:06", at.Truncate(time.Second)},
		{"timestamp with time zone", "2026-02-03 04:05:06.789 UTC", at},
		{"timestamp with time zone", "2026-02-03 05:05:06.789 +01:00", at},
		{"timestamp with time zone", "2026-02-03 05:05:06.789 Europe/Berlin", at},
		{"date", "2026-02-03", at.Truncate(24 * time.Hour)},
		{"map", "{team=core, n=1}", "{team=core, n=1}"},
		{"array", "[1, 2]", "[1, 2]"},
		{"row", "{a=1}", "{a=1}"},
		{"json", `{"a":1}`, `{"a":1}`},
		{"varbinary", "68 69", "68 69"},
		{"time", "04:05:06.789", "04:05:06.789"},
		{"a type of next year", "x", "x"},
		{"bigint", nil, nil},
		{"varchar", nil, nil},
	} {
		a := table{columns: [][2]string{{"v", c.kind}}, rows: [][]any{{c.text}}}
		r, err := serve(t, answering(a)).engine(t).Query(t.Context(), panels.Query{SQL: "SELECT v FROM samples"})
		if err != nil || r.Rows() != 1 || r.Data[0][0] != c.want || r.Columns[0] != (panels.Column{Name: "v", Type: c.kind}) {
			t.Errorf("%s %v: %v %v %v, want %v", c.kind, c.text, r.Columns, r.Data, err, c.want)
		}
	}
}

// TestHeader tells the header from a row that looks like it.
func TestHeader(t *testing.T) {
	for name, c := range map[string]struct {
		answer table
		want   int
	}{
		"a row equal to the header":        {table{columns: [][2]string{{"v", "varchar"}}, rows: [][]any{{"v"}}}, 1},
		"SHOW has none":                    {table{columns: [][2]string{{"tab_name", "varchar"}}, rows: [][]any{{"tab_name"}, {"b"}}, kind: "UTILITY"}, 2},
		"no rows":                          {table{columns: [][2]string{{"v", "varchar"}}}, 0},
		"a query whose answer has no rows": {table{columns: [][2]string{{"v", "varchar"}, {"w", "bigint"}}}, 0},
	} {
		r, err := serve(t, answering(c.answer)).engine(t).Query(t.Context(), panels.Query{SQL: "SHOW TABLES"})
		if err != nil || r.Rows() != c.want {
			t.Errorf("%s: %d rows, %v, want %d", name, r.Rows(), err, c.want)
		}
	}
}

func TestMalformedAnswers(t *testing.T) {
	a := table{columns: [][2]string{{"n", "bigint"}}, rows: [][]any{{"1"}}}
	for name, c := range map[string]struct {
		operation string
		answer    any
		want      string
	}{
		"no id":            {"StartQueryExecution", map[string]any{}, "has no query id"},
		"no execution":     {"GetQueryExecution", map[string]any{}, "the answer has no status"},
		"no status":        {"GetQueryExecution", map[string]any{"QueryExecution": map[string]any{}}, "the answer has no status"},
		"not JSON":         {"GetQueryExecution", "<html>", "ask about query q-1"},
		"no result":        {"GetQueryResults", map[string]any{}, "sent no result set"},
		"no columns":       {"GetQueryResults", map[string]any{"ResultSet": map[string]any{"Rows": []any{}}}, "does not describe its columns"},
		"a bad number":     {"GetQueryResults", table{columns: a.columns, rows: [][]any{{"one"}}}.page(0, 1), `column n: "one" is not a bigint`},
		"a short row":      {"GetQueryResults", table{columns: a.columns, rows: [][]any{{}}}.page(0, 1), "a row has 0 values, but the answer has 1 columns"},
		"a long row":       {"GetQueryResults", table{columns: a.columns, rows: [][]any{{"1", "2"}}}.page(0, 1), "a row has 2 values, but the answer has 1 columns"},
		"a bad time":       {"GetQueryResults", table{columns: [][2]string{{"n", "timestamp"}}, rows: [][]any{{"noon"}}}.page(0, 1), `"noon" is not a timestamp`},
		"an unknown zone":  {"GetQueryResults", table{columns: [][2]string{{"n", "timestamp with time zone"}}, rows: [][]any{{"2026-02-03 04:05:06 Mars/Base"}}}.page(0, 1), "is not a timestamp with time zone"},
		"a bad boolean":    {"GetQueryResults", table{columns: [][2]string{{"n", "boolean"}}, rows: [][]any{{"maybe"}}}.page(0, 1), `"maybe" is not a boolean`},
		"a bad double":     {"GetQueryResults", table{columns: [][2]string{{"n", "double"}}, rows: [][]any{{"1,5"}}}.page(0, 1), `"1,5" is not a double`},
		"a bad date":       {"GetQueryResults", table{columns: [][2]string{{"n", "date"}}, rows: [][]any{{"today"}}}.page(0, 1), `"today" is not a date`},
		"results refused":  {"GetQueryResults", refusal{400, "InvalidRequestException", "Query did not finish successfully. Final query state: FAILED"}, "fetch the answer of query q-1: Query did not finish"},
		"status forbidden": {"GetQueryExecution", refusal{400, "AccessDeniedException", "not authorized to perform: athena:GetQueryExecution"}, "README.md says"},
	} {
		usual := answering(a)
		s := serve(t, func(c2 call) any {
			if c2.operation == c.operation {
				return c.answer
			}
			if c2.operation == "StopQueryExecution" {
				return map[string]any{}
			}
			return usual(c2)
		})
		_, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT n FROM samples"})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
		if stopped := len(s.made("StopQueryExecution")); stopped != map[string]int{"GetQueryExecution": 1}[c.operation] {
			t.Errorf("%s: stopped %d times", name, stopped)
		}
	}
}
