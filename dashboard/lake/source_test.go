package lake_test

import (
	"fmt"
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// steadyScene are samples with lists once a minute, and without the first samples of sessions, which lack some columns.
func steadyScene(from, to time.Time) (samples []record.Sample) {
	for _, s := range laketest.Scene(from, to, 20*time.Second) {
		if time.UnixMilli(record.Millis(s.TS)).Second() >= 20 {
			s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
		}
		if s.Seq > 0 {
			samples = append(samples, s)
		}
	}
	return samples
}

// approximate are the panels that show quantiles and deviations. Over a rollup they are those of means, which are other numbers.
var approximate = regexp.MustCompile(`ninety_five|deviation|^(quarter|median|three_quarters)$`)

// Over samples and over rollups, panels have equal rows, within the rounding of sums.
func TestPanelsOverRollups(t *testing.T) {
	from := time.Date(2026, 2, 28, 18, 0, 0, 0, time.UTC) // six hours of the day and three of the next
	to := from.Add(9 * time.Hour)
	samples := steadyScene(from, to)
	raw, both := t.TempDir(), t.TempDir()
	laketest.Write(t, raw, samples)
	laketest.Write(t, both, samples)
	// The last hour is not rolled up yet. The second day has no hours, only minutes.
	if written, _ := rollUp(t, both, to); len(written) != 8+1 {
		t.Fatalf("wrote %v", written)
	}
	of := map[string]*lake.Lake{"samples": open(t, raw), "rollups": open(t, both)}
	compared := 0
	for grain, span := range map[string]time.Duration{"1m": 27 * time.Hour, "1h": 32 * 24 * time.Hour} {
		r := panels.Range{From: to.Add(-span), To: to}
		params := panels.Params{Range: r, Bucket: panels.BucketFor(r, 30), Series: 4, Delay: 30 * time.Second}
		for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
			for _, p := range d.Panels {
				t.Run(grain+"/"+p.ID, func(t *testing.T) {
					if p.Needs == panels.EachSample {
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
		t.Fatalf("%v\n%s", err, q.SQL)
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
			if g := got.Data[i][row]; !approximate.MatchString(c.Name) && !alike(g, w) {
				return fmt.Sprintf("row %d: %s is %v, want %v", row, c.Name, g, w)
			}
		}
	}
	return ""
}

// alike compares values. The mean of whole numbers is a double.
func alike(a, b any) bool {
	x, isX := numberOf(a)
	y, isY := numberOf(b)
	if isX && isY {
		return math.Abs(x-y) <= 1e-9*max(1, math.Abs(y))
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
