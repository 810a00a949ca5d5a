//go:build trino

package trinocheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// checkGrafana checks each query of the committed dashboards for Athena in Trino, over samples, minutes, hours and days. The rows must equal
// those that the same query of the dashboards for DuckDB has, and must come from partitions of the time range only.
func checkGrafana(t *testing.T) check {
	t.Helper()
	dir, lakeDir := t.TempDir(), t.TempDir()
	laketest.Write(t, lakeDir, laketest.Scene(noon.Add(-3*time.Hour), noon, 6*time.Minute))
	laketest.Write(t, lakeDir, laketest.Scene(noon.Add(-25*time.Hour), noon.Add(-24*time.Hour), 10*time.Minute))
	writeSetup(t, dir, laketest.Open(t, lakeDir))
	roller, err := lake.OpenRoller(lakeDir, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = roller.Run(t.Context(), noon.Add(24*time.Hour), func(lake.Rolled) {})
	if err := errors.Join(err, roller.Close()); err != nil {
		t.Fatal(err)
	}
	for i, r := range panels.Rollups() {
		list := "*"
		for _, key := range r.PartitionKeys() {
			list += ", date_format(from_unixtime(t), '" + map[string]string{"year": "%Y", "month": "%m", "day": "%d", "hour": "%H"}[key] + "') AS " + key
		}
		all := panels.Range{From: noon.Add(-36 * time.Hour), To: noon.Add(12 * time.Hour)}
		write(t, dir, fmt.Sprintf("rollup-%d.setup", i), "CREATE TABLE "+r.Table()+" AS SELECT "+list+" FROM ("+r.Part(panels.Athena(table), all)+") AS rolled")
	}

	of := func(end time.Time, span, bucket time.Duration) panels.Params {
		return panels.Params{Range: panels.Range{From: end.Add(-span), To: end}, Bucket: bucket, Metric: "cpu_pct"}
	}
	ranges := map[string]panels.Params{
		"samples": of(noon, 3*time.Hour, 5*time.Minute),
		"chosen":  of(noon, 3*time.Hour, 5*time.Minute),
		"minutes": of(noon, 26*time.Hour, 15*time.Minute),
		"hours":   of(noon.Add(12*time.Hour), 41*24*time.Hour, 3*time.Hour),
		"days":    of(noon.Add(12*time.Hour), 200*24*time.Hour, 24*time.Hour),
	}
	chosen := ranges["chosen"]
	chosen.Host, chosen.Env, chosen.Role, chosen.Metric = "db-01", "prod", "db", "ram_pct"
	ranges["chosen"] = chosen
	queries, inDuckDB := queriesOf(t, "athena"), queriesOf(t, "duckdb")
	want := map[string]bool{}
	file := func(name, text string) {
		write(t, dir, name+".sql", text)
		want[name+".sql"] = true
	}
	each := func(f func(name, span string, q query)) {
		for name, q := range queries {
			for span := range ranges {
				// The text is the same over each range. So some queries show that it reads the right rows.
				if span == "samples" || q.first {
					f(name, span, q)
				}
			}
		}
	}
	each(func(name, span string, q query) {
		file(name+"."+span, laketest.Filled(q.sql, ranges[span]))
		if exact := exactly(q.sql); exact != q.sql {
			file(name+"."+span+".exact", laketest.Filled(exact, ranges[span]))
		}
	})
	return check{dir, want, func(t *testing.T) {
		plugin := laketest.Plugin(t, lakeDir)
		compared, full, scans := map[string]int{}, 0, map[string]int{}
		each(func(name, span string, q query) {
			compare := name + "." + span
			if span == "samples" || span == "minutes" {
				checkPlan(t, compare, reads(t, dir, compare), ranges[span], scans)
			}
			if want[compare+".exact.sql"] {
				compare += ".exact"
			}
			trino, duck := rows(t, dir, compare), lines(plugin(inDuckDB[name].sql, ranges[span]))
			if strings.HasSuffix(q.sql, "\nORDER BY 1") { // rows of one time have no order
				slices.SortStableFunc(trino, byTexts)
				slices.SortStableFunc(duck, byTexts)
			}
			if problem := differ(duck, trino); problem != "" {
				t.Errorf("%s: %s", compare, problem)
			}
			compared[span]++
			if len(trino) > 0 {
				full++
			}
		})
		t.Logf("compared %v, %d have rows; the plans read %v", compared, full, scans)
		if len(inDuckDB) != len(queries) || compared["samples"] != len(queries) || len(queries) < 80 || full < len(queries)*4/5 {
			t.Errorf("%d queries for Athena and %d for DuckDB: too little is compared", len(queries), len(inDuckDB))
		}
		for _, span := range []string{"chosen", "minutes", "hours"} {
			if compared[span] < 10 {
				t.Errorf("only %d queries are compared over %s", compared[span], span)
			}
		}
	}}
}

// byTexts compares two rows by their cells that are not numbers.
func byTexts(a, b string) int {
	texts := func(line string) []string {
		return slices.DeleteFunc(strings.Split(line, "\t"), func(cell string) bool {
			_, err := strconv.ParseFloat(cell, 64)
			return err == nil
		})
	}
	return slices.Compare(texts(a), texts(b))
}

// query is a query of a dashboard.
type query struct {
	sql   string
	first bool // it is the first of its dashboard or of its kind of panel
}

// queriesOf returns the queries of the committed dashboards of an engine, those of panels and those of variables.
func queriesOf(t *testing.T, engine string) map[string]query {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "grafana", engine, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	queries, kinds := map[string]query{}, map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dashboard struct {
			Panels []struct {
				ID      int
				Type    string
				Targets []struct{ RawSQL string } // encoding/json ignores the case of names
			}
			Templating struct {
				List []struct {
					Type, Name string
					Query      json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(text, &dashboard); err != nil {
			t.Fatal(err)
		}
		of := strings.TrimSuffix(filepath.Base(file), ".json")
		for i, p := range dashboard.Panels {
			for _, target := range p.Targets {
				queries[fmt.Sprintf("%s-%02d", of, p.ID)] = query{sql: target.RawSQL, first: i == 0 || !kinds[p.Type]}
				kinds[p.Type] = true
			}
		}
		for _, v := range dashboard.Templating.List {
			if v.Type != "query" {
				continue
			}
			var choice struct{ RawSQL string }
			if err := json.Unmarshal(v.Query, &choice); err != nil { // that of DuckDB is only a text
				if err := json.Unmarshal(v.Query, &choice.RawSQL); err != nil {
					t.Fatal(err)
				}
			}
			queries["variable-"+v.Name] = query{sql: choice.RawSQL} // the same in all dashboards
		}
	}
	return queries
}

// exactly returns the query with exact quantiles, as DuckDB computes them, in place of approximations.
func exactly(sql string) string {
	const name = "approx_percentile("
	for {
		before, after, ok := strings.Cut(sql, name)
		if !ok {
			return sql
		}
		comma, end := 0, 0
		for depth := 1; depth > 0; end++ {
			switch after[end] {
			case '(', '[':
				depth++
			case ')', ']':
				depth--
			case ',':
				if depth == 1 {
					comma = end
				}
			}
		}
		q, rest := strings.TrimSpace(after[comma+1:end-1]), after[end:]
		if list, ok := strings.CutPrefix(q, "ARRAY["); ok { // one of several quantiles: its place in the list follows
			n, err := strconv.Atoi(rest[1:2])
			if err != nil {
				panic(err)
			}
			q, rest = strings.TrimSpace(strings.Split(strings.TrimSuffix(list, "]"), ",")[n-1]), rest[3:]
		}
		place := "(" + q + "e0 * (cardinality(a) - 1))"
		at := func(whole string) string { return "a[CAST(" + whole + place + " AS bigint) + 1]" }
		of := after[:comma]
		sql = before + "transform(ARRAY[array_sort(array_agg(CAST(" + of + " AS double)) FILTER (WHERE " + of + " IS NOT NULL))], a -> " +
			at("floor") + " + (" + at("ceil") + " - " + at("floor") + ") * (" + place + " - floor" + place + "))[1]" + rest
	}
}

// readTable is what a plan reads of a table.
type readTable struct {
	Table      struct{ SchemaTable struct{ Table string } }
	Constraint struct {
		ColumnConstraints []struct {
			ColumnName string
			Domain     struct{ Ranges []struct{ Low, High bound } }
		}
	}
}

type bound struct{ Value string }

func (r readTable) name() string { return r.Table.SchemaTable.Table }

// reads returns what the plan of a statement reads.
func reads(t *testing.T, dir, name string) []readTable {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name+".io"))
	if err != nil {
		t.Fatal(err)
	}
	var plan struct{ InputTableColumnInfos []readTable }
	if err := json.Unmarshal(text, &plan); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, text)
	}
	return plan.InputTableColumnInfos
}

// checkPlan checks that a plan reads only partitions of the time range, or of a week before it, and counts what it reads.
func checkPlan(t *testing.T, name string, tables []readTable, p panels.Params, scans map[string]int) {
	t.Helper()
	for _, table := range tables {
		read := table.name()
		scans[read]++
		limits := map[string][2]string{}
		for _, c := range table.Constraint.ColumnConstraints {
			if n := len(c.Domain.Ranges); n > 0 {
				limits[c.ColumnName] = [2]string{c.Domain.Ranges[0].Low.Value, c.Domain.Ranges[n-1].High.Value}
			}
		}
		week, early, late := p.Range.From.Add(-8*24*time.Hour), p.Range.From.Add(-3*time.Hour), p.Range.To.Add(time.Hour)
		days, hours := limits["day"], limits["hour"]
		good := limits["year"] == [2]string{"2026", "2026"} && limits["month"] == [2]string{"02", "02"}
		if read == panels.Samples {
			good = good && days[1] != "" && days[0] >= week.Format("02") && days[1] <= p.Range.To.Format("02")
			if days[0] == days[1] {
				good = good && hours[0] >= early.Format("15") && hours[1] != "" && hours[1] <= late.Format("15")
			} else {
				good = good && days[0] >= p.Range.From.Add(-24*time.Hour).Format("02")
			}
		} else {
			// The plan shows no bound of the later keys of a rollup, because one condition on all keys together has them. It shows that of t.
			good = good && limits["t"][0] >= strconv.FormatInt(week.Unix(), 10) && limits["t"][1] == strconv.FormatInt(p.Range.To.Unix(), 10)
		}
		if !good || read == panels.Hours.Table() || read == panels.Days.Table() {
			t.Errorf("%s reads %s where %v", name, read, limits)
		}
	}
}
