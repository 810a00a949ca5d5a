//go:build trino

package trinocheck

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// noon is when the fixtures end. A week before is in the same month, so conditions on the time are conditions on each part of a date.
var noon = time.Date(2026, 2, 20, 12, 0, 0, 0, time.UTC)

// table is the table in Trino, as Athena's console would name it.
const table = "memory.default.samples"

// sentTable is the same table, as the Athena engine names it.
const sentTable = `"default"."samples"`

// check is a directory of statements that Trino runs.
type check struct {
	dir     string
	want    map[string]bool // by the names of the files: the statement must succeed
	compare func(t *testing.T)
}

// TestInTrino runs all statements in one Java program, because each such program compiles the engine to machine code, which takes a minute.
func TestInTrino(t *testing.T) {
	ofPanels, ofGrafana := checkPanels(t), checkGrafana(t)
	run(t, ofPanels, ofGrafana)
	t.Run("panels", ofPanels.compare)
	t.Run("Grafana", ofGrafana.compare)
}

// checkPanels checks each panel in Trino in two forms: as the Athena engine sends it, over samples and over samples_once, and
// as the page shows it for Athena's console. The rows must equal DuckDB's, except for approximations.
func checkPanels(t *testing.T) check {
	t.Helper()
	dir := t.TempDir()
	l := fixture(t)
	writeSetup(t, dir, l)
	writeRollups(t, dir, l)
	engine, send := sending(t)
	rolled := panels.Athena(table).WithRollups(partsUntil)
	want := map[string]bool{"wrong.sql": false, "writes.sql": false, "duckdb.sql": false, "untyped.sql": false, "plan.sql": true}
	queries := map[string]panels.Query{}
	forms, overHours, left := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, c := range cases() {
		kinds := map[panels.Kind]bool{}
		for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
			for i, p := range d.Panels {
				if i > 0 && c.firstOnly {
					break
				}
				if c.problemsOnly && !strings.Contains(p.SQL, `template "problems"`) {
					continue
				}
				inDuckDB, inTrino := panels.DuckDB(), panels.Athena(sentTable)
				if c.rolled {
					inDuckDB, inTrino = l.Form(t.Context()), rolled
				}
				q, err := panels.Bind(p, c.params, inDuckDB)
				if err != nil {
					t.Fatal(err)
				}
				name := p.ID + "." + c.name
				bound, err := panels.Bind(p, c.params, inTrino)
				if err != nil {
					t.Fatal(err)
				}
				s := send(bound)
				// Trino runs a statement of a panel once for all cases in which it has the same form, and not over minutes if it reads hours in another
				// case, because it reads minutes there too. The first panels of dashboards and of kinds run in each case, and show that it reads the
				// right rows.
				form := p.ID + formOf(s.QueryString)
				first := i == 0 || !kinds[p.Kind]
				if !first && (forms[form] || c.name == "minutes" && overHours[p.ID]) {
					left[c.name]++
					continue
				}
				forms[form], kinds[p.Kind] = true, true
				overHours[p.ID] = overHours[p.ID] || strings.Contains(s.QueryString, panels.Hours.Table())
				write(t, dir, name+".sent.sql", s.QueryString)
				if len(s.ExecutionParameters) > 0 {
					write(t, dir, name+".sent.parameters", strings.Join(s.ExecutionParameters, "\x00"))
				}
				want[name+".sent.sql"] = true
				queries[name] = q
				if c.pasted && (first || c.problemsOnly) {
					text, err := panels.Literal(p, c.params, inTrino)
					if err != nil {
						t.Fatal(err)
					}
					write(t, dir, name+".pasted.sql", text)
					want[name+".pasted.sql"] = true
				}
			}
		}
	}
	for name, sql := range deployed(t) {
		// The rows of such queries are compared with DuckDB's for a panel of each kind; see saved.
		write(t, dir, name+".sql", "EXPLAIN (TYPE VALIDATE) "+deployedTable.ReplaceAllString(sql, "FROM "+table+"$2"))
		want[name+".sql"] = true
	}
	for name, q := range saved(t) {
		write(t, dir, name+".sent.sql", q.trino)
		want[name+".sent.sql"], queries[name] = true, q.duckDB
	}
	var filled []string // queries that must have rows
	for _, r := range panels.Rollups() {
		start := r.Start(noon.Add(-time.Hour))
		if r.From().Name != "" {
			start = midnight.AddDate(0, 0, -1) // the fixture has hours of this day
		}
		inTrino, inDuckDB := r.Query(panels.Athena(table), start), r.Query(panels.DuckDB(), start)
		compare := func(name, trino, duckDB string) {
			write(t, dir, name+".sent.sql", trino)
			want[name+".sent.sql"], queries[name] = true, panels.Query{SQL: duckDB}
			filled = append(filled, name)
		}
		compare("rollup-"+r.Name, scalarsOf(r, inTrino), scalarsOf(r, inDuckDB))
		for _, c := range r.Columns() {
			if name := "rollup-" + r.Name + "-" + c.Name; c.IsList() {
				compare(name, elementsInTrino(c, inTrino), elementsInDuckDB(c, inDuckDB))
			} else if c.Type == record.StringMap {
				compare(name, "SELECT hostname, machine_id, t, key, value FROM ("+inTrino+") AS rolled CROSS JOIN UNNEST("+c.Name+") AS e (key, value) ORDER BY 1, 2, 3, 4",
					"SELECT hostname, machine_id, t, e.key, e.value FROM (SELECT *, unnest(map_entries("+c.Name+")) AS e FROM ("+inDuckDB+")) ORDER BY 1, 2, 3, 4")
			}
		}
	}
	// Statements that must fail, so that a check that accepts everything is noticed.
	write(t, dir, "wrong.sql", "SELECT FROM WHERE")
	write(t, dir, "writes.sql", "DELETE FROM samples")
	write(t, dir, "duckdb.sql", "SELECT ts::bigint FROM samples QUALIFY true")
	write(t, dir, "untyped.sql", "SELECT ts FROM samples WHERE day = 20")
	write(t, dir, "plan.sql", engine.Own("EXPLAIN SELECT cpu_pct FROM samples_once WHERE day = '20' AND ts >= 1.77e9", panels.Range{}).SQL)
	write(t, dir, "lists.sql", "SELECT hostname, ts, s.name, s.celsius FROM "+table+" CROSS JOIN UNNEST(sensors) AS s (name, celsius) ORDER BY 1, 2, 3, 4")
	want["lists.sql"] = true
	return check{dir, want, func(t *testing.T) {
		duck, err := l.Query(t.Context(), panels.Query{
			SQL: "SELECT hostname, ts, s.name, s.celsius FROM (SELECT hostname, ts, unnest(sensors) AS s FROM samples) ORDER BY 1, 2, 3, 4",
		})
		if err != nil {
			t.Fatal(err)
		}
		if problem := differ(lines(duck), rows(t, dir, "lists")); problem != "" || duck.Rows() == 0 {
			t.Errorf("lists: %d rows in DuckDB. %s", duck.Rows(), problem)
		}
		exact, full := 0, 0
		for name, q := range queries {
			trino := rows(t, dir, name+".sent")
			if want[name+".pasted.sql"] && !slices.Equal(rows(t, dir, name+".pasted"), trino) {
				t.Errorf("%s: the pasted text gives other rows than the sent one", name)
			}
			if len(trino) > 0 {
				full++
			} else if slices.Contains(filled, name) {
				t.Errorf("%s has no rows", name)
			}
			if strings.Contains(q.SQL, "quantile_cont") {
				continue // Trino's quantiles are approximations
			}
			duck, err := l.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if problem := differ(lines(duck), trino); problem != "" {
				t.Errorf("%s: %s", name, problem)
			}
			exact++
		}
		t.Logf("%d texts, %v left out because their form has run, %d of %d queries have rows, %d are compared with DuckDB's", len(want)-4, left, full, len(queries), exact)
		if full < len(queries)*3/4 {
			t.Error("the fixture shows too little")
		}

		// A saved query scans only what it chooses by the length of its time range.
		for name, q := range saved(t) {
			scanned := map[string]bool{}
			for _, table := range reads(t, dir, name+".sent") {
				scanned[table.name()] = true
			}
			for _, r := range panels.Rollups() {
				if scanned[r.Table()] != slices.Contains(q.scans, r.Name) {
					t.Errorf("%s scans %s: %v", name, r.Table(), scanned[r.Table()])
				}
			}
		}

		// Conditions must reach the scan. If Trino applied them after the search for copies, each query would read the whole table.
		plan := strings.Join(rows(t, dir, "plan"), "\n")
		_, below, ok := strings.Cut(plan, "RowNumber[")
		if !ok || !regexp.MustCompile(`ScanFilter\[.*filterPredicate = .*"day" = .*"ts" >= `).MatchString(below) {
			t.Errorf("plan of samples_once:\n%s", strings.ReplaceAll(plan, `\n`, "\n"))
		}
	}}
}

// What differs in most panels' statements of several cases: the conditions of chosen hosts, and then numbers and a rollup's name.
var (
	ofChosen = regexp.MustCompile(`\n +AND (env = \?|CASE WHEN contains\(map_keys\(tags\), \?\) THEN tags\[\?\] END = \?)`)
	byCase   = regexp.MustCompile(`\b[0-9]+(\.[0-9]+)?(e[0-9]+)?\b|\bsamples_1[hd]\b`)
)

// formOf returns the form of a statement, which is the same for other cases that read other rows or another relation in its place.
func formOf(sql string) string {
	sql = strings.ReplaceAll(sql, "("+panels.OnceOf(sentTable)+") AS once", sentTable)
	return byCase.ReplaceAllString(ofChosen.ReplaceAllString(sql, ""), "#")
}

// elementsInTrino selects the elements of a list, each with its place and its fields.
func elementsInTrino(c record.Column, sql string) string {
	var fields []string
	for _, f := range c.Fields {
		fields = append(fields, f.Name+"_of")
	}
	return "SELECT hostname, machine_id, t, place, " + strings.Join(fields, ", ") + " FROM (" + sql + ") AS rolled CROSS JOIN UNNEST(" + c.Name + ") WITH ORDINALITY AS e (" +
		strings.Join(fields, ", ") + ", place) ORDER BY 1, 2, 3, 4"
}

// elementsInDuckDB selects the same in DuckDB.
func elementsInDuckDB(c record.Column, sql string) string {
	var fields []string
	for _, f := range c.Fields {
		fields = append(fields, "e."+f.Name)
	}
	return "SELECT hostname, machine_id, t, place, " + strings.Join(fields, ", ") + " FROM (SELECT hostname, machine_id, t, generate_subscripts(" + c.Name + ", 1) AS place, unnest(" + c.Name +
		") AS e FROM (" + sql + ")) ORDER BY 1, 2, 3, 4"
}

// scalarsOf selects the columns of a rollup that are neither lists nor maps, in one order.
func scalarsOf(r panels.Rollup, sql string) string {
	var names []string
	for _, c := range r.Columns() {
		if !c.IsList() && c.Type != record.StringMap {
			names = append(names, c.Name)
		}
	}
	return "SELECT " + strings.Join(names, ", ") + " FROM (" + sql + ") AS rolled ORDER BY hostname, machine_id, t"
}

type testCase struct {
	name   string
	params panels.Params
	pasted bool // the text to be pasted, too, of the first panels of dashboards and of kinds
	// problemsOnly chooses the panels about problems.
	problemsOnly bool
	firstOnly    bool // only the first panel of each dashboard: all have the same conditions
	rolled       bool // over rollups
}

func cases() []testCase {
	all := panels.Params{Range: panels.Range{From: noon.Add(-3 * time.Hour), To: noon}, Bucket: 5 * time.Minute, Series: 12, Delay: 6 * time.Minute}
	once, chosen, strange := all, all, all
	once.Once, once.Few = true, 2 // so that charts show a fleet
	chosen.Env, chosen.TagKey, chosen.TagValue, chosen.Metric, chosen.Offset = "prod", "team", "core", "ram_pct", -3*time.Hour
	chosen.Changes = []panels.ClockChange{{At: noon.Add(-90 * time.Minute), Offset: -2 * time.Hour}}
	strange.Host, strange.Role, strange.TagKey, strange.TagValue = "o'neil \"x\" 🦊 ?\n--", "''", "no such", `a'b`
	changed := all
	changed.Rules = panels.RuleChanges{Overrides: []panels.Override{
		{
			Problems: []string{"CPU", "Memory"}, Limits: &panels.Limits{Thresholds: panels.Thresholds{Warn: 5, Critical: 20}, Clear: 2, Usual: 4}, For: 30 * time.Minute,
			Hosts: panels.Hosts{Names: []string{"w*b-0_", "*"}, Envs: []string{"prod", "o'neil"}, Except: []string{`\%'?`}},
		},
		{Problems: []string{"Silent"}, Hosts: panels.Hosts{Roles: []string{"db", "web"}}, For: time.Hour},
		{
			Problems: []string{"CPU", "Pressure"}, Hosts: panels.Hosts{Tags: map[string][]string{"team": {"core", "it's ?"}}},
			MuteUntil: noon.Add(time.Hour), Reason: "it's ? 🦊",
		},
	}}
	minutes, hours, days := all, all, all
	minutes.Range.From, minutes.Bucket = noon.Add(-27*time.Hour), 15*time.Minute
	hours.Range.From, hours.Bucket, hours.Metric = noon.Add(-40*24*time.Hour), time.Hour, "ram_pct"
	days.Range.From, days.Bucket, days.Metric = noon.Add(-200*24*time.Hour), 24*time.Hour, hours.Metric
	return []testCase{
		{name: "changed", params: changed, pasted: true, problemsOnly: true},
		{name: "all", params: all, pasted: true},
		{name: "hours", params: hours, rolled: true},
		{name: "minutes", params: minutes, rolled: true},
		{name: "days", params: days, rolled: true},
		{name: "once", params: once},
		{name: "chosen", params: chosen},
		{name: "strange", params: strange, pasted: true, firstOnly: true},
	}
}

// savedQuery is a saved query that chooses by the length of its time range what it reads.
type savedQuery struct {
	trino  string
	duckDB panels.Query
	scans  []string // the rollups; days have all that hours have
}

// saved are the saved queries of a panel of each kind, as of noon.
func saved(t *testing.T) map[string]savedQuery {
	t.Helper()
	const day = 24 * time.Hour
	scans := map[time.Duration][]string{day: nil, 7 * day: {"1m"}, 365 * day: {"1m", "1d"}}
	queries, seen := map[string]savedQuery{}, map[panels.Kind]bool{}
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			if d.NoPage || seen[p.Kind] || p.Needs != panels.AnyRows || p.MaxSpanS > 0 || max(p.MinSpanS, d.SpanS) > 86400 {
				continue
			}
			seen[p.Kind] = true
			for span, scans := range scans {
				if p.ReadsLists && span == 7*day {
					scans = []string{"1m", "1h"}
				}
				form := panels.Saved{
					Form: panels.Athena(table), Rollups: func(of panels.Rollup) string { return of.TableOf(table) },
					Spans: []time.Duration{day, 7 * day, 365 * day}, Hours: strconv.Itoa(int(span.Hours())), Host: "''", Env: "'prod'", Metric: "'ram_pct'",
				}
				trino, err := form.SQL(d, p)
				if err != nil {
					t.Fatal(err)
				}
				form.Form, form.Rollups = panels.DuckDB(), panels.Rollup.Table
				duckDB, err := form.SQL(d, p)
				if err != nil {
					t.Fatal(err)
				}
				queries[p.ID+".saved"+strconv.Itoa(int(span.Hours()))] = savedQuery{
					strings.ReplaceAll(trino, "now()", noon.Format("TIMESTAMP '2006-01-02 15:04:05 UTC'")),
					panels.Query{SQL: strings.ReplaceAll(duckDB, "epoch(now())", strconv.Itoa(int(noon.Unix()))+"e0")},
					scans,
				}
			}
		}
	}
	return queries
}

// fixture is a lake of some hosts, with two copies of every sample of one hour, and of hosts whose numbers overflow in
// arithmetic. Each fifth sample has details, the others do not, as with a collector.
func fixture(t *testing.T) *lake.Lake {
	t.Helper()
	dir := t.TempDir()
	samples := laketest.Scene(noon.Add(-3*time.Hour), noon, 2*time.Minute)
	for i := range samples {
		if s := &samples[i]; time.UnixMilli(record.Millis(s.TS)).Minute()%10 != 0 {
			s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
		}
	}
	laketest.Write(t, dir, samples)
	// The day before, which says whether a problem is routine.
	before := laketest.Scene(noon.Add(-25*time.Hour), noon.Add(-23*time.Hour), 5*time.Minute)
	for i := range before {
		s := &before[i]
		if time.UnixMilli(record.Millis(s.TS)).Minute()%10 == 0 {
			continue
		}
		s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
	}
	laketest.Write(t, dir, before)
	again := samples[:0:0]
	for _, s := range samples {
		if s.TS >= float64(noon.Add(-time.Hour).Unix()) {
			again = append(again, s)
		}
	}
	laketest.Write(t, dir, again)
	laketest.Write(t, dir, laketest.Odd(noon.Add(-time.Hour), noon, 10*time.Minute))
	return laketest.Open(t, dir)
}

// run runs the files of all checks in Trino.
func run(t *testing.T, checks ...check) {
	t.Helper()
	var dirs []string
	want := map[string]bool{}
	for _, c := range checks {
		dirs = append(dirs, c.dir)
		for name, good := range c.want {
			want[filepath.Join(c.dir, name)] = good
		}
	}
	cmd := exec.CommandContext(t.Context(), "mvn", "--batch-mode", "--quiet", "compile", "exec:java", "-Dexec.args="+strings.Join(dirs, " "),
		"-DbuildDirectory="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mvn: %v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		_, rest, ok := strings.Cut(strings.TrimSpace(line), "check: ") // Maven may put colours before it
		if !ok {
			continue
		}
		path, problem, _ := strings.Cut(rest, ": ")
		seen++
		if good := problem == "ok"; good != want[path] {
			t.Errorf("%s: %s", filepath.Base(path), problem)
		}
	}
	if seen != len(want) {
		t.Fatalf("%d texts checked, want %d:\n%s", seen, len(want), out)
	}
}

func rows(t *testing.T, dir, name string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name+".rows"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(content)) {
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	return all
}

// Cells have these characters in another form in the lines of Check.java.
var escaped = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`)

// lines are the rows of DuckDB as Check.java writes them, except for numbers.
func lines(duck panels.Result) []string {
	all := make([]string, duck.Rows())
	for i := range all {
		cells := make([]string, len(duck.Data))
		for j, column := range duck.Data {
			switch v := column[i].(type) {
			case nil:
				cells[j] = "null"
			case time.Time:
				cells[j] = v.UTC().Format("2006-01-02T15:04:05.000000")
			default:
				cells[j] = escaped.Replace(fmt.Sprint(v))
			}
		}
		all[i] = strings.Join(cells, "\t")
	}
	return all
}

// differ returns the first difference between the rows of DuckDB and Trino, or "". The last digits of numbers may differ.
func differ(duck, trino []string) string {
	if len(duck) != len(trino) {
		return fmt.Sprintf("DuckDB has %d rows, Trino %d", len(duck), len(trino))
	}
	for i := range duck {
		a, b := strings.Split(duck[i], "\t"), strings.Split(trino[i], "\t")
		if len(a) != len(b) {
			return fmt.Sprintf("DuckDB has %d columns, Trino %d", len(a), len(b))
		}
		for j := range a {
			x, xErr := strconv.ParseFloat(a[j], 64)
			y, yErr := strconv.ParseFloat(b[j], 64)
			if a[j] != b[j] && (xErr != nil || yErr != nil || !(math.Abs(x-y) <= 1e-9*max(1, math.Abs(x)))) {
				return fmt.Sprintf("row %d, column %d: DuckDB has %s, Trino %s", i, j+1, a[j], b[j])
			}
		}
	}
	return ""
}

// deployedTable is how the queries of that template name the table.
var deployedTable = regexp.MustCompile(`FROM ("d"\.)?"s(_1m|_1h|_1d)?"`)

// deployed are the queries of the committed templates, with values in the places where QuickSight puts them.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	queries := map[string]string{}
	types := map[string]int{}
	for _, name := range []string{"local/internal/template/testdata/everything.json", "cdk/internal/stack/testdata/quicksight.json"} {
		addDeployed(t, filepath.Join("..", "..", "..", filepath.FromSlash(name)), queries, types)
	}
	if len(types) != 2 {
		t.Fatalf("the templates have queries of %v", types)
	}
	return queries
}

// addDeployed adds the queries of a template by the ids of their resources, and counts them by type.
func addDeployed(t *testing.T, file string, queries map[string]string, types map[string]int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				QueryString      string
				PhysicalTableMap map[string]struct {
					CustomSQL struct{ SQLQuery string } // encoding/json ignores the case of names
				}
			}
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	values := strings.NewReplacer("<<$hours>>", "8760", "<<$host>>", "'(all)'", "<<$environment>>", "'prod'", "<<$metric>>", "'ram_pct'")
	for id, r := range template.Resources {
		switch r.Type {
		case "AWS::Athena::NamedQuery":
			queries[id] = r.Properties.QueryString
		case "AWS::QuickSight::DataSet":
			for _, table := range r.Properties.PhysicalTableMap {
				queries[id] = values.Replace(table.CustomSQL.SQLQuery)
			}
		default:
			continue
		}
		types[r.Type]++
	}
}
