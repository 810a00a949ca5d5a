package athena_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

func TestQueryIsSentWithItsValuesApart(t *testing.T) {
	s := serve(t, answering(table{columns: [][2]string{{"host", "varchar"}}}))
	q := bound(t, "disk-busy")
	if _, err := s.engine(t).Query(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	c := s.made("StartQueryExecution")[0]
	text := c.text("QueryString")
	context, _ := c.body["QueryExecutionContext"].(map[string]any)
	if c.text("WorkGroup") != "W" || context["Database"] != "metrics" || len(c.text("ClientRequestToken")) < 32 {
		t.Errorf("sent %v", c.body)
	}
	if _, ok := c.body["ResultReuseConfiguration"]; ok {
		t.Error("an answer is reused although not asked for")
	}
	parameters := fmt.Sprint(c.body["ExecutionParameters"])
	if strings.Contains(text, "neil") || !strings.Contains(parameters, "'o''neil'") || !strings.Contains(parameters, "CAST(1770118200 AS double)") ||
		!strings.Contains(parameters, " 12 ") && !strings.HasSuffix(parameters, " 12]") {
		t.Errorf("text %s\nparameters %s", text, parameters)
	}
	// Athena takes parameters in WHERE only; what stands elsewhere is a number of ours.
	if !strings.Contains(text, "floor(ts / CAST(15 AS double)) * CAST(15 AS double) AS t") {
		t.Errorf("text %s", text)
	}
}

func TestReuseOfAnswers(t *testing.T) {
	s := serve(t, answering(table{columns: [][2]string{{"host", "varchar"}}, scanned: 50 << 20, reused: true}))
	e := s.engine(t, func(_ *athena.Target, o *athena.Options) {
		o.Reuse, o.Now = 5*time.Minute, func() time.Time { return now }
	})
	live := bound(t, "hosts-cpu")
	past := bound(t, "hosts-cpu", func(p *panels.Params) { p.Range.From, p.Range.To = now.Add(-3*time.Hour), now.Add(-2*time.Hour) })
	for i, c := range []struct {
		query panels.Query
		want  float64
	}{{live, 5}, {past, 60}, {panels.Query{SQL: "SELECT 1"}, 5}} {
		r, err := e.Query(t.Context(), c.query)
		if err != nil {
			t.Fatal(err)
		}
		if *r.Cost != (panels.Cost{Reused: true}) {
			t.Errorf("a reused answer cost %+v", *r.Cost)
		}
		age := s.made("StartQueryExecution")[i].body["ResultReuseConfiguration"]
		want := map[string]any{"ResultReuseByAgeConfiguration": map[string]any{"Enabled": true, "MaxAgeInMinutes": c.want}}
		if !reflect.DeepEqual(age, want) {
			t.Errorf("query %d reuses %v, want %v", i, age, want)
		}
	}
	for _, bad := range []time.Duration{-time.Minute, time.Second, athena.MaxReuse + time.Minute} {
		if _, err := athena.New(s.config(), target, athena.Options{Reuse: bad}); err == nil {
			t.Errorf("reuse of %v is accepted", bad)
		}
	}
}

func TestCost(t *testing.T) {
	for name, c := range map[string]struct {
		answer table
		want   panels.Cost
	}{
		"the least":     {table{scanned: 1}, panels.Cost{ScannedBytes: 1, USD: 10 * 5.0 / (1 << 20)}},
		"nothing read":  {table{}, panels.Cost{USD: 10 * 5.0 / (1 << 20)}},
		"just above it": {table{scanned: 10<<20 + 1}, panels.Cost{ScannedBytes: 10<<20 + 1, USD: 11 * 5.0 / (1 << 20)}},
		"a tebibyte":    {table{scanned: 1 << 40}, panels.Cost{ScannedBytes: 1 << 40, USD: 5}},
		"reused":        {table{scanned: 1 << 40, reused: true}, panels.Cost{Reused: true}},
		"catalog only":  {table{kind: "UTILITY", scanned: 0}, panels.Cost{}},
	} {
		c.answer.columns = [][2]string{{"a", "varchar"}}
		e := serve(t, answering(c.answer)).engine(t)
		for range 2 {
			r, err := e.Query(t.Context(), panels.Query{SQL: "SELECT a FROM samples"})
			if err != nil || r.Cost == nil || *r.Cost != c.want {
				t.Errorf("%s: %+v, %v, want %+v", name, r.Cost, err, c.want)
			}
		}
		if spent := e.Spent(); spent.ScannedBytes != 2*c.want.ScannedBytes || math.Abs(spent.USD-2*c.want.USD) > 1e-12 {
			t.Errorf("%s: spent %+v", name, spent)
		}
	}
}

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
		if pages, want := len(s.made("GetQueryResults")), max((n+1+999)/1000, 1); pages != want {
			t.Errorf("%d rows in %d pages, want %d", n, pages, want)
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
	if n := len(s.made("GetQueryResults")); n != 2 {
		t.Errorf("%d pages were fetched for 1500 rows", n)
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

// TestHeader holds what is the header and what is a row that looks like it.
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
		"no id":            {"StartQueryExecution", map[string]any{}, "does not say its id"},
		"no execution":     {"GetQueryExecution", map[string]any{}, "the answer has no status"},
		"no status":        {"GetQueryExecution", map[string]any{"QueryExecution": map[string]any{}}, "the answer has no status"},
		"not JSON":         {"GetQueryExecution", "<html>", "ask about query q-1"},
		"no result":        {"GetQueryResults", map[string]any{}, "has no rows"},
		"no columns":       {"GetQueryResults", map[string]any{"ResultSet": map[string]any{"Rows": []any{}}}, "does not say its columns"},
		"a bad number":     {"GetQueryResults", table{columns: a.columns, rows: [][]any{{"one"}}}.page(0, 1), `column n: "one" is not a bigint`},
		"a short row":      {"GetQueryResults", table{columns: a.columns, rows: [][]any{{}}}.page(0, 1), "a row has 0 values, the answer 1 columns"},
		"a long row":       {"GetQueryResults", table{columns: a.columns, rows: [][]any{{"1", "2"}}}.page(0, 1), "a row has 2 values, the answer 1 columns"},
		"a bad time":       {"GetQueryResults", table{columns: [][2]string{{"n", "timestamp"}}, rows: [][]any{{"noon"}}}.page(0, 1), `"noon" is not a timestamp`},
		"an unknown zone":  {"GetQueryResults", table{columns: [][2]string{{"n", "timestamp with time zone"}}, rows: [][]any{{"2026-02-03 04:05:06 Mars/Base"}}}.page(0, 1), "is not a timestamp with time zone"},
		"a bad boolean":    {"GetQueryResults", table{columns: [][2]string{{"n", "boolean"}}, rows: [][]any{{"maybe"}}}.page(0, 1), `"maybe" is not a boolean`},
		"a bad double":     {"GetQueryResults", table{columns: [][2]string{{"n", "double"}}, rows: [][]any{{"1,5"}}}.page(0, 1), `"1,5" is not a double`},
		"a bad date":       {"GetQueryResults", table{columns: [][2]string{{"n", "date"}}, rows: [][]any{{"today"}}}.page(0, 1), `"today" is not a date`},
		"results refused":  {"GetQueryResults", refusal{400, "InvalidRequestException", "Query did not finish successfully. Final query state: FAILED"}, "fetch the answer of query q-1: Query did not finish"},
		"status forbidden": {"GetQueryExecution", refusal{400, "AccessDeniedException", "not authorized to perform: athena:GetQueryExecution"}, "README lists"},
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

func TestQueriesThatEndWithoutAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		state, reason string
		want          string
	}{
		"failed":      {"FAILED", "SYNTAX_ERROR: line 1:8: Column 'cpu' cannot be resolved", "query q-1 failed: SYNTAX_ERROR: line 1:8: Column 'cpu'"},
		"scan limit":  {"CANCELLED", "Bytes scanned limit was exceeded", "athenaScanLimitGb"},
		"scan, too":   {"FAILED", "Bytes scanned limit was exceeded", "choose a shorter time range"},
		"cancelled":   {"CANCELLED", "Query cancelled by user", "query q-1 was cancelled in Athena: Query cancelled by user"},
		"no reason":   {"FAILED", "", "query q-1 failed: Athena gives no reason"},
		"exhausted":   {"FAILED", "Query exhausted resources at this scale factor", "exhausted resources"},
		"no such key": {"FAILED", "HIVE_CANNOT_OPEN_SPLIT: …", "HIVE_CANNOT_OPEN_SPLIT"},
	} {
		s := serve(t, func(call call) any {
			if call.operation == "GetQueryExecution" {
				return table{}.execution(c.state, c.reason)
			}
			return map[string]any{"QueryExecutionId": "q-1"}
		})
		e := s.engine(t)
		_, err := e.Query(t.Context(), panels.Query{SQL: "SELECT 1"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
		if n := len(s.made("GetQueryResults")) + len(s.made("StopQueryExecution")); n != 0 || e.Spent() != (panels.Cost{}) {
			t.Errorf("%s: %d more calls, spent %+v", name, n, e.Spent())
		}
	}
}

func TestCancelledQueryIsStopped(t *testing.T) {
	for name, when := range map[string]string{"while it starts": "StartQueryExecution", "while it runs": "GetQueryExecution"} {
		ctx, cancel := context.WithCancel(t.Context())
		s := serve(t, func(c call) any {
			if c.operation == when {
				cancel()
			}
			if c.operation == "GetQueryExecution" {
				return table{}.execution("RUNNING", "")
			}
			return map[string]any{"QueryExecutionId": "q-7"}
		})
		_, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v", name, err)
		}
		if stops := s.made("StopQueryExecution"); len(stops) != 1 || stops[0].text("QueryExecutionId") != "q-7" {
			t.Errorf("%s: stopped %v", name, stops)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := serve(t, answering(table{}))
	if _, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"}); !errors.Is(err, context.Canceled) || len(s.calls) != 0 {
		t.Errorf("cancelled before: %v, %d calls", err, len(s.calls))
	}
}

func TestTimeoutStopsTheQueryAndSaysIfThatFails(t *testing.T) {
	s := serve(t, func(c call) any {
		switch c.operation {
		case "StartQueryExecution":
			return map[string]any{"QueryExecutionId": "q-7"}
		case "StopQueryExecution":
			return refusal{400, "AccessDeniedException", "not authorized to perform: athena:StopQueryExecution"}
		}
		return table{}.execution("QUEUED", "")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.engine(t).Query(ctx, panels.Query{SQL: "SELECT 1"})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stop query q-7, which goes on and may cost") {
		t.Errorf("error is %v", err)
	}
}

func TestThrottledRequestsAreRepeated(t *testing.T) {
	usual := answering(table{columns: [][2]string{{"n", "bigint"}}, rows: [][]any{{"1"}}})
	left := 2
	s := serve(t, func(c call) any {
		if c.operation == "StartQueryExecution" && left > 0 {
			left--
			return refusal{400, "TooManyRequestsException", "Rate exceeded"}
		}
		return usual(c)
	})
	if r, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT 1"}); err != nil || r.Rows() != 1 {
		t.Errorf("%v, %v", r, err)
	}
	tokens := map[string]bool{}
	for _, c := range s.made("StartQueryExecution") {
		tokens[c.text("ClientRequestToken")] = true
	}
	if len(s.made("StartQueryExecution")) != 3 || len(tokens) != 1 {
		t.Errorf("%d starts with %d tokens: a repeated one must not start a second query", len(s.made("StartQueryExecution")), len(tokens))
	}
}

func TestRefusedRequests(t *testing.T) {
	for code, c := range map[string]struct{ message, want string }{
		"InvalidRequestException":     {"WorkGroup W is not found.", "deploy it again or choose another with --stack"},
		"ExpiredTokenException":       {"The security token included in the request is expired", "sign in again (aws sso login)"},
		"AccessDeniedException":       {"User: x is not authorized to perform: athena:StartQueryExecution", "README lists"},
		"UnrecognizedClientException": {"The security token included in the request is invalid.", "check AWS_PROFILE"},
		"TooManyRequestsException":    {"You have exceeded the limit for the number of queries", "try again in a minute"},
	} {
		s := serve(t, func(call) any { return refusal{400, code, c.message} })
		_, err := s.engine(t).Query(t.Context(), panels.Query{SQL: "SELECT 1"})
		if err == nil || !strings.HasPrefix(err.Error(), "start a query in the workgroup W in eu-north-1: ") || !strings.Contains(err.Error(), c.want) ||
			strings.Contains(err.Error(), "https response error") {
			t.Errorf("%s: error is %v, want %q", code, err, c.want)
		}
	}
}

func TestOnlyQueriesAreRun(t *testing.T) {
	s := serve(t, answering(table{columns: [][2]string{{"n", "bigint"}}}))
	e := s.engine(t)
	for _, bad := range []string{
		"DROP TABLE samples", "INSERT INTO samples SELECT * FROM samples", "DELETE FROM samples", "CREATE TABLE t AS SELECT 1", "",
		"UNLOAD (SELECT 1) TO 's3://x/' WITH (format = 'PARQUET')", "EXPLAIN ANALYZE DELETE FROM samples", "/* SELECT */ DROP TABLE samples",
		"-- SELECT\nDROP TABLE samples", "MSCK REPAIR TABLE samples", "EXECUTE p", "PREPARE p FROM SELECT 1", "SELECTX", "ALTER TABLE samples DROP PARTITION (year = '2026')",
	} {
		if _, err := e.Query(t.Context(), panels.Query{SQL: bad}); err == nil || !strings.Contains(err.Error(), "only queries") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if len(s.calls) != 0 {
		t.Errorf("%d calls", len(s.calls))
	}
	for _, good := range []string{
		"SELECT 1", "select 1;", "  \n-- a note\n/* and\nanother */ WITH a AS (SELECT 1) SELECT * FROM a ;\n", "(SELECT 1)", "VALUES 1", "TABLE samples",
		"EXPLAIN SELECT 1", "EXPLAIN ANALYZE VERBOSE SELECT 1", "EXPLAIN (FORMAT JSON) SELECT 1", "SHOW TABLES", "DESCRIBE samples", "show create table samples",
	} {
		if _, err := e.Query(t.Context(), panels.Query{SQL: good}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, c := range s.made("StartQueryExecution") {
		if _, ok := c.body["ExecutionParameters"]; ok || strings.HasSuffix(strings.TrimSpace(c.text("QueryString")), ";") {
			t.Errorf("sent %v", c.body)
		}
	}
}

func TestTableOfAnotherName(t *testing.T) {
	s := serve(t, answering(table{columns: [][2]string{{"n", "bigint"}}}))
	e := s.engine(t, func(to *athena.Target, _ *athena.Options) { to.Table = "host_samples" })
	for _, q := range []panels.Query{{SQL: "SELECT count(*) FROM samples s"}, bound(t, "hosts-cpu")} {
		if _, err := e.Query(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range s.made("StartQueryExecution") {
		if !strings.HasPrefix(c.text("QueryString"), `WITH samples AS (SELECT * FROM "metrics"."host_samples")`) {
			t.Errorf("sent %s", c.text("QueryString"))
		}
	}
}
