package panels_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// rolledUntil is a form whose rollups end at a time.
func rolledUntil(form panels.Form, until time.Time) panels.Form {
	return form.WithRollups(func(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
		return []panels.Part{
			{Relation: grain.Table(), Of: grain, Range: panels.Range{From: r.From, To: until}},
			{Relation: "samples", Range: panels.Range{From: until, To: r.To}},
		}, nil
	})
}

// readsLists matches the query of a panel that reads all lists of processes or units.
var readsLists = regexp.MustCompile(`"(processes|units)"|template "process`)

// Each panel can be written over each range, and reads what its range allows.
func TestEveryPanelReadsItsGrain(t *testing.T) {
	const day = 24 * time.Hour
	for name, form := range forms {
		form := rolledUntil(form, noon.Add(-2*time.Hour))
		for _, span := range []time.Duration{time.Hour, day, day + time.Second, 2 * day, 3 * day, 14 * day, 15 * day, 32 * day, 60 * day, 61 * day, 150 * day, 151 * day, panels.MaxSpan} {
			each(t, func(t *testing.T, p panels.Panel) {
				q := bind(t, p, params(noon.Add(-span), noon), form)
				if len(q.SQL) == 0 {
					t.Fatal("no query")
				}
				most := map[panels.Needs]time.Duration{panels.EachSample: day, panels.MinuteRows: 31 * day}[p.Needs]
				if most > 0 && q.Shown > most+time.Minute || q.Cut != (most > 0 && most < span) {
					t.Errorf("%s: %v of %v, cut: %v", name, q.Shown, span, q.Cut)
				}
				if p.MinSpanS > 0 || p.MaxSpanS > 0 || most > 0 {
					return
				}
				want := "1d"
				switch {
				case span <= day:
					want = ""
				case span <= 2*day, span <= 14*day && !readsLists.MatchString(p.SQL):
					want = "1m"
				case span <= 60*day, span <= 150*day && !readsLists.MatchString(p.SQL), p.Needs == panels.HourRows:
					want = "1h"
				}
				if q.Rollup != want {
					t.Errorf("%s, %v: it reads %q, want %q", name, span, q.Rollup, want)
				}
			})
		}
	}
}

// A mean over buckets weighs each as much as it has samples, extremes are those of the samples, and what no rollup has yet is rolled up
// by the query.
func TestQueryOverBuckets(t *testing.T) {
	p, _ := panels.Find("overview-cpu")
	text := strings.Join(strings.Fields(bind(t, p, params(noon.Add(-48*time.Hour), noon), rolledUntil(panels.DuckDB(), noon.Add(-time.Hour))).SQL), " ")
	for _, want := range []string{
		"sum((cpu_pct) * samples) / sum(CASE WHEN cpu_pct IS NOT NULL THEN samples END) AS cpu_pct", "min(cpu_pct_min) AS cpu_pct_min", "max(cpu_pct_max) AS cpu_pct_max",
		"FROM samples_1m WHERE year", "t >= 1769947200 AND t < 1770116400", "UNION ALL SELECT", "ts >= 1770116400 AND ts < 1770120000",
		"GROUP BY hostname, machine_id, floor(ts / 60) * 60",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
	if regexp.MustCompile(`ram_pct`).MatchString(text) {
		t.Error("it reads columns that it does not need")
	}
}

// A lake without rollups is read as before.
func TestNoRollups(t *testing.T) {
	none := panels.DuckDB().WithRollups(func(panels.Rollup, panels.Range) ([]panels.Part, error) { return nil, nil })
	each(t, func(t *testing.T, p panels.Panel) {
		year := params(noon.Add(-365*24*time.Hour), noon)
		if a, b := bind(t, p, year, none), bind(t, p, year, panels.DuckDB()); a.SQL != b.SQL || a.Cut || a.Rollup != "" {
			t.Error("it reads something else than all samples of the range")
		}
	})
}
