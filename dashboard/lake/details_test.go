package lake_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// details prints the sensors of a session in order.
func details(t *testing.T, l *lake.Lake, session string) string {
	t.Helper()
	r := query(t, l, `SELECT s.name, s.celsius FROM (SELECT unnest(sensors) AS s FROM samples WHERE session_id = '`+session+`') ORDER BY s.name`)
	text := ""
	for i := range r.Rows() {
		text += fmt.Sprintf("%v=%v ", r.Data[0][i], r.Data[1][i])
	}
	return text
}

func TestDetailsAreRead(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, recordtest.Golden())
	l := open(t, dir)
	const full = "ff4ae39f6bb44fb8"
	if got, want := details(t, l, full), "coretemp Package id 0=54 nvme Composite=41.9 "; got != want {
		t.Errorf("sensors %s, want %s", got, want)
	}
	if got := one(t, l, `SELECT count(*), count(filesystems), count(sensors), count(*) FILTER (len(units) = 0) FROM samples`); got != "4 1 1 0" {
		t.Errorf("rows and lists: %s, want one list, NULL elsewhere", got)
	}
	if got := one(t, l, `SELECT p.name, p.unit, p.count, p.cpu_pct, p.read_bytes_per_s, p.pid FROM
		(SELECT processes[2] AS p FROM samples WHERE processes IS NOT NULL)`); got != "postgres 3f29c1b07a55 12 21.41 <nil> 2210" {
		t.Errorf("second process: %s", got)
	}
}

// Elements of other releases and producers have other fields. Fields are found by name. What is not there is NULL, and what does not fit
// is NULL without harm to the other fields, rows and files.
func TestElementsOfOtherFields(t *testing.T) {
	type row[E any] struct {
		TS        float64 `parquet:"ts"`
		SessionID string  `parquet:"session_id"`
		Sensors   E       `parquet:"sensors"`
	}
	type listRow[E any] struct {
		TS        float64 `parquet:"ts"`
		SessionID string  `parquet:"session_id"`
		Sensors   []E     `parquet:"sensors,list"`
	}
	type fewer struct {
		Name string `parquet:"name"`
	}
	type reordered struct {
		Celsius float64 `parquet:"celsius"`
		Chip    string  `parquet:"chip"`
		Name    string  `parquet:"NAME"`
	}
	type text struct {
		Name    string `parquet:"name"`
		Celsius string `parquet:"celsius"`
	}
	type nested struct {
		Name    string `parquet:"name"`
		Celsius fewer  `parquet:"celsius"`
	}
	type strange struct {
		Label fewer `parquet:"label"`
	}
	dir := t.TempDir()
	laketest.Write(t, dir, recordtest.Golden())
	hour := filepath.Join(dir, laketest.Prefix, "year=2026", "month=02", "day=03", "hour=04")
	want := map[string]string{}
	writeRow(t, hour, "fewer", listRow[fewer]{1, "fewer", []fewer{{"a"}, {"b"}}})
	want["fewer"] = "a=<nil> b=<nil> "
	writeRow(t, hour, "reordered", listRow[reordered]{1, "reordered", []reordered{{40.5, "x", "a"}, {41, "y", "b"}}})
	want["reordered"] = "a=40.5 b=41 "
	writeRow(t, hour, "text", listRow[text]{1, "text", []text{{"a", "hot"}, {"b", "41"}}})
	want["text"] = "a=<nil> b=41 "
	writeRow(t, hour, "nested", listRow[nested]{1, "nested", []nested{{"a", fewer{"b"}}}})
	want["nested"] = "a=<nil> "
	writeRow(t, hour, "none", listRow[strange]{1, "none", []strange{{fewer{"a"}}}})
	want["none"] = ""
	writeRow(t, hour, "old layout", row[[]reordered]{1, "old layout", []reordered{{40.5, "x", "a"}, {41, "y", "b"}}})
	want["old layout"] = "a=40.5 b=41 "
	writeRow(t, hour, "number", row[float64]{1, "number", 7})
	want["number"] = ""
	writeRow(t, hour, "numbers", listRow[float64]{1, "numbers", []float64{7}})
	want["numbers"] = "<nil>=<nil> "
	writeRow(t, hour, "object", row[fewer]{1, "object", fewer{"a"}})
	want["object"] = ""
	writeRow(t, hour, "map", row[map[string]string]{1, "map", map[string]string{"name": "a"}})
	want["map"] = ""
	l := open(t, dir)
	for session, w := range want {
		if got := details(t, l, session); got != w {
			t.Errorf("%s: %q, want %q", session, got, w)
		}
	}
	if got, wantRows := one(t, l, "SELECT count(*), count(sensors) FROM samples"), fmt.Sprintf("%d 7", len(recordtest.Golden())+len(want)); got != wantRows {
		t.Errorf("rows and lists: %s, want %s", got, wantRows)
	}
}

// writeRow writes a file with one row.
func writeRow[R any](t *testing.T, dir, name string, r R) {
	t.Helper()
	if err := parquet.WriteFile(filepath.Join(dir, name+".parquet"), []R{r}); err != nil {
		t.Fatal(err)
	}
}

// A query reads no list that it does not mention, neither from samples nor from samples_once. So it scans as many bytes as before there
// were lists.
func TestListsAreReadOnlyIfAsked(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, recordtest.Golden())
	l := open(t, dir)
	for sql, want := range map[string]bool{
		"SELECT avg(cpu_pct) FROM samples":                                          false,
		"SELECT avg(cpu_pct) FROM samples_once":                                     false,
		"SELECT hostname, max(ts) FROM samples_once WHERE day = '03' GROUP BY ALL":  false,
		"SELECT hostname FROM (SELECT * FROM samples) WHERE cpu_pct > 1 ORDER BY 1": false,
		"SELECT count(sensors) FROM samples":                                        true,
		"SELECT count(sensors) FROM samples_once":                                   true,
	} {
		plan := fmt.Sprint(query(t, l, "EXPLAIN "+sql).Data)
		for _, c := range record.Columns() {
			if reads := strings.Contains(plan, c.Name); c.IsList() && reads != (want && c.Name == "sensors") {
				t.Errorf("%s reads %s: %v. The plan is\n%s", sql, c.Name, reads, plan)
			}
		}
	}
}
