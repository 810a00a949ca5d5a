package lake_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

var start = time.Date(2026, 2, 28, 22, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *lake.Lake {
	t.Helper()
	return laketest.Open(t, dir)
}

func query(t *testing.T, l *lake.Lake, sql string) panels.Result {
	t.Helper()
	r, err := l.Query(t.Context(), panels.Query{SQL: sql})
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return r
}

// one returns the only row of a query, printed.
func one(t *testing.T, l *lake.Lake, sql string) string {
	t.Helper()
	r := query(t, l, sql)
	if r.Rows() != 1 {
		t.Fatalf("%s: %d rows", sql, r.Rows())
	}
	values := make([]string, len(r.Data))
	for i := range r.Data {
		values[i] = fmt.Sprint(r.Data[i][0])
	}
	return strings.Join(values, " ")
}

func TestColumnsAreTheContract(t *testing.T) {
	want := map[record.Type]string{
		record.Double: "DOUBLE", record.String: "VARCHAR", record.BigInt: "BIGINT", record.Integer: "INTEGER",
		record.Timestamp: "TIMESTAMP", record.StringMap: "MAP(VARCHAR, VARCHAR)",
	}
	full := t.TempDir()
	laketest.Write(t, full, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))
	for name, dir := range map[string]string{"empty": t.TempDir(), "full": full} {
		t.Run(name, func(t *testing.T) {
			r := query(t, open(t, dir), "SELECT column_name, column_type FROM (DESCRIBE samples)")
			columns := record.Columns()
			if r.Rows() != len(columns)+len(record.PartitionKeys()) {
				t.Fatalf("%d columns", r.Rows())
			}
			for i, c := range columns {
				wantType := want[c.Type]
				if c.IsList() {
					var fields []string
					for _, f := range c.Fields {
						fields = append(fields, f.Name+" "+want[f.Type])
					}
					wantType = "STRUCT(" + strings.Join(fields, ", ") + ")[]"
				}
				if typ := strings.ReplaceAll(fmt.Sprint(r.Data[1][i]), `"`, ""); r.Data[0][i] != c.Name || typ != wantType {
					t.Errorf("column %d is %v %v, want %s %s", i, r.Data[0][i], typ, c.Name, wantType)
				}
			}
			for i, key := range record.PartitionKeys() {
				if j := len(columns) + i; r.Data[0][j] != key || r.Data[1][j] != "VARCHAR" {
					t.Errorf("key %d is %v %v, want %s VARCHAR", i, r.Data[0][j], r.Data[1][j], key)
				}
			}
		})
	}
}

func TestEmptyLake(t *testing.T) {
	l := open(t, t.TempDir())
	if got := one(t, l, "SELECT count(*), max(cpu_pct) FROM samples"); got != "0 <nil>" {
		t.Errorf("got %s", got)
	}
	if _, ok, err := l.Newest(t.Context(), start); ok || err != nil {
		t.Errorf("newest of an empty lake: %v %v", ok, err)
	}
}

func TestDirectoryMayBeLakeBucketOrPrefix(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Samples(2, start, start.Add(3*time.Hour), time.Minute)
	laketest.Write(t, dir, samples)
	want := fmt.Sprint(len(samples)) + " 22 23"
	for _, sub := range []string{"", "metricsdashboard-lake", laketest.Prefix} {
		l := open(t, filepath.Join(dir, sub))
		if got := one(t, l, "SELECT count(*), min(hour) FILTER (day = '28'), max(hour) FROM samples"); got != want {
			t.Errorf("%q: got %s, want %s", sub, got, want)
		}
	}
}

func TestNewFilesShowUp(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	samples := laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second)
	for i := 1; i <= 3; i++ {
		laketest.Write(t, dir, samples)
		if got, want := one(t, l, "SELECT count(*) FROM samples"), fmt.Sprint(i*len(samples)); got != want {
			t.Fatalf("after %d files: %s rows, want %s", i, got, want)
		}
	}
	newest, ok, err := l.Newest(t.Context(), start.Add(time.Hour))
	if want := start.Add(57 * time.Second); !ok || err != nil || !newest.Equal(want) {
		t.Errorf("newest is %v %v %v, want %v", newest, ok, err, want)
	}
}

func TestNewestIgnoresClocksAhead(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start, start.Add(3*time.Hour), time.Minute))
	now := start.Add(90*time.Minute + time.Second)
	newest, ok, err := open(t, dir).Newest(t.Context(), now)
	if want := start.Add(90 * time.Minute); !ok || err != nil || !newest.Equal(want) {
		t.Errorf("newest is %v %v %v, want %v", newest, ok, err, want)
	}
}

// TestParametersOfOtherQueries: a query that Bind did not write may have parameters too.
func TestParametersOfOtherQueries(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(2, start, start.Add(time.Minute), 3*time.Second))
	l := open(t, dir)
	host := one(t, l, "SELECT min(hostname) FROM samples")
	r, err := l.Query(t.Context(), panels.Query{SQL: "SELECT count(*) FROM samples WHERE hostname = ? AND seq < ?", Args: []any{host, int64(5)}})
	if err != nil || r.Data[0][0] != int64(5) {
		t.Errorf("%v samples, %v, want 5", r.Data, err)
	}
}

func TestValuesAreRead(t *testing.T) {
	dir := t.TempDir()
	golden := recordtest.Golden()
	laketest.Write(t, dir, golden)
	l := open(t, dir)
	for _, s := range golden {
		r := query(t, l, fmt.Sprintf(`SELECT hostname, cpu_pct, tags, ram_total_bytes, event_time, epoch(event_time) - ts
			FROM samples WHERE session_id = '%s' AND round(ts * 1000) = %d AND year = '2026'`, s.SessionID, record.Millis(s.TS)))
		if r.Rows() != 1 {
			t.Fatalf("%s %d: %d rows", s.SessionID, s.Seq, r.Rows())
		}
		if r.Data[0][0] != s.Hostname {
			t.Errorf("hostname %q, want %q", r.Data[0][0], s.Hostname)
		}
		want, present := s.CPUPct.Get()
		if got := r.Data[1][0]; present != (got != nil) || present && fmt.Sprintf("%.2f", got) != fmt.Sprintf("%.2f", want) {
			t.Errorf("cpu_pct %v, want %v %v", got, want, present)
		}
		tags, _ := r.Data[2][0].(map[string]any)
		if len(tags) != len(s.Tags) {
			t.Errorf("tags %v, want %v", r.Data[2][0], s.Tags)
		}
		for key, value := range s.Tags {
			if tags[key] != value {
				t.Errorf("tag %s is %v, want %q", key, tags[key], value)
			}
		}
		if total, present := s.RAMTotalBytes.Get(); present && r.Data[3][0] != total || !present && r.Data[3][0] != nil {
			t.Errorf("ram_total_bytes %v, want %v", r.Data[3][0], total)
		}
		if at, _ := r.Data[4][0].(time.Time); record.Millis(s.TS) != at.UnixMilli() {
			t.Errorf("event_time %v, want that of %v", r.Data[4][0], s.TS)
		}
	}
}

func TestOlderSchema(t *testing.T) {
	dir := t.TempDir()
	old := laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second)
	laketest.Write(t, dir, old, "cpu_pressure_pct", "tags", "_processed_timestamp")
	laketest.Write(t, dir, laketest.Samples(1, start.Add(time.Minute), start.Add(2*time.Minute), 3*time.Second))
	got := one(t, open(t, dir), "SELECT count(*), count(cpu_pressure_pct), count(tags), count(cpu_pct) FROM samples")
	if got != "40 20 20 40" {
		t.Errorf("got %s", got)
	}
}

func TestColumnOfAnotherTypeIsCast(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second)
	laketest.Write(t, dir, samples)
	// The table of another producer: uptime is text, and there are no other columns.
	hour := filepath.Join(dir, laketest.Prefix, "year=2026", "month=02", "day=28", "hour=22")
	writeForeign(t, filepath.Join(hour, "foreign.parquet"))
	if got := one(t, open(t, dir), "SELECT count(*), max(uptime_s), count(uptime_s) FROM samples WHERE session_id = 'foreign'"); got != "2 77 1" {
		t.Errorf("got %s", got)
	}
}

func TestOnlyDataFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second)
	path := laketest.Write(t, dir, samples)[0]
	hour := filepath.Dir(path)
	bucket := filepath.Join(dir, "metricsdashboard-lake")
	errorHour := filepath.Join(bucket, "errors", "format-conversion-failed", "year=2026", "month=02", "day=28", "hour=22")
	stray := filepath.Join(bucket, "analytics", "year=2026", "month=xx", "day=28", "hour=22")
	for _, d := range []string{errorHour, stray} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		laketest.WriteFile(t, filepath.Join(d, "a.parquet"), samples)
	}
	for _, name := range []string{".half.parquet", "_temporary.parquet"} {
		if err := os.WriteFile(filepath.Join(hour, name), []byte("PAR1"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := query(t, open(t, dir), "SELECT count(*) FROM samples")
	if r.Data[0][0] != int64(len(samples)) || len(r.Warnings) != 0 {
		t.Errorf("%v rows, want %d; warnings %q", r.Data[0][0], len(samples), r.Warnings)
	}
}

func TestBrokenFilesAreLeftOutAndNamed(t *testing.T) {
	whole, err := os.ReadFile(laketest.Write(t, t.TempDir(), laketest.Samples(1, start, start.Add(time.Hour), 3*time.Second))[0])
	if err != nil {
		t.Fatal(err)
	}
	scribbled := append([]byte(nil), whole...)
	for i := 4; i < len(scribbled)*3/4; i++ {
		scribbled[i] ^= 0xa5
	}
	cases := map[string][]byte{
		"empty":             {},
		"rubbish":           []byte("this is no Parquet file at all, but it is long enough to hold a footer"),
		"magic only":        []byte("PAR1"),
		"cut in the middle": whole[:len(whole)/2],
		"without its end":   whole[:len(whole)-1],
		"pages overwritten": scribbled,
	}
	for name, content := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			samples := laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second)
			good := laketest.Write(t, dir, samples)[0]
			bad := filepath.Join(filepath.Dir(good), "bad.parquet")
			if err := os.WriteFile(bad, content, 0o600); err != nil {
				t.Fatal(err)
			}
			l := open(t, dir)
			for range 2 {
				r := query(t, l, "SELECT count(*), sum(cpu_pct), count(DISTINCT hostname) FROM samples")
				if r.Data[0][0] != int64(len(samples)) {
					t.Errorf("%v rows, want %d", r.Data[0][0], len(samples))
				}
				if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "bad.parquet") || strings.Contains(r.Warnings[0], "\n") {
					t.Errorf("warnings %q", r.Warnings)
				}
			}
			// It is read as soon as it is complete.
			laketest.WriteFile(t, bad, samples)
			if got, want := one(t, l, "SELECT count(*) FROM samples"), fmt.Sprint(2*len(samples)); got != want {
				t.Errorf("after the repair: %s rows, want %s", got, want)
			}
		})
	}
}

func TestOnlyNeededPartitionsAreScanned(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start.Add(-48*time.Hour), start, 10*time.Minute))
	l := open(t, dir)
	// Without a range in the query, DuckDB itself skips files by their partition.
	plan := one(t, l, `EXPLAIN ANALYZE SELECT avg(cpu_pct) FROM samples
		WHERE year = '2026' AND year || month || day || hour BETWEEN '2026022720' AND '2026022722'`)
	if !strings.Contains(plan, "Scanning Files: 3/48") {
		t.Errorf("the plan does not say that 3 of 48 files were scanned:\n%s", plan)
	}
	// With a range, the view does not contain other files.
	hour := time.Date(2026, 2, 27, 20, 0, 0, 0, time.UTC)
	r, err := l.Query(t.Context(), panels.Query{
		SQL:   "SELECT count(*), min(hour), max(hour) FROM samples",
		Range: panels.Range{From: hour.Add(30 * time.Minute), To: hour.Add(90 * time.Minute)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Data); got != "[[12] [20] [21]]" {
		t.Errorf("got %s", got)
	}
}

// The lake does not check the text of a panel's query when it runs it. So each must pass here, and one that somebody changed is checked.
func TestBoundQueries(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))
	l := open(t, dir)
	rolled := panels.DuckDB().WithRollups(func(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
		return []panels.Part{{Relation: grain.Table(), Of: grain, Range: r}, {Relation: panels.Rollup{}.Without(grain), Range: r}}, nil
	})
	for _, form := range []panels.Form{panels.DuckDB(), rolled} {
		r := panels.Range{From: start.Add(-48 * time.Hour), To: start.Add(time.Minute)}
		for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
			for _, p := range d.Panels {
				q, err := panels.Bind(p, panels.Params{Range: r, Bucket: time.Hour, Series: 3, Delay: time.Minute}, form)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.Inspect(t.Context(), q.SQL); err != nil || !q.Bound() {
					t.Errorf("%s: %v, bound: %v", p.ID, err, q.Bound())
				}
				if twice, err := l.ColumnsTwice(t.Context(), q.SQL); err != nil || len(twice) > 0 {
					t.Errorf("%s selects %v twice, which Trino refuses: %v", p.ID, twice, err)
				}
				q.SQL = "SELECT * FROM read_text('/etc/passwd')"
				if _, err := l.Query(t.Context(), q); err == nil || !strings.Contains(err.Error(), "read_text") {
					t.Errorf("%s: a text in the place of the panel's: %v", p.ID, err)
				}
			}
		}
	}
}

func TestNothingButQueries(t *testing.T) {
	dir := t.TempDir()
	path := laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))[0]
	outside := t.TempDir()
	l := open(t, dir)
	inside := l.Dir()
	refused := []string{
		"COPY samples TO '" + inside + "/out.parquet'",
		"COPY samples TO '" + outside + "/out.csv'",
		"EXPLAIN ANALYZE COPY samples TO '" + inside + "/out.csv'",
		"EXPLAIN /* */ ANALYZE COPY samples TO '" + inside + "/out.csv'",
		"EXPLAIN (ANALYZE) COPY samples TO '" + inside + "/out.csv'",
		"EXPORT DATABASE '" + inside + "/x'",
		"ATTACH '" + inside + "/x.db' AS x",
		"ATTACH '" + outside + "/x.db' AS x",
		"SELECT * FROM read_text('/etc/passwd')",
		"SELECT * FROM read_csv('/etc/passwd')",
		"SELECT * FROM '" + outside + "/x.parquet'",
		"SELECT * FROM glob('/etc/*')",
		"SELECT * FROM read_text('" + inside + "/../../../etc/passwd')",
		"SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
		"SET enable_external_access = true",
		"SET lock_configuration = false",
		"RESET allowed_directories",
		"INSTALL httpfs",
		"LOAD httpfs",
		"PRAGMA enable_profiling",
		"CALL enable_logging()",
		"CREATE TABLE t AS SELECT 1",
		"CREATE OR REPLACE TEMP VIEW samples AS SELECT 1",
		"DROP VIEW samples",
		"SELECT 1; COPY samples TO '" + inside + "/out.csv'",
		"COPY samples TO '" + inside + "/out.csv'; SELECT 1",
		"VACUUM",
		"CHECKPOINT",
		"SELECT getenv('HOME')",
		"SELECT * FROM duckdb_settings()",
		"SELECT * FROM which_secret('s3://x', 's3')",
		"SELECT * FROM query('SELECT 1')",
		"SELECT * FROM query_table(['" + path + "'])",
		"PIVOT samples ON os USING count(*)",
		"SELECT * FROM x.y.z",
		"SELECT * FROM sqlite_master",
		"SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
		"SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
		"DESCRIBE '" + path + "'",
		"SUMMARIZE '" + path + "'",
		"SHOW '" + path + "'",
		"EXPLAIN ANALYZE SELECT * FROM '" + path + "'",
		"EXPLAIN ANALYZE/**/ SELECT * FROM '" + path + "'",
		"EXPLAIN/**/ANALYZE SELECT * FROM '" + path + "'",
		"/**/EXPLAIN SELECT * FROM '" + path + "'",
		// A common table expression with the name of a file does not make the file readable elsewhere in the query.
		"SELECT * FROM '" + path + "' WHERE 1 = (WITH \"" + path + "\" AS (SELECT 1) SELECT 1)",
		"",
		"-- nothing",
	}
	// All that reads a file refuses a file of the lake too, by its path, and wherever the query names it.
	for _, reader := range []string{
		"read_parquet('%s')", "parquet_scan('%s')", "parquet_metadata('%s')", "parquet_schema('%s')", "read_csv('%s')", "read_csv_auto('%s')",
		"sniff_csv('%s')", "read_text('%s')", "read_blob('%s')", "read_json('%s')", "read_json_auto('%s')", "read_ndjson('%s')",
		"read_json_objects('%s')", "glob('%s')", "'%s'", "\"%s\"", "READ_TEXT('%s')", "main.read_text('%s')", "system.main.read_text('%s')",
	} {
		source := fmt.Sprintf(reader, path)
		refused = append(refused, "SELECT * FROM "+source, "FROM "+source, "SELECT 1 WHERE EXISTS (FROM "+source+")",
			"WITH a AS (SELECT * FROM "+source+") SELECT 1 FROM samples", "SELECT 1 UNION ALL SELECT 1 FROM "+source,
			"SELECT (SELECT count(*) FROM "+source+")", "SELECT 1 FROM samples s JOIN LATERAL (SELECT s.ts FROM "+source+") x ON true",
			"SELECT 1 ORDER BY (SELECT count(*) FROM "+source+")", "DESCRIBE SELECT * FROM "+source, "FROM (PIVOT "+source+" ON 1 USING count(*))",
			"SELECT [x FOR x IN [(SELECT count(*) FROM "+source+")]]", "EXPLAIN SELECT * FROM "+source)
	}
	for _, text := range refused {
		if r, err := l.Query(t.Context(), panels.Query{SQL: text}); err == nil {
			t.Errorf("%s: gave %v", text, r.Data)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error of several lines: %v", text, err)
		}
	}
	for _, d := range []string{inside, outside} {
		err := filepath.WalkDir(d, func(p string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && p != path && filepath.Base(p) != filepath.Base(path) {
				t.Errorf("a file was written: %s", p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	allowed := []string{
		"SELECT 1", " with a as (select 1) select * from a", "FROM samples", "DESCRIBE samples", "SUMMARIZE samples",
		"SELECT * FROM range(3), unnest([1, 2]) AS u(x)", "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r",
		"FROM samples PIVOT (count(*) FOR os IN ('linux'))", "SELECT column_name FROM information_schema.columns WHERE table_name = 'samples'",
		"TABLE samples", "SELECT * FROM SAMPLES s POSITIONAL JOIN samples_once",
		"explain select 1", "EXPLAIN ANALYZE SELECT count(*) FROM samples", "SHOW TABLES", "VALUES (1)", "SELECT 1;",
	}
	for _, text := range allowed {
		if _, err := l.Query(t.Context(), panels.Query{SQL: text}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		filepath.Join(t.TempDir(), "no"): "does not exist",
		file:                             "is not a directory",
	} {
		if _, err := lake.Open(dir, lake.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", dir, err, want)
		}
	}
}

func TestAwkwardDirectoryName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "it's a [lake] *?")
	laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))
	if got := one(t, open(t, dir), "SELECT count(*) FROM samples"); got != "20" {
		t.Errorf("got %s", got)
	}
}

func TestRowLimitAndCancellation(t *testing.T) {
	l, err := lake.Open(t.TempDir(), lake.Options{MaxRows: 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := l.Query(t.Context(), panels.Query{SQL: "SELECT * FROM range(11)"}); err == nil {
		t.Error("more rows than allowed")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Query(ctx, panels.Query{SQL: "SELECT count(*) FROM range(100000000000) a"}); err == nil {
		t.Error("a cancelled query gave a result")
	}
}

// TestOnce reads a lake with a second copy of half of its samples, in other files.
func TestOnce(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Samples(3, start, start.Add(time.Minute), 3*time.Second)
	laketest.Write(t, dir, samples)
	laketest.Write(t, dir, samples[:len(samples)/2])
	l := open(t, dir)
	n := len(samples)
	if got, want := one(t, l, "SELECT count(*), count(DISTINCT session_id || '/' || CAST(seq AS VARCHAR)) FROM samples"), fmt.Sprint(n+n/2, n); got != want {
		t.Fatalf("the fixture has %s, want %s", got, want)
	}
	if got, want := one(t, l, "SELECT count(*), count(DISTINCT session_id || '/' || CAST(seq AS VARCHAR)), count(DISTINCT hour) FROM samples_once"), fmt.Sprint(n, n, 1); got != want {
		t.Errorf("once has %s, want %s", got, want)
	}
	r := query(t, l, "SELECT * FROM samples_once LIMIT 1")
	all := query(t, l, "SELECT * FROM samples LIMIT 1")
	if !slices.Equal(r.Columns, all.Columns) {
		t.Errorf("columns %v, want %v", r.Columns, all.Columns)
	}
	plan := fmt.Sprint(query(t, l, "EXPLAIN SELECT max(cpu_pct) FROM samples_once WHERE hour = '22' AND ts >= 1772316010.0").Data)
	scan := plan[strings.LastIndex(plan, "WINDOW"):]
	if !strings.Contains(scan, "ts>=") {
		t.Errorf("the condition is evaluated after the copies are found:\n%s", plan)
	}
}

// TestOTelNames: samples_otel has the same rows with the names and units of OpenTelemetry.
func TestOTelNames(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(3, start, start.Add(time.Minute), 3*time.Second))
	l := open(t, dir)
	got := one(t, l, "SELECT count(*), count(DISTINCT host_name), round(avg(system_cpu_utilization_user), 6), round(sum(system_network_io_transmit)), max(ts), min(hour) FROM samples_otel")
	want := one(t, l, "SELECT count(*), count(DISTINCT hostname), round(avg(cpu_user_pct) / 100, 6), round(sum(net_bytes_sent_per_s)), max(ts), min(hour) FROM samples")
	if got != want {
		t.Errorf("samples_otel has %s, want %s", got, want)
	}
	if r, all := query(t, l, "SELECT * FROM samples_otel LIMIT 1"), query(t, l, "SELECT * FROM samples LIMIT 1"); len(r.Columns) != len(all.Columns) {
		t.Errorf("%d columns, want %d", len(r.Columns), len(all.Columns))
	}
}

// TestOnceKeepsWhatCannotBeToldApart: rows without session_id or seq stay, because nothing shows that they are copies.
func TestOnceKeepsWhatCannotBeToldApart(t *testing.T) {
	dir := t.TempDir()
	hour := filepath.Join(dir, laketest.Prefix, "year=1970", "month=01", "day=01", "hour=00")
	if err := os.MkdirAll(hour, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.parquet", "b.parquet"} {
		writeForeign(t, filepath.Join(hour, name)) // two rows without seq
	}
	if got := one(t, open(t, dir), "SELECT count(*), count(seq) FROM samples_once"); got != "4 0" {
		t.Errorf("%s rows, want 4", got)
	}
}
