//go:build trino

package trinocheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// trinoTypes maps the types of the Glue table to those of Trino, except for lists.
var trinoTypes = map[record.Type]string{
	record.Double: "double", record.String: "varchar", record.BigInt: "bigint", record.Integer: "integer", record.Timestamp: "timestamp(3)",
	record.StringMap: "map(varchar, varchar)",
}

// trinoType returns the type of a column of the Glue table in Trino.
func trinoType(c record.Column) string {
	if !c.IsList() {
		return trinoTypes[c.Type]
	}
	fields := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = f.Name + " " + trinoType(f)
	}
	return "array(row(" + strings.Join(fields, ", ") + "))"
}

// writeSetup writes the statements that make Trino's table of the rows of a lake.
func writeSetup(t *testing.T, dir string, l *lake.Lake) {
	t.Helper()
	r, err := l.Query(t.Context(), panels.Query{SQL: "SELECT * FROM samples"})
	if err != nil {
		t.Fatal(err)
	}
	columns := record.Columns()
	for _, key := range record.PartitionKeys() {
		columns = append(columns, record.Column{Name: key, Type: record.String})
	}
	var names, fields, casts []string
	for i, c := range columns {
		if r.Columns[i].Name != c.Name {
			t.Fatalf("column %d of the lake is %s, want %s", i, r.Columns[i].Name, c.Name)
		}
		inJSON := trinoType(c)
		if c.Type == record.Timestamp {
			inJSON = "varchar" // Trino casts no JSON to a timestamp
		}
		name := `"` + c.Name + `"`
		names, fields = append(names, name), append(fields, name+" "+inJSON)
		casts = append(casts, "CAST("+name+" AS "+trinoType(c)+") AS "+name)
	}
	// Trino compiles each expression of a statement. So the rows are one text of JSON, and not thousands of literals.
	var rows [][]any
	for i := range r.Rows() {
		var cells []any
		for _, column := range r.Data {
			cell := column[i]
			if at, ok := cell.(time.Time); ok {
				cell = at.UTC().Format("2006-01-02 15:04:05.000")
			}
			cells = append(cells, cell)
		}
		rows = append(rows, cells)
	}
	text, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	// The only form of CREATE TABLE that Trino's runner accepts.
	write(t, dir, "000000.setup", fmt.Sprintf("CREATE TABLE samples AS SELECT %s FROM UNNEST(CAST(json_parse(%s) AS array(row(%s)))) AS t (%s)",
		strings.Join(casts, ", "), panels.LiteralOf(string(text)), strings.Join(fields, ", "), strings.Join(names, ", ")))
}

var (
	// rolledUntil is the end of the newest hour that both engines have rolled up to minutes.
	rolledUntil = noon.Add(-time.Hour)
	// midnight is the end of the newest day that both engines have rolled up to hours.
	midnight = noon.Truncate(24 * time.Hour)
)

// writeRollups rolls up the lake, and writes the statements that make the same tables in Trino from its own samples.
func writeRollups(t *testing.T, dir string, l *lake.Lake) {
	t.Helper()
	roller, err := lake.OpenRoller(l.Dir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var hours, days []time.Time
	err = roller.Run(t.Context(), rolledUntil.Add(30*time.Minute), func(d lake.Rolled) {
		switch {
		case d.Rows == 0:
		case d.Rollup.Name == panels.Minutes.Name:
			hours = append(hours, d.Start)
		case d.Rollup.Name == panels.Days.Name:
			days = append(days, d.Start)
		}
	})
	if err := errors.Join(err, roller.Close()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(hours, time.Time.Compare)
	for i, hour := range hours {
		begin := "INSERT INTO samples_1m"
		if i == 0 {
			begin = "CREATE TABLE samples_1m AS"
		}
		write(t, dir, "rollup-"+hour.Format("2006010215")+".setup", begin+" SELECT *, "+hour.Format("'2006' AS year, '01' AS month, '02' AS day, '15' AS hour")+
			" FROM ("+panels.Minutes.Query(panels.Athena(table), hour)+") AS rolled")
	}
	if !slices.ContainsFunc(days, midnight.AddDate(0, 0, -1).Equal) {
		t.Fatalf("DuckDB rolled up the days %v, want the day before", days)
	}
	for i, r := range []panels.Rollup{panels.Hours, panels.Days} { // in this order: days are made of hours
		write(t, dir, fmt.Sprintf("rollup.%d.setup", i), "CREATE TABLE "+r.Table()+" AS SELECT *, "+midnight.Add(-time.Hour).Format("'2006' AS year, '01' AS month, '02' AS day")+
			" FROM ("+r.Query(panels.Athena(table), midnight.Add(-time.Hour))+") AS rolled")
	}
}

// partsUntil are the parts of what Trino reads.
func partsUntil(grain panels.Rollup, r panels.Range) (parts []panels.Part, err error) {
	add := func(relation string, of panels.Rollup, from, to time.Time) {
		if r.From.After(from) {
			from = r.From
		}
		if r.To.Before(to) {
			to = r.To
		}
		if from.Before(to) {
			parts = append(parts, panels.Part{Relation: relation, Of: of, Range: panels.Range{From: from, To: to}})
		}
	}
	minutesFrom := r.From
	if grain.Name != panels.Minutes.Name {
		minutesFrom = midnight
		add("memory.default."+grain.Table(), grain, r.From, midnight)
	}
	add("memory.default.samples_1m", panels.Minutes, minutesFrom, rolledUntil)
	add(table, panels.Rollup{}, rolledUntil, r.To)
	return parts, nil
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sent is what the Athena engine sends for a query.
type sent struct {
	QueryString         string
	ExecutionParameters []string
}

// sending returns an engine, and a function that returns the statement which it sends for a query.
func sending(t *testing.T) (*athena.Engine, func(q panels.Query) sent) {
	t.Helper()
	var last sent
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last = sent{}
		if err := json.NewDecoder(r.Body).Decode(&last); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"InvalidRequestException","message":"seen"}`)
	}))
	t.Cleanup(service.Close)
	engine, err := athena.New(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &service.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, athena.Target{Workgroup: "W", Database: "default", Table: "samples"}, athena.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engine, func(q panels.Query) sent {
		if _, err := engine.Query(t.Context(), q); err == nil || !strings.Contains(err.Error(), "seen") {
			t.Fatal(err)
		}
		return last
	}
}
