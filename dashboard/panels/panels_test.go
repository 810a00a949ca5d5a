package panels_test

import (
	"fmt"
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

// TestEveryQueryFiltersPartitions makes sure that no panel scans the whole lake: each read of samples is followed by the
// conditions on partition keys and on ts.
func TestEveryQueryFiltersPartitions(t *testing.T) {
	each(t, func(t *testing.T, p panels.Panel) {
		text := strings.Join(strings.Fields(p.SQL), " ")
		reads := strings.Count(text, "FROM samples")
		filters := strings.Count(text, "FROM samples WHERE year BETWEEN :year_from AND :year_to AND month BETWEEN")
		if reads == 0 || reads != filters {
			t.Errorf("%d reads of samples, %d of them filtered", reads, filters)
		}
		for _, want := range []string{"ts >= :from AND ts < :to", "day BETWEEN", "hour BETWEEN :hour_from", ":from_hour AND :to_hour"} {
			if strings.Count(text, want) != reads {
				t.Errorf("%q is missing", want)
			}
		}
	})
}

// TestOnlyCommonSQL forbids what DuckDB understands and Trino does not, or each in its own way.
func TestOnlyCommonSQL(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)::|\bGROUP BY ALL\b|\bQUALIFY\b|\bEXCLUDE\b|\bARG_M(IN|AX)\b|\bLIST\b|\bEPOCH\b|` +
		`\bTO_TIMESTAMP\b|\bDATE_PART\b|\bTIME_BUCKET\b|\bQUANTILE|\bMEDIAN\s*\(|\bLIMIT\b|\bGREATEST\b|\bLEAST\b|\bSTRFTIME\b|\bIF\s*\(|;`)
	each(t, func(t *testing.T, p panels.Panel) {
		if found := forbidden.FindString(p.SQL); found != "" {
			t.Errorf("the SQL uses %q", found)
		}
		for word := range strings.FieldsSeq(p.SQL) {
			if strings.Contains(word, `"`) {
				t.Errorf("quoted identifier %s", word)
			}
		}
	})
}

func TestColumnsAndUnitsAreOfTheContract(t *testing.T) {
	columns := map[string]record.Unit{}
	for _, c := range record.Columns() {
		columns[c.Name] = c.Unit
	}
	each(t, func(t *testing.T, p panels.Panel) {
		for _, v := range p.Values {
			if unit, ok := columns[v.Column]; ok && string(unit) != string(v.Unit) {
				t.Errorf("%s is in %s, the contract says %s", v.Column, v.Unit, unit)
			}
		}
		for _, name := range regexp.MustCompile(`\b[a-z]+_(pct|per_s|bytes)\b`).FindAllString(p.SQL, -1) {
			if _, ok := columns[name]; !ok {
				t.Errorf("the contract has no column %s", name)
			}
		}
	})
}

func TestBindNeverSplicesText(t *testing.T) {
	attacks := []string{
		"' OR 1=1 --", "'; DROP VIEW samples; --", `"`, "?", ":from", "$1", "\x00", "web-01", " ", "🦊 o'neil <b>",
	}
	each(t, func(t *testing.T, p panels.Panel) {
		one := hour
		one.Host = "one"
		plain, err := panels.Bind(p, one)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(plain.SQL, "?"); n != len(plain.Args) || n == 0 {
			t.Fatalf("%d parameters, %d values", n, len(plain.Args))
		}
		if strings.Contains(plain.SQL, ":") {
			t.Errorf("a parameter is left in %s", plain.SQL)
		}
		for _, attack := range attacks {
			attacked := hour
			attacked.Host = attack
			q, err := panels.Bind(p, attacked)
			if err != nil {
				t.Fatal(err)
			}
			if q.SQL != plain.SQL {
				t.Errorf("host %q changed the SQL", attack)
			}
			if !slices.Contains(q.Args, any(attack)) {
				t.Errorf("host %q is not among the values", attack)
			}
		}
	})
}

// TestBindLeavesOutWhatIsNotChosen: the columns of a filter are not read where there is none.
func TestBindLeavesOutWhatIsNotChosen(t *testing.T) {
	every := hour
	every.Host, every.Env, every.Role, every.TagKey, every.TagValue = "h", "e", "r", "k", "v"
	each(t, func(t *testing.T, p panels.Panel) {
		narrow, err := panels.Bind(p, every)
		if err != nil {
			t.Fatal(err)
		}
		wide, err := panels.Bind(p, hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, filter := range []string{
			"(? = '' OR coalesce(hostname, '(unnamed)') = ?)", "(? = '' OR coalesce(env, '(none)') = ?)",
			"(? = '' OR coalesce(node_role, '(none)') = ?)", "(? = '' OR CASE WHEN contains(map_keys(tags), ?) THEN tags[?] END = ?)",
		} {
			if reads := strings.Count(p.SQL, "ts >= :from"); strings.Count(narrow.SQL, filter) < min(1, reads) || strings.Contains(wide.SQL, filter) {
				t.Errorf("%s is in the query %d times where it is chosen, %d where it is not", filter, strings.Count(narrow.SQL, filter), strings.Count(wide.SQL, filter))
			}
		}
		if slices.Contains(wide.Args, any("")) {
			t.Error("an empty text is among the values")
		}
	})
}

func TestBindRefuses(t *testing.T) {
	for name, sql := range map[string]string{
		"unknown parameter": "SELECT :nope",
		"open quote":        "SELECT 'a",
		"question mark":     "SELECT ?",
		"comment":           "SELECT 1 -- :from",
		"block comment":     "SELECT /* it's */ :from",
		"cast":              "SELECT ts::bigint",
		"lone colon":        "SELECT a : b",
	} {
		if q, err := panels.Bind(panels.Panel{ID: "x", SQL: sql}, hour); err == nil {
			t.Errorf("%s: bound to %s", name, q.SQL)
		}
	}
	q, err := panels.Bind(panels.Panel{ID: "x", SQL: `SELECT ':from', ":to", ':a''b', :bucket`}, hour)
	if err != nil || q.SQL != `SELECT ':from', ":to", ':a''b', ?` || len(q.Args) != 1 || q.Args[0] != 3.0 {
		t.Errorf("quoted text: %q %v %v", q.SQL, q.Args, err)
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
		if _, err := panels.Bind(p, bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := panels.Bind(p, hour); err != nil {
		t.Error(err)
	}
}

// TestPartitionConditionsHold checks the conditions against the definition: a partition passes exactly if it holds
// an instant of the range. They are read from the bound query, evaluated here.
func TestPartitionConditionsHold(t *testing.T) {
	p := panels.Panel{ID: "x", SQL: ":year_from:year_to:month_from:month_to:day_from:day_to:hour_from:hour_to:from_hour:to_hour"}
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
		q, err := panels.Bind(p, params(from, to))
		if err != nil {
			t.Fatal(err)
		}
		for h := record.HourOf(record.TS(from)) - 100; h <= record.HourOf(record.TS(to))+100; h++ {
			part := h.Partition()
			got := true
			for i, value := range []string{part.Year, part.Month, part.Day, part.Hour, part.Year + part.Month + part.Day + part.Hour} {
				got = got && value >= fmt.Sprint(q.Args[2*i]) && value <= fmt.Sprint(q.Args[2*i+1])
			}
			want := h.Time().Before(to) && h.Time().Add(time.Hour).After(from)
			if got != want {
				t.Errorf("range %v: partition %v passes: %v, want %v", r, part, got, want)
			}
		}
	}
}

func TestMinimumSpanWidensTheRange(t *testing.T) {
	q, err := panels.Bind(panels.Panel{ID: "x", SQL: ":from:to", MinSpanS: 86400}, hour)
	if err != nil {
		t.Fatal(err)
	}
	if to := noon.Add(time.Hour); !q.Range.To.Equal(to) || !q.Range.From.Equal(to.Add(-24*time.Hour)) || q.Args[0] != record.TS(q.Range.From) {
		t.Errorf("range %v, values %v", q.Range, q.Args)
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

// TestParametersStayInConditions holds what the Athena engine relies on: parameters are in WHERE only, and all text that a
// viewer chooses is among them.
func TestParametersStayInConditions(t *testing.T) {
	chosen := hour
	chosen.Host, chosen.Env, chosen.Role, chosen.TagKey, chosen.TagValue, chosen.Metric = "h'?", "e'?", "r'?", "k'?", "v'?", "ram_pct"
	each(t, func(t *testing.T, p panels.Panel) {
		q, err := panels.Bind(p, chosen)
		if err != nil {
			t.Fatal(err)
		}
		in := panels.InConditions(q)
		if n := strings.Count(in.SQL, "?"); n != len(in.Args) || n == 0 || in.Range != q.Range {
			t.Errorf("%d parameters, %d values", n, len(in.Args))
		}
		for _, text := range []string{"h'?", "e'?", "r'?", "k'?", "v'?"} {
			if strings.Contains(in.SQL, text[:1]+"''?") || !slices.Contains(in.Args, any(text)) {
				t.Errorf("%s is in the text", text)
			}
		}
		// What stands before the first condition, and between the end of one and the next, has no parameter.
		for part := range strings.SplitSeq(in.SQL, "WHERE") {
			if _, rest, ok := strings.Cut(part, "GROUP BY"); ok && strings.Contains(rest, "?") {
				t.Errorf("a parameter after WHERE: %s", rest)
			}
		}
		if before, _, _ := strings.Cut(in.SQL, "WHERE"); strings.Contains(before, "?") {
			t.Errorf("a parameter before WHERE: %s", before)
		}
		if text := panels.Literal(q); strings.Count(text, "?") != strings.Count(text, "''?") {
			t.Errorf("a parameter is left in %s", text)
		}
	})
}

func TestClauses(t *testing.T) {
	q := panels.Query{
		SQL: `SELECT ?, (SELECT max(a) FROM t WHERE b = ? AND c IN (?, abs(?))) + ?, 'WHERE ?' AS "WHERE ?" FROM u JOIN v ON u.x = ? ` +
			`WHERE d = ? AND (e = ? OR f > (SELECT ? FROM w GROUP BY ? HAVING count(*) > ?)) AND whereabouts = ? GROUP BY ? ORDER BY ?`,
	}
	for i := range strings.Count(q.SQL, "?") - 2 {
		q.Args = append(q.Args, int64(i))
	}
	in := panels.InConditions(q)
	want := `SELECT 0, (SELECT max(a) FROM t WHERE b = ? AND c IN (?, abs(?))) + 4, 'WHERE ?' AS "WHERE ?" FROM u JOIN v ON u.x = 5 ` +
		`WHERE d = ? AND (e = ? OR f > (SELECT 8 FROM w GROUP BY 9 HAVING count(*) > 10)) AND whereabouts = ? GROUP BY 12 ORDER BY 13`
	if in.SQL != want || fmt.Sprint(in.Args) != "[1 2 3 6 7 11]" {
		t.Errorf("%s %v", in.SQL, in.Args)
	}
}

func TestOnceReadsTheOtherView(t *testing.T) {
	once := hour
	once.Once = true
	each(t, func(t *testing.T, p panels.Panel) {
		q, err := panels.Bind(p, once)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(q.SQL, "FROM samples\n") || strings.Count(q.SQL, "FROM samples_once\n") != strings.Count(p.SQL, "FROM samples\n") {
			t.Errorf("it reads %s", q.SQL)
		}
	})
}
