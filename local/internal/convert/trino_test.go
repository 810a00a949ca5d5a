//go:build trino

package convert_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// TestTrinoReads compares value by value what Trino's own Parquet reader and DuckDB read of the same files. Athena is built on Trino.
//
// The test has a build tag because it needs Maven, and in TRINO_JAVA_HOME a Java runtime for today's Trino. Run it by make trino-check.
func TestTrinoReads(t *testing.T) {
	dir := t.TempDir()
	samples := table()
	for _, c := range record.Columns() {
		samples.Columns = append(samples.Columns, spec.Column{Name: c.Name, Type: string(c.Type)})
	}
	odd := table("n int", "t timestamp", "m map<string,string>", "l array<struct<name:string,i:int,v:bigint,d:double,b:boolean>>")
	records := oddRecords()
	writeFile(t, dir, "samples", samples, sampleRecords(t)...)
	writeFile(t, dir, "odd", odd, records...)
	writeFile(t, dir, "changed", odd, strings.Replace(strings.Join(records, "\n"), "9007199254740993", "9007199254740992", 1))
	writeFile(t, dir, "pages", odd, manyRecords()...)
	before, err := os.ReadFile("../../../dashboard/lake/testdata/before-details.parquet") // written before samples had lists
	if err != nil {
		t.Fatal(err)
	}
	writeWithColumns(t, dir, "before", samples, before)
	java := filepath.Join(os.Getenv("TRINO_JAVA_HOME"), "bin", "java")
	libraries, classes := filepath.Join(dir, "lib", "*"), filepath.Join(dir, "classes")
	run(t, "mvn", "--batch-mode", "--quiet", "dependency:copy-dependencies", "--file=testdata/trino/pom.xml", "-DoutputDirectory="+filepath.Dir(libraries))
	run(t, java, "-cp", libraries, "org.eclipse.jdt.internal.compiler.batch.Main", "-25", "-d", classes, "testdata/trino")
	run(t, java, "-cp", classes+string(os.PathListSeparator)+libraries, "Read", dir)

	for name, timestamp := range map[string]string{"samples": "event_time", "before": "event_time", "odd": "t", "pages": "t"} {
		var c comparison
		c.compare(name, readByDuckDB(t, dir, name, timestamp), readByTrino(t, dir, name))
		t.Logf("%s: %d values compared, %d of them not NULL; %d differ", name, c.values, c.notNull, len(c.differ))
		if len(c.differ) > 0 || c.notNull < 50 {
			t.Error(strings.Join(c.differ[:min(10, len(c.differ))], "\n"))
		}
	}
	// A comparison that accepts everything would be noticed here.
	var c comparison
	c.compare("changed", readByDuckDB(t, dir, "odd", "t"), readByTrino(t, dir, "changed"))
	if len(c.differ) != 1 {
		t.Errorf("one value was changed, and these differ: %q", c.differ)
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// sampleRecords are the samples of ten hosts in 20 minutes, as the transform gives them to the conversion.
func sampleRecords(t *testing.T) (records []string) {
	t.Helper()
	start := time.UnixMilli(1770094830123)
	e := record.NewEnricher(start)
	samples := recordtest.Golden()
	for seed := range uint64(10) {
		host := recordtest.New(seed)
		for i := range 400 {
			samples = append(samples, host.Sample(start.Add(time.Duration(i)*3*time.Second)))
		}
	}
	for _, s := range samples {
		line := s.AppendJSON(nil)
		number, err := json.Marshal(s.TS)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, string(append(e.AppendMembers(append(line[:len(line)-1], ','), s.TS, number), '}')))
	}
	return records
}

// oddRecords have values that a reader could take for others.
func oddRecords() []string {
	records := []string{
		`{"n":-2147483648,"l":[{"v":9007199254740993}]}`,
		`{"n":2147483647,"l":[{"v":9223372036854775807,"i":-2147483648,"d":1.7976931348623157e308},{"v":-9223372036854775808,"d":5e-324}]}`,
		`{}`, `{"l":null}`, `{"l":[]}`, `{"l":[null]}`, `{"l":[{}]}`, `{"l":[null,{},null,{"name":"x"},{"i":0},null]}`, `{"l":[[],["a",1,2]]}`,
		`{"l":[{"d":0.1},{"d":-0.0},{"d":123456.789},{"b":true},{"b":false}]}`,
		`{"m":{},"l":[]}`, `{"m":{"a":null}}`, `{"m":{"a":"","b":"\"","c":null,"ä":"🦊"}}`,
		`{"t":"2026-02-03T05:00:30.123Z"}`, `{"t":"1969-12-31T23:59:59.999Z"}`, `{"t":"1900-01-01T00:00:00Z"}`, `{"t":"2200-02-28 1:2:3.123456"}`,
	}
	for _, name := range []string{
		"", " ", "null", `a"b\c'd`, "line\nend\ttab\x00\x01", "x) R 1 (y", "ä€🦊", "\ufffd", strings.Repeat("long ", 2000),
	} {
		quoted, err := json.Marshal(name)
		if err != nil {
			panic(err)
		}
		records = append(records, fmt.Sprintf(`{"m":{"k":%[1]s},"l":[{"name":%[1]s},{},{"name":%[1]s,"v":1}]}`, quoted))
	}
	return records
}

// manyRecords need several pages for each column.
func manyRecords() (records []string) {
	for i := range 60_000 {
		list := ""
		for j := range i % 4 {
			list += fmt.Sprintf(`,{"name":"name %d of %d","v":%d,"d":%d.5}`, j, i, i, j)
		}
		records = append(records, fmt.Sprintf(`{"n":%d,"t":%[1]d,"m":{"k":"%d"},"l":[%s]}`, i, i/7, strings.TrimPrefix(list, ",")))
	}
	return records
}

// writeFile converts records to NAME.parquet.
func writeFile(t *testing.T, dir, name string, tab spec.Table, records ...string) {
	t.Helper()
	c, err := convert.New(tab)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	columns, w := c.NewColumns(), c.NewWriter(&file)
	for i, r := range records {
		err := columns.Add([]byte(r))
		if i%100 == 99 {
			err = errors.Join(err, w.Write(columns))
			columns.Reset()
		}
		if err != nil {
			t.Fatalf("%s: %v", r, err)
		}
	}
	if err := errors.Join(w.Write(columns), w.Close()); err != nil {
		t.Fatal(err)
	}
	writeWithColumns(t, dir, name, tab, file.Bytes())
}

// writeWithColumns writes a file as NAME.parquet, and the columns that its reader wants as NAME.columns.
func writeWithColumns(t *testing.T, dir, name string, tab spec.Table, file []byte) {
	t.Helper()
	var columns bytes.Buffer
	for _, c := range tab.Columns {
		fmt.Fprintln(&columns, c.Name, c.Type)
	}
	err := os.WriteFile(filepath.Join(dir, name+".columns"), columns.Bytes(), 0o600)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, name+".parquet"), file, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// readByDuckDB returns the rows of a file with the column of type timestamp as microseconds.
func readByDuckDB(t *testing.T, dir, name, timestamp string) (rows []any) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := db.QueryContext(t.Context(), fmt.Sprintf(`SELECT CAST(to_json(r) AS VARCHAR) FROM
		(SELECT * REPLACE (epoch_us(%[1]s) AS %[1]s) FROM read_parquet(?)) AS r`, timestamp), filepath.Join(dir, name+".parquet"))
	if err != nil {
		t.Fatal(err)
	}
	for r.Next() {
		var row string
		if err := r.Scan(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, parsed(t, strings.NewReader(row))...)
	}
	if err := errors.Join(r.Err(), r.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	return rows
}

func readByTrino(t *testing.T, dir, name string) []any {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, name+".trino"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return parsed(t, file)
}

// parsed reads JSON values, numbers as they are written.
func parsed(t *testing.T, r io.Reader) (values []any) {
	t.Helper()
	d := json.NewDecoder(r)
	d.UseNumber()
	for {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
}

// comparison counts the values that are not rows, lists, elements or maps.
type comparison struct {
	values, notNull int
	differ          []string
}

func (c *comparison) compare(path string, a, b any) {
	switch a := a.(type) {
	case []any:
		b, isList := b.([]any)
		if !isList || len(a) != len(b) {
			break
		}
		for i := range a {
			c.compare(fmt.Sprintf("%s[%d]", path, i), a[i], b[i])
		}
		return
	case map[string]any:
		b, isObject := b.(map[string]any)
		if !isObject || len(a) > len(b) {
			break
		}
		for key, value := range b {
			c.compare(path+"."+key, a[key], value)
		}
		return
	}
	c.values++
	if a != nil {
		c.notNull++
	}
	if !equal(a, b) {
		c.differ = append(c.differ, fmt.Sprintf("%s: DuckDB reads %.300q, Trino %.300q", path, fmt.Sprint(a), fmt.Sprint(b)))
	}
}

// equal compares two values. Doubles may be written in two ways.
func equal(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, isNumber := a.(json.Number)
	y, both := b.(json.Number)
	if !isNumber || !both || !strings.ContainsAny(x.String()+y.String(), ".eE") {
		return false
	}
	v, err := x.Float64()
	w, err2 := y.Float64()
	return err == nil && err2 == nil && v == w
}
