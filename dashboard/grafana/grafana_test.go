package grafana

import (
	"cmp"
	"fmt"
	"math"
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

var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

const delay = 6 * time.Minute

// each calls f with each panel that is in Grafana, and its query.
func each(t *testing.T, e Engine, f func(d panels.Dashboard, p panels.Panel, text string)) {
	t.Helper()
	o := Options{Engine: e, Table: panels.Samples, Delay: delay}
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			if _, ok := shapeOf(p); !ok || d.NoPage || p.Instead != "" {
				continue
			}
			sql, err := o.sql(d, p)
			if err != nil {
				t.Fatal(err)
			}
			f(d, p, sql)
		}
	}
}

// TestSameAsThePage: in DuckDB, each query has the values of the panel's bound form, over samples, minutes, hours and days.
func TestSameAsThePage(t *testing.T) {
	dir := t.TempDir()
	detailed := laketest.Scene(noon.Add(-2*time.Hour), noon, 3*time.Minute)
	laketest.Write(t, dir, detailed)
	for _, days := range []int{1, 40, 199} {
		from := noon.Add(time.Duration(-24*days) * time.Hour)
		laketest.Write(t, dir, laketest.Scene(from.Add(-time.Hour), from, 5*time.Minute))
	}
	roller, err := lake.OpenRoller(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = roller.Run(t.Context(), noon.Add(24*time.Hour), func(lake.Rolled) {})
	if closed := roller.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	l, plugin := laketest.Open(t, dir), laketest.Plugin(t, dir)
	all := panels.Params{Range: panels.Range{From: noon.Add(-3 * time.Hour), To: noon}, Bucket: 5 * time.Minute, Series: 12, Delay: delay, Metric: "cpu_pct"}
	chosen, minutes, hours, days := all, all, all, all
	chosen.Host, chosen.Metric = "db-01", "ram_pct"
	minutes.Range.From, minutes.Bucket, minutes.Env = noon.Add(-26*time.Hour), 15*time.Minute, detailed[0].Env
	hours.Range.From, hours.Bucket, hours.Role = noon.Add(-41*24*time.Hour), 3*time.Hour, detailed[0].NodeRole
	hours.Range.To = noon.Truncate(24 * time.Hour).Add(24 * time.Hour)
	days.Range.From, days.Range.To, days.Bucket = noon.Add(-200*24*time.Hour), hours.Range.To, 24*time.Hour
	full, number, seen := 0, 0, map[string]bool{}
	for name, params := range map[string]panels.Params{"all": all, "chosen": chosen, "minutes": minutes, "hours": hours, "days": days} {
		each(t, DuckDB, func(d panels.Dashboard, p panels.Panel, text string) {
			if name == "chosen" && p.ID != d.Panels[0].ID {
				return // all panels of a dashboard have the same conditions
			}
			if name == "minutes" || name == "hours" || name == "days" {
				// Which rows are read is not up to the panel, so one of each kind is enough. A range that is cut is the same as before.
				if p.MaxSpanS > 0 || p.Needs == panels.EachSample || seen[name+string(p.Kind)] {
					return
				}
				seen[name+string(p.Kind)] = true
			}
			of := params
			if !d.Metric {
				of.Metric = ""
			}
			page := p
			page.MinSpanS, page.Weeks = max(p.MinSpanS, d.SpanS), 0
			q, err := panels.Bind(page, of, l.Form(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			want, err := l.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got := plugin(text, of)
			if problem := differ(p, want, got); problem != "" {
				t.Errorf("%s %s: %s", name, p.ID, problem)
			}
			number++
			if got.Rows() > 0 {
				full++
			}
		})
	}
	t.Logf("%d of %d queries have rows", full, number)
	if full < number*4/5 {
		t.Error("the fixture shows too little")
	}
}

// differ returns the first difference between the answers to the page's query and to Grafana's, in the columns of Grafana's.
func differ(p panels.Panel, want, got panels.Result) string {
	if want.Rows() != got.Rows() {
		return fmt.Sprintf("the page has %d rows, Grafana %d", want.Rows(), got.Rows())
	}
	shape, _ := shapeOf(p)
	var columns []int
	for _, c := range got.Columns {
		name := c.Name
		if name == "time" {
			name = "t"
		}
		at := want.Index(name)
		if at < 0 {
			return "the page has no column " + name
		}
		columns = append(columns, at)
	}
	rowsOf := func(r panels.Result, at func(i int) int) (rows [][]any) {
		for row := range r.Rows() {
			var cells []any
			for i := range columns {
				cells = append(cells, cell(r.Data[at(i)][row], got.Columns[i].Name))
			}
			rows = append(rows, cells)
		}
		return rows
	}
	a, b := rowsOf(want, func(i int) int { return columns[i] }), rowsOf(got, func(i int) int { return i })
	if shape.overTime && !slices.IsSortedFunc(got.Data[0], func(a, b any) int { return a.(time.Time).Compare(b.(time.Time)) }) {
		return "it is not in the order of time"
	}
	if shape.overTime || p.Across != "" { // in another order than on the page
		slices.SortFunc(a, byKey)
		slices.SortFunc(b, byKey)
	}
	for i := range a {
		for j := range a[i] {
			x, isNumber := a[i][j].(float64)
			y, _ := b[i][j].(float64)
			if a[i][j] != b[i][j] && (!isNumber || math.Abs(x-y) > 1e-6*max(1, math.Abs(x))) {
				return fmt.Sprintf("row %d: the page has %v, Grafana %v", i, a[i], b[i])
			}
		}
	}
	return ""
}

// byKey compares two rows by the cells that say what they are about: the first two.
func byKey(a, b []any) int {
	for i := range min(2, len(a)) {
		x, isNumber := a[i].(float64)
		y, _ := b[i].(float64)
		if c := cmp.Compare(x, y); isNumber && c != 0 {
			return c
		}
		if c := strings.Compare(fmt.Sprint(a[i]), fmt.Sprint(b[i])); !isNumber && c != 0 {
			return c
		}
	}
	return 0
}

// cell is a value in the form that both answers share: a number, a text or nil.
func cell(v any, column string) any {
	switch n := v.(type) {
	case string:
		if hour, err := strconv.Atoi(n); err == nil && column == "hour" {
			return float64(hour)
		}
	case time.Time:
		return float64(n.UnixMicro()) / 1e6
	case int64:
		v = float64(n)
	}
	if i, ok := v.(float64); ok && column == "weekday" {
		return []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}[int(i)]
	}
	return v
}

// TestNewestIsThere: of a range that ends now, each sample counts once, whether or not it is in a rollup yet.
func TestNewestIsThere(t *testing.T) {
	dir, now := t.TempDir(), time.Now().UTC().Truncate(time.Minute)
	samples := slices.Concat(laketest.Samples(2, now.Add(-29*time.Hour), now.Add(-28*time.Hour), time.Minute), laketest.Samples(2, now.Add(-5*time.Hour), now, time.Minute))
	laketest.Write(t, dir, samples)
	roller, err := lake.OpenRoller(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = roller.Run(t.Context(), now, func(lake.Rolled) {})
	if closed := roller.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	plugin := laketest.Plugin(t, dir)
	for _, days := range []int{2, 40} {
		params := panels.Params{Range: panels.Range{From: now.Add(time.Duration(-24*days) * time.Hour), To: now}, Bucket: time.Hour}
		each(t, DuckDB, func(_ panels.Dashboard, p panels.Panel, text string) {
			if p.ID != "hosts-summary" {
				return
			}
			r := plugin(text, params)
			sum := 0.0
			for _, v := range r.Data[r.Index("samples")] {
				sum += v.(float64)
			}
			if int(sum) != len(samples) {
				t.Errorf("%d days: %v samples, want %d", days, sum, len(samples))
			}
		})
	}
}

// TestChoices: the variables list what there is to choose from.
func TestChoices(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Scene(noon.Add(-time.Hour), noon, 5*time.Minute)
	laketest.Write(t, dir, samples)
	l := laketest.Open(t, dir)
	o := Options{Engine: DuckDB, Table: panels.Samples, Delay: delay}
	for by, of := range map[panels.Dimension]func(record.Sample) string{
		panels.ByHost: func(s record.Sample) string { return s.Hostname }, panels.ByEnv: func(s record.Sample) string { return s.Env },
		panels.ByRole: func(s record.Sample) string { return s.NodeRole },
	} {
		sql, err := o.unfiltered().SQL(panels.Dashboard{}, panels.Choices(by))
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Query(t.Context(), panels.Query{SQL: laketest.Filled(sql, panels.Params{Range: panels.Range{From: noon.Add(-time.Hour), To: noon}})})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, s := range samples {
			want = append(want, of(s))
		}
		slices.Sort(want)
		if got, want := fmt.Sprint(r.Data[0]), fmt.Sprint(slices.Compact(want)); got != want {
			t.Errorf("%s: %s, want %s", by, got, want)
		}
	}
}

// reasons are why other kinds are not drawn. docs/grafana.md gives them, too.
var reasons = map[panels.Kind]string{
	panels.HostMap: "Grafana has no map of hosts; the table of the same answer is there",
	panels.Marks:   "it would be one more query for each dashboard that is opened; the tables of problems have the same times",
}

// left are the panels that are not in the dashboards, with the reasons.
func left() map[string]string {
	left := map[string]string{}
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			switch reason := reasons[p.Kind]; {
			case d.NoPage && d.ID == "filters":
				left[p.ID] = "its answers are the variables of the dashboards"
			case reason != "":
				left[p.ID] = reason
			case p.Instead != "":
				left[p.ID] = "the page shows it only if there is no data for " + p.Instead + ", which Grafana cannot do"
			}
		}
	}
	return left
}

// TestEachPanelIsThereOrSaysWhy: a panel is in Grafana, or there is a reason.
func TestEachPanelIsThereOrSaysWhy(t *testing.T) {
	left := left()
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			_, drawn := shapeOf(p)
			drawn = drawn && !d.NoPage && p.Instead == ""
			if drawn == (left[p.ID] != "") {
				t.Errorf("%s: drawn %v, reason %q", p.ID, drawn, left[p.ID])
			}
			for _, v := range p.Values {
				if _, ok := unitOf[v.Unit]; !ok {
					t.Errorf("%s: the unit %q is not known to Grafana", p.ID, v.Unit)
				}
			}
		}
	}
}
