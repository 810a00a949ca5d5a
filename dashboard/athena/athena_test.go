package athena_test

import (
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
	if strings.Contains(text, "neil") || parameters != "['o''neil']" {
		t.Errorf("text %s\nparameters %s", text, parameters)
	}
	// Numbers are not a viewer's texts. They are part of the SQL.
	if !strings.Contains(text, "floor(ts / 15) * 15 AS t") || !strings.Contains(text, "ts >= 1770118200 AND") || !strings.Contains(text, "ELSE 12 END\n") {
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
	for _, q := range []panels.Query{e.Own("SELECT count(*) FROM samples s;\n", panels.Range{}), boundFor(t, e.Form(t.Context()), "hosts-cpu")} {
		if _, err := e.Query(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{`WITH samples AS (SELECT * FROM "metrics"."host_samples")`, `    FROM "metrics"."host_samples"`} {
		if text := s.made("StartQueryExecution")[i].text("QueryString"); !strings.Contains(text, want+"\n") {
			t.Errorf("sent %s", text)
		}
	}
}
