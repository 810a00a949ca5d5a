package panels_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func each(t *testing.T, f func(t *testing.T, p panels.Panel)) {
	t.Helper()
	for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
		for _, p := range d.Panels {
			t.Run(p.ID, func(t *testing.T) { f(t, p) })
		}
	}
}

func params(from, to time.Time) panels.Params {
	return panels.Params{Range: panels.Range{From: from, To: to}, Bucket: 3 * time.Second, Series: 12, Delay: time.Minute}
}

// forms are those of both engines.
var forms = map[string]panels.Form{"DuckDB": panels.DuckDB(), "Athena": panels.Athena(`"d"."t"`)}

// bind binds a panel that must be right.
func bind(t *testing.T, p panels.Panel, params panels.Params, form panels.Form) panels.Query {
	t.Helper()
	q, err := panels.Bind(p, params, form)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

var (
	noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	hour = params(noon, noon.Add(time.Hour))
)

func TestDefinitionsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	each(t, func(t *testing.T, p panels.Panel) {
		if seen[p.ID] {
			t.Error("the id is not unique")
		}
		seen[p.ID] = true
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(p.ID) {
			t.Error("the id is not lower-case words")
		}
		if p.Title == "" || !strings.HasSuffix(p.Question, "?") || p.Kind == "" || len(p.Values) == 0 {
			t.Errorf("incomplete: %+v", p)
		}
		for _, v := range p.Values {
			if v.Column == "" || v.Label == "" || v.Unit == "" {
				t.Errorf("incomplete value: %+v", v)
			}
			if th := v.Thresholds; th != nil && th.Warn > th.Critical {
				t.Errorf("%s warns later than it is critical", v.Column)
			}
		}
		if found, ok := panels.Find(p.ID); !ok || found.ID != p.ID {
			t.Error("it is not found by its id")
		}
	})
	if _, ok := panels.Find("no-such"); ok {
		t.Error("found a panel that does not exist")
	}
}

// TestEveryFileIsThatOfAPanel finds files in sql that no panel uses.
func TestEveryFileIsThatOfAPanel(t *testing.T) {
	queries, err := filepath.Glob("sql/*.sql")
	if err != nil || len(queries) == 0 {
		t.Fatal(queries, err)
	}
	for _, name := range queries {
		if id := strings.TrimSuffix(filepath.Base(name), ".sql"); id == "" {
			t.Errorf("%s has no name", name)
		} else if p, ok := panels.Find(id); !ok || p.SQL == "" {
			t.Errorf("%s is the query of no panel", name)
		}
	}
}

// TestMaxByIsOfKnownValues: where a value may be NULL, the engines differ, and a query has to call last or last_by. The values of these names are
// never NULL where max_by reads them.
func TestMaxByIsOfKnownValues(t *testing.T) {
	known := []string{
		"role", "env", "process", "mount", "name", // each has a placeholder if it is unknown, or names an element
		"used_pct", "last_used", "disk_used_pct", "value", "{{.value}}", "median", // a condition excludes NULL
		"severity", "busy", // results of CASE with ELSE
	}
	err := fs.WalkDir(os.DirFS("sql"), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		text, err := os.ReadFile(filepath.Join("sql", path))
		for _, m := range regexp.MustCompile(`max_by\(([^,]*),`).FindAllStringSubmatch(string(text), -1) {
			if !slices.Contains(known, m[1]) {
				t.Errorf("%s: %s... is not known to have a value in each row: call last_by", path, m[0])
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestEveryQueryFiltersPartitions makes sure that no panel scans the whole lake: each read of samples is followed by the
// conditions on partition keys and on ts.
func TestEveryQueryFiltersPartitions(t *testing.T) {
	each(t, func(t *testing.T, p panels.Panel) {
		if strings.Contains(p.SQL, "FROM samples") {
			t.Error("it reads samples by another way than the function")
		}
		for name, table := range map[string]string{"DuckDB": "samples", "Athena": `"d"."t"`} {
			text := strings.Join(strings.Fields(bind(t, p, hour, forms[name]).SQL), " ")
			reads := strings.Count(text, "FROM "+table+" ")
			filters := len(regexp.MustCompile("FROM "+table+" WHERE year BETWEEN '[0-9]{4}' AND '[0-9]{4}' AND month BETWEEN '").FindAllString(text, -1))
			if reads == 0 || reads != filters {
				t.Errorf("%s: %d reads of samples, %d of them filtered", name, reads, filters)
			}
			for _, want := range []string{"ts >= 17", " AND ts < 17", "day BETWEEN '", "hour BETWEEN '", "AND year || month || day || hour BETWEEN '20"} {
				if n := strings.Count(text, want); n < reads {
					t.Errorf("%s: %q is there %d times, %d are wanted", name, want, n, reads)
				}
			}
		}
	})
}

// TestOnlyCommonSQL forbids SQL that Trino lacks, and SQL that means something else in DuckDB than in Trino.
func TestOnlyCommonSQL(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)::|\bGROUP BY ALL\b|\bQUALIFY\b|\bEXCLUDE\b|\bARG_M(IN|AX)\b|\bLIST\b|\bEPOCH\b|` +
		`\bTO_TIMESTAMP\b|\bDATE_PART\b|\bTIME_BUCKET\b|\bQUANTILE|\bMEDIAN\s*\(|\bLIMIT\b|\bGREATEST\b|\bLEAST\b|\bSTRFTIME\b|\bIF\s*\(|;`)
	each(t, func(t *testing.T, p panels.Panel) {
		text := bind(t, p, hour, panels.Athena("t")).SQL
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("the SQL uses %q", found)
		}
		for word := range strings.FieldsSeq(text) {
			if strings.Contains(word, `"`) {
				t.Errorf("quoted identifier %s", word)
			}
		}
	})
}

func TestColumnsAndUnitsAreOfTheContract(t *testing.T) {
	columns, fields := map[string]record.Unit{}, map[string][]record.Unit{}
	for _, c := range record.Columns() {
		columns[c.Name] = c.Unit
		for _, f := range c.Fields {
			fields[f.Name] = append(fields[f.Name], f.Unit)
		}
	}
	for _, m := range panels.Metrics() {
		if unit, ok := columns[m.Column]; !ok || unit != m.Unit {
			t.Errorf("the metric %s is in %s, the contract says %s", m.Column, m.Unit, unit)
		}
	}
	each(t, func(t *testing.T, p panels.Panel) {
		for _, v := range p.Values {
			if units := fields[v.Column]; units != nil && slices.Contains(units, v.Unit) {
				continue
			}
			if unit, ok := columns[v.Column]; ok && unit != v.Unit && (unit != record.NoUnit || v.Unit != panels.Text) {
				t.Errorf("%s is in %s, the contract says %s", v.Column, v.Unit, unit)
			}
		}
		for _, name := range regexp.MustCompile(`\b[a-z]+_(pct|per_s|bytes)\b`).FindAllString(p.SQL, -1) {
			_, column := columns[name]
			_, field := fields[name]
			if !column && !field && name != "link_pct" {
				t.Errorf("the contract has no column or field %s", name)
			}
		}
	})
}

func TestBindNeverSplicesText(t *testing.T) {
	attacks := []string{
		"' OR 1=1 --", "'; DROP VIEW samples; --", `"`, "?", ":from", "$1", "\x00", "web-01", " ", "🦊 o'neil <b>", "{{samples}}",
	}
	each(t, func(t *testing.T, p panels.Panel) {
		for _, form := range forms {
			one := hour
			one.Host = "one"
			plain := bind(t, p, one, form)
			if n := strings.Count(plain.SQL, "?") + strings.Count(plain.SQL, "getvariable("); n != len(plain.Args) || n == 0 {
				t.Fatalf("%d parameters, %d values", n, len(plain.Args))
			}
			if strings.ContainsAny(plain.SQL, ":{}") {
				t.Errorf("a parameter is left in %s", plain.SQL)
			}
			for _, attack := range attacks {
				attacked := hour
				attacked.Host = attack
				q := bind(t, p, attacked, form)
				if q.SQL != plain.SQL {
					t.Errorf("host %q changed the SQL", attack)
				}
				if !slices.Contains(q.Args, any(attack)) {
					t.Errorf("host %q is not among the values", attack)
				}
			}
		}
	})
}

// TestBindLeavesOutWhatIsNotChosen: a query does not read the column of a filter that the viewer did not choose.
func TestBindLeavesOutWhatIsNotChosen(t *testing.T) {
	every := hour
	every.Host, every.Env, every.Role, every.TagKey, every.TagValue = "h", "e", "r", "k", "v"
	each(t, func(t *testing.T, p panels.Panel) {
		narrow, wide := bind(t, p, every, panels.Athena("samples")), bind(t, p, hour, panels.Athena("samples"))
		reads := strings.Count(wide.SQL, "FROM samples\n")
		for _, filter := range []string{
			"hostname = ?", "env = ?",
			"node_role = ?", "CASE WHEN contains(map_keys(tags), ?) THEN tags[?] END = ?",
		} {
			if strings.Count(narrow.SQL, "AND "+filter) != reads || strings.Contains(wide.SQL, filter) {
				t.Errorf("%s is in the query %d times if it is chosen, %d if not", filter, strings.Count(narrow.SQL, filter), strings.Count(wide.SQL, filter))
			}
		}
		if len(wide.Args) != 0 {
			t.Errorf("values %v although nothing is chosen", wide.Args)
		}
	})
}

func TestBadQueriesAreRefused(t *testing.T) {
	for name, sql := range map[string]string{
		"unknown function":    "SELECT {{nope}}",
		"unknown column":      `SELECT 1 FROM {{samples "cpu"}}`,
		"no name of a column": `SELECT 1 FROM {{samples 1}}`,
		"no list":             `SELECT 1 FROM {{details "hostname" "host"}}`,
		"unknown list":        `SELECT 1 FROM {{details "fans" "host"}}`,
		"unknown field":       `SELECT 1 FROM {{details "disks" "mount"}}`,
		"unknown template":    `{{template "nope"}}`,
		"missing argument":    `{{template "lines" args "by" "host"}}`,
		"odd arguments":       `{{template "lines" args "by"}}`,
		"no end":              "SELECT {{bucket",
	} {
		_, err := panels.Bind(panels.Panel{ID: "x", SQL: sql}, hour, panels.DuckDB())
		if err == nil || !strings.Contains(err.Error(), "panel x") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParamsAreChecked(t *testing.T) {
	cases := map[string]func(*panels.Params){
		"ends before it begins": func(p *panels.Params) { p.Range.To = p.Range.From.Add(-time.Second) },
		"empty":                 func(p *panels.Params) { p.Range.To = p.Range.From },
		"too long":              func(p *panels.Params) { p.Range.From = p.Range.To.Add(-panels.MaxSpan - time.Second) },
		"no bucket":             func(p *panels.Params) { p.Bucket = 0 },
		"no series":             func(p *panels.Params) { p.Series = 0 },
		"negative delay":        func(p *panels.Params) { p.Delay = -1 },
		"before 1970":           func(p *panels.Params) { *p = params(time.Unix(-7200, 0), time.Unix(-3600, 0)) },
	}
	p, _ := panels.Find("overview-cpu")
	for name, change := range cases {
		bad := hour
		change(&bad)
		if _, err := panels.Bind(p, bad, panels.DuckDB()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	bind(t, p, hour, panels.DuckDB())
}

// TestPartitionConditionsHold reads the conditions from a bound query and evaluates them. A partition must pass if, and only
// if, it holds a moment of the range.
func TestPartitionConditionsHold(t *testing.T) {
	p := panels.Panel{ID: "x", SQL: "SELECT 1 FROM {{samples}}"}
	at := func(s string) time.Time {
		tm, err := time.Parse("2006-01-02T15:04:05.000", s)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	ranges := [][2]string{
		{"2026-02-03T12:10:00.000", "2026-02-03T12:20:00.000"},
		{"2026-02-03T12:10:00.000", "2026-02-03T13:00:00.000"},
		{"2026-02-03T12:10:00.000", "2026-02-03T13:00:00.001"},
		{"2026-02-03T22:10:00.000", "2026-02-04T02:00:00.000"},
		{"2026-02-27T22:10:00.000", "2026-03-02T02:30:00.000"},
		{"2025-12-31T23:59:59.999", "2026-01-01T00:00:00.001"},
		{"2025-11-30T00:00:00.000", "2026-01-02T00:00:00.000"},
	}
	for _, r := range ranges {
		from, to := at(r[0]), at(r[1])
		bounds := regexp.MustCompile(`BETWEEN '([0-9]+)' AND '([0-9]+)'`).FindAllStringSubmatch(bind(t, p, params(from, to), panels.DuckDB()).SQL, -1)
		if len(bounds) != 5 {
			t.Fatalf("bounds %v", bounds)
		}
		for h := record.HourOf(record.TS(from)) - 100; h <= record.HourOf(record.TS(to))+100; h++ {
			part := h.Partition()
			got := true
			for i, value := range []string{part.Year, part.Month, part.Day, part.Hour, part.Year + part.Month + part.Day + part.Hour} {
				got = got && value >= bounds[i][1] && value <= bounds[i][2]
			}
			want := h.Time().Before(to) && h.Time().Add(time.Hour).After(from)
			if got != want {
				t.Errorf("range %v: partition %v passes: %v, want %v", r, part, got, want)
			}
		}
	}
}

func TestMinimumSpanWidensTheRange(t *testing.T) {
	q := bind(t, panels.Panel{ID: "x", SQL: "SELECT 1 FROM {{samples}}", MinSpanS: 86400}, hour, panels.DuckDB())
	if to := noon.Add(time.Hour); !q.Range.To.Equal(to) || !q.Range.From.Equal(to.Add(-24*time.Hour)) ||
		!strings.Contains(q.SQL, fmt.Sprintf("ts >= %d AND ts < %d", q.Range.From.Unix(), q.Range.To.Unix())) {
		t.Errorf("range %v in %s", q.Range, q.SQL)
	}
}

func TestBucketFor(t *testing.T) {
	for span, want := range map[time.Duration]time.Duration{
		time.Minute:         time.Second,
		5 * time.Minute:     time.Second,
		15 * time.Minute:    3 * time.Second,
		time.Hour:           15 * time.Second,
		24 * time.Hour:      5 * time.Minute,
		7 * 24 * time.Hour:  time.Hour,
		panels.MaxSpan:      24 * time.Hour,
		30 * 24 * time.Hour: 3 * time.Hour,
	} {
		r := panels.Range{From: noon, To: noon.Add(span)}
		if got := panels.BucketFor(r, 300); got != want {
			t.Errorf("%v in 300 buckets: %v, want %v", span, got, want)
		}
	}
}

// TestParametersStayInConditions: parameters are in WHERE conditions only, on which the Athena engine relies, and they hold all
// texts that a viewer chooses.
func TestParametersStayInConditions(t *testing.T) {
	chosen := hour
	chosen.Host, chosen.Env, chosen.Role, chosen.TagKey, chosen.TagValue, chosen.Metric = "h'?", "e'?", "r'?", "k'?", "v'?", "ram_pct"
	each(t, func(t *testing.T, p panels.Panel) {
		in := bind(t, p, chosen, panels.Athena("t"))
		if n := strings.Count(in.SQL, "?"); n != len(in.Args) || n == 0 {
			t.Errorf("%d parameters, %d values", n, len(in.Args))
		}
		for _, text := range []string{"h'?", "e'?", "r'?", "k'?", "v'?"} {
			if strings.Contains(in.SQL, text[:1]+"''?") || !slices.Contains(in.Args, any(text)) {
				t.Errorf("%s is in the text", text)
			}
		}
		// There is no parameter before the first WHERE, and none between the end of one and the next.
		for part := range strings.SplitSeq(in.SQL, "WHERE") {
			if _, rest, ok := strings.Cut(part, "GROUP BY"); ok && strings.Contains(rest, "?") {
				t.Errorf("a parameter after WHERE: %s", rest)
			}
		}
		if before, _, _ := strings.Cut(in.SQL, "WHERE"); strings.Contains(before, "?") {
			t.Errorf("a parameter before WHERE: %s", before)
		}
		for name, form := range forms {
			text, err := panels.Literal(p, chosen, form)
			if err != nil || strings.Count(text, "?") != strings.Count(text, "''?") || strings.Count(text, "'h''?'") == 0 {
				t.Errorf("%s: a parameter is left in %s (%v)", name, text, err)
			}
		}
	})
}

func TestOnceReadsTheOtherView(t *testing.T) {
	once := hour
	once.Once = true
	each(t, func(t *testing.T, p panels.Panel) {
		reads := strings.Count(bind(t, p, hour, panels.DuckDB()).SQL, "FROM samples\n")
		q := bind(t, p, once, panels.DuckDB())
		if strings.Contains(q.SQL, "FROM samples\n") || strings.Count(q.SQL, "FROM samples_once\n") != reads || reads == 0 {
			t.Errorf("it reads %s", q.SQL)
		}
		q = bind(t, p, once, panels.Athena("t"))
		if strings.Contains(q.SQL, "FROM t\n") || strings.Count(q.SQL, "FROM ("+panels.OnceOf("t")+") AS once\n") != reads {
			t.Errorf("in Athena it reads %s", q.SQL)
		}
	})
}

// TestEachTrendHasItsValueOfNow: a tile of the page shows the trend of a value and its newest value, which is a column of
// overview-now or a sum of columns.
func TestEachTrendHasItsValueOfNow(t *testing.T) {
	now, _ := panels.Find("overview-now")
	trend, _ := panels.Find("overview-trend")
	if len(trend.Values) == 0 {
		t.Fatal("the trend has no values")
	}
	for _, v := range trend.Values {
		columns := v.Sum
		if len(columns) == 0 {
			columns = []string{v.Column}
		}
		for _, column := range columns {
			if !slices.ContainsFunc(now.Values, func(of panels.Value) bool { return of.Column == column && of.Unit == v.Unit }) {
				t.Errorf("the panel overview-now has no value %s in %s, which the tile of %s needs", column, v.Unit, v.Column)
			}
		}
	}
}

// A panel that reads by host and time bucket shares what it reads with the others of its page, and has few buckets if there are many hosts.
func TestPanelsByBucketAreTogether(t *testing.T) {
	ofFleets := regexp.MustCompile(`template "(by_host|by_environment|fleet|over_hosts|throughput|host_rows)"`)
	for _, d := range panels.All() {
		lists := map[string]bool{}
		for _, p := range d.Panels {
			if by := ofFleets.MatchString(p.SQL); by != (len(p.Together) > 0) {
				t.Errorf("%s: its query reads by host and time bucket: %v; it names what it reads together with others: %v", p.ID, by, len(p.Together) > 0)
			} else if by {
				lists[strings.Join(p.Together, " ")] = true
			}
			for hosts, most := range map[int]int{1: panels.MaxBuckets, 200: panels.MaxBuckets, 201: 100, 2000: 100, 2001: 50} {
				want := most
				if len(p.Together) == 0 {
					want = panels.MaxBuckets
				}
				if n, one := panels.BucketsFor(p, hosts, false), panels.BucketsFor(p, hosts, true); n != want || one != panels.MaxBuckets {
					t.Errorf("%s of %d hosts has %d buckets, and %d if a host is chosen", p.ID, hosts, n, one)
				}
			}
		}
		if len(lists) > 1 {
			t.Errorf("panels of %s read by host and time bucket in %d ways", d.ID, len(lists))
		}
	}
}
