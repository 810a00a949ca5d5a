package lake_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// steadyScene are samples with lists once a minute, and without the first samples of sessions, which lack some columns. Lists are so short
// that hours have all of their elements.
func steadyScene(from, to time.Time) (samples []record.Sample) {
	for _, s := range laketest.Scene(from, to, 30*time.Second) {
		if time.UnixMilli(record.Millis(s.TS)).Second() >= 30 {
			s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
		}
		s.Processes, s.Units = s.Processes[:min(5, len(s.Processes))], s.Units[:min(5, len(s.Units))]
		if s.Seq > 0 {
			samples = append(samples, s)
		}
	}
	return samples
}

// approximate are the panels that show quantiles and deviations. Over a rollup they are those of means, which are other numbers.
var approximate = regexp.MustCompile(`ninety_five|deviation|^(quarter|median|three_quarters)$`)

// ofNewestMemory are the panels that show the newest memory of processes or units, and choose rows by it. Over hours, that is the mean of
// an hour. See TestListsOverHours.
var ofNewestMemory = regexp.MustCompile(`^processes-(top|hosts|units)$`)

// Over samples and over rollups, panels have equal rows, within the rounding of sums.
func TestPanelsOverRollups(t *testing.T) {
	from := time.Date(2026, 2, 28, 19, 0, 0, 0, time.UTC) // five hours of the day and two of the next
	to := from.Add(7 * time.Hour)
	samples := steadyScene(from, to)
	raw, both := t.TempDir(), t.TempDir()
	laketest.Write(t, raw, samples)
	laketest.Write(t, both, samples)
	// The last hour is not rolled up yet. The second day has neither a day nor hours, only minutes.
	if written, _ := rollUp(t, both, to); len(written) != 6+1+1 {
		t.Fatalf("wrote %v", written)
	}
	of := map[string]*lake.Lake{"samples": open(t, raw), "rollups": open(t, both)}
	compared := 0
	for grain, span := range map[string]time.Duration{"1m": 27 * time.Hour, "1h": 32 * 24 * time.Hour, "1d": 200 * 24 * time.Hour} {
		r := panels.Range{From: to.Add(-span), To: to}
		params := panels.Params{Range: r, Bucket: panels.BucketFor(r, 30), Series: 4, Delay: 30 * time.Second}
		for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
			for _, p := range d.Panels {
				t.Run(grain+"/"+p.ID, func(t *testing.T) {
					if p.Needs == panels.EachSample || grain != "1m" && ofNewestMemory.MatchString(p.ID) {
						return
					}
					var want panels.Result
					got, q := resultOf(t, of["rollups"], p, params)
					bounded := params
					if q.Shown < span {
						bounded.Range.From = r.To.Add(-q.Shown)
					}
					want, _ = resultOf(t, of["samples"], p, bounded)
					if problem := differ(want, got); problem != "" {
						t.Error(problem)
					}
					if q.Rollup != "" && want.Rows() > 0 {
						compared++
					}
				})
			}
		}
	}
	t.Logf("%d answers over rollups have rows and are compared", compared)
	if compared < 90 {
		t.Error("the lake shows too little")
	}
}

func resultOf(t *testing.T, l *lake.Lake, p panels.Panel, params panels.Params) (panels.Result, panels.Query) {
	t.Helper()
	q, err := panels.Bind(p, params, l.Form(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Query(t.Context(), q)
	if err != nil {
		t.Fatalf("%s: %v\n%s", p.ID, err, q.SQL)
	}
	return r, q
}

// differ returns the first difference between two answers, or "".
func differ(want, got panels.Result) string {
	if want.Rows() != got.Rows() {
		return fmt.Sprintf("%d rows, want %d", got.Rows(), want.Rows())
	}
	for i, c := range want.Columns {
		if got.Columns[i].Name != c.Name {
			return fmt.Sprintf("column %s, want %s", got.Columns[i].Name, c.Name)
		}
		for row, w := range want.Data[i] {
			if g := got.Data[i][row]; !approximate.MatchString(c.Name) && !alike(g, w, rounded[c.Name]) {
				return fmt.Sprintf("row %d: %s is %v, want %v", row, c.Name, g, w)
			}
		}
	}
	return ""
}

// rounded are the steps to which queries round sums, by column. A sum of doubles depends on its order, so it may be rounded either way.
var rounded = map[string]float64{"cpu": 1e-6, "read": 1e-3, "written": 1e-3}

// alike compares values that may be a step apart. The mean of whole numbers is a double.
func alike(a, b any, step float64) bool {
	x, isX := numberOf(a)
	y, isY := numberOf(b)
	if isX && isY {
		return math.Abs(x-y) <= step+1e-9*max(1, math.Abs(y))
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func numberOf(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// rolledDay is a lake of two hosts in four hours of a day and two of the next, with all rollups but that of the last hour.
func rolledDay(t *testing.T, change func(dir string)) (*lake.Lake, panels.Params) {
	t.Helper()
	dir := t.TempDir()
	from := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	to := from.Add(30 * time.Hour)
	laketest.Write(t, dir, laketest.Samples(2, from, from.Add(4*time.Hour), time.Minute))
	laketest.Write(t, dir, laketest.Samples(2, to.Add(-2*time.Hour), to, time.Minute))
	rollUp(t, dir, to)
	change(dir)
	r := panels.Range{From: from, To: to}
	return open(t, dir), panels.Params{Range: r, Bucket: time.Hour, Series: 4, Delay: time.Minute}
}

// sampled is how many samples the summary of the hosts counts, over a range and its warnings.
func sampled(t *testing.T, l *lake.Lake, params panels.Params) (samples int64, rollup string, warnings []string) {
	t.Helper()
	p, _ := panels.Find("hosts-summary")
	r, q := resultOf(t, l, p, params)
	for _, n := range r.Data[r.Index("samples")] {
		samples += n.(int64)
	}
	return samples, q.Rollup, r.Warnings
}

// If a rollup is missing, damaged or of another table, the samples are read for its period, and no sample counts twice.
func TestRollupsThatCannotBeRead(t *testing.T) {
	start := time.Date(2026, 2, 28, 2, 0, 0, 0, time.UTC)
	damage := func(change func(path string) error) func(dir string) {
		return func(dir string) {
			for _, r := range panels.Rollups() {
				for _, path := range rollupFiles(t, dir, r, r.Start(start)) {
					if err := change(path); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(dir string)
		warns  bool
	}{
		"whole":   {func(string) {}, false},
		"missing": {damage(os.Remove), false},
		"cut off": {damage(func(path string) error { return os.Truncate(path, 1000) }), true},
		"changed within": {damage(func(path string) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i := 100; i < len(data)*2/3; i++ { // pages, not the footer
				data[i] ^= 0x5a
			}
			return os.WriteFile(path, data, 0o644)
		}), true},
		"another table": {damage(func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			laketest.WriteFile(t, path, laketest.Samples(1, start, start.Add(time.Minute), time.Second))
			return nil
		}), true},
	} {
		t.Run(name, func(t *testing.T) {
			l, params := rolledDay(t, c.change)
			for _, back := range []time.Duration{0, 32 * 24 * time.Hour} {
				params.Range.From = params.Range.From.Add(-back)
				n, rollup, warnings := sampled(t, l, params)
				if n != 2*6*60 || rollup == "" {
					t.Errorf("%s: %d samples, want %d", rollup, n, 2*6*60)
				}
				if (len(warnings) > 0) != c.warns || c.warns && !strings.Contains(warnings[0], "rollup/") {
					t.Errorf("%s: warnings %v", rollup, warnings)
				}
			}
			p, _ := panels.Find("hosts-average")
			want, q := resultOf(t, l, p, params)
			if q.Rollup != "1h" || want.Rows() != 2 {
				t.Fatalf("%d rows over %q", want.Rows(), q.Rollup)
			}
			params.Range.From = params.Range.From.Add(-200 * 24 * time.Hour)
			got, q := resultOf(t, l, p, params)
			if problem := differ(want, got); problem != "" || q.Rollup != "1d" || (len(got.Warnings) > 0) != c.warns {
				t.Errorf("%s: %s, warnings %v", q.Rollup, problem, got.Warnings)
			}
		})
	}
}

// The samples of a period that is rolled up are not read: they may be gone.
func TestSamplesMayBeGone(t *testing.T) {
	l, params := rolledDay(t, func(dir string) {
		if err := os.RemoveAll(filepath.Join(dir, laketest.Prefix, "year=2026", "month=02")); err != nil {
			t.Fatal(err)
		}
	})
	if n, rollup, warnings := sampled(t, l, params); n != 2*6*60 || rollup != "1m" || len(warnings) > 0 {
		t.Errorf("%d samples of %s, warnings %v", n, rollup, warnings)
	}
}

// Days are made of hours: if samples, minutes and days are gone, the next run makes the same days again, also those of a lake that an earlier
// version has rolled up.
func TestDaysAreMadeOfHours(t *testing.T) {
	l, params := rolledDay(t, func(string) {})
	params.Range.From, params.Bucket = params.Range.From.Add(-200*24*time.Hour), 24*time.Hour
	table := filepath.Join(l.Dir(), "metricsdashboard-lake")
	before := rollupRows(t, l, panels.Days, "*")
	for _, folder := range []string{"analytics/year=2026/month=02", "rollup/1m/year=2026/month=02", "rollup/1d"} {
		if err := os.RemoveAll(filepath.Join(table, filepath.FromSlash(folder))); err != nil {
			t.Fatal(err)
		}
	}
	panel, _ := panels.Find("hosts-average")
	over := func(want string) panels.Result {
		t.Helper()
		r, q := resultOf(t, l, panel, params)
		if q.Rollup != want || r.Rows() != 2 || len(r.Warnings) > 0 {
			t.Errorf("%d rows over %q, want %q, warnings %v", r.Rows(), q.Rollup, want, r.Warnings)
		}
		return r
	}
	hours := over("1d") // which are the hours, rolled up by the query
	if written, _ := rollUp(t, l.Dir(), params.Range.To); len(written) != 1 || written[0] != "1d 2026-02-28T00 2" {
		t.Errorf("wrote %v", written)
	}
	if after := rollupRows(t, l, panels.Days, "*"); len(after) != 2 || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("days\n%v, want\n%v", after, before)
	}
	if problem := differ(hours, over("1d")); problem != "" {
		t.Error(problem)
	}
	if written, _ := rollUp(t, l.Dir(), params.Range.To); len(written) > 0 {
		t.Errorf("wrote %v again", written)
	}
}

// A day is not made of a file of hours that cannot be read: panels read finer rows then.
func TestDaysOfBrokenHours(t *testing.T) {
	l, params := rolledDay(t, func(dir string) {
		if err := os.RemoveAll(rollupDir(dir, panels.Days, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC))); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(dir, laketest.Prefix)); err != nil { // so the hours cannot be made again
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, laketest.Prefix), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, laketest.Prefix, "year=2026"), 0o755); err != nil {
			t.Fatal(err)
		}
		for _, path := range rollupFiles(t, dir, panels.Hours, time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)) {
			if err := os.Truncate(path, 1000); err != nil {
				t.Fatal(err)
			}
		}
	})
	r, err := lake.OpenRoller(l.Dir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := r.Run(t.Context(), params.Range.To, func(d lake.Rolled) { t.Errorf("it wrote %s of %v", d.Rollup.Name, d.Start) }); err == nil ||
		!strings.Contains(err.Error(), "roll up 1d of 2026-02-28") || !strings.Contains(err.Error(), "left out") {
		t.Errorf("error %v", err)
	}
	panel, _ := panels.Find("hosts-average")
	params.Range.From = params.Range.From.Add(-200 * 24 * time.Hour)
	if got, q := resultOf(t, l, panel, params); q.Rollup != "1d" || got.Rows() != 2 || len(got.Warnings) != 1 {
		t.Errorf("%d rows over %q, warnings %v; want those of the minutes", got.Rows(), q.Rollup, got.Warnings)
	}
}

// Quantiles over a rollup are those of minute means.
func TestQuantilesOfMinuteMeans(t *testing.T) {
	l, params := rolledDay(t, func(string) {})
	p, _ := panels.Find("hosts-cpu")
	got, _ := resultOf(t, l, p, params)
	want := query(t, l, `SELECT hostname, quantile_cont(v, 0.5) FROM (SELECT hostname, floor(ts / 60) AS m, avg(cpu_pct) AS v FROM samples GROUP BY 1, 2)
		GROUP BY 1 ORDER BY 2 DESC`)
	for i, median := range want.Data[1] {
		if g := got.Data[got.Index("median")][i]; !alike(g, median, 0) {
			t.Errorf("median %v, want %v", g, median)
		}
	}
}
