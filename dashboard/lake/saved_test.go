package lake_test

import (
	"fmt"
	"math"
	"reflect"
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

// asOf turns a saved query into one that runs at a given moment.
func asOf(sql string, at time.Time) string {
	return strings.ReplaceAll(sql, "epoch(now())", fmt.Sprintf("CAST(%d AS double)", at.Unix()))
}

// The saved form of each panel gives the same rows as the bound form, for every choice, and if the range crosses the end of an
// hour, a day or a month.
func TestSavedGivesWhatBoundGives(t *testing.T) {
	l, _ := fixture(t)
	spans := []time.Duration{2 * time.Hour, time.Hour, 24 * time.Hour}
	to := start.Add(2*time.Hour + 30*time.Minute)
	for name, c := range map[string]struct {
		saved  panels.Saved
		params panels.Params
	}{
		"nothing chosen": {panels.Saved{Spans: spans[:1]}, params(to.Add(-2*time.Hour), to)},
		"all chosen": {
			panels.Saved{Spans: spans, Hours: "1", Host: "'db-01'", Env: "'prod'", Metric: "'ram_pct'"},
			func() panels.Params {
				p := params(to.Add(-time.Hour), to)
				p.Host, p.Env, p.Metric = "db-01", "prod", "ram_pct"
				return p
			}(),
		},
		"a day, all hosts": {
			panels.Saved{Spans: spans, Hours: "24", Host: "''", Env: "''", Metric: "'disk_used_pct'"},
			func() panels.Params {
				p := params(to.Add(-24*time.Hour), to)
				p.Metric = "disk_used_pct"
				return p
			}(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
				for _, p := range d.Panels {
					compareSaved(t, l, d, p, c.saved, c.params)
				}
			}
		})
	}
}

// The saved form chooses by the length of the time range what it reads: samples, minutes or hours. Where the bound form reads what is not
// rolled up yet from the samples, it does too.
func TestSavedReadsRollups(t *testing.T) {
	dir := t.TempDir()
	noon := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	for _, days := range []int{0, 1, 6, 29, 200} {
		from := noon.AddDate(0, 0, -days).Add(-5 * time.Hour)
		samples := laketest.Scene(from, from.Add(5*time.Hour), 5*time.Minute)
		// A session's first sample has no rates. In a bucket, it counts in the weight of the others' mean.
		laketest.Write(t, dir, slices.DeleteFunc(samples, func(s record.Sample) bool { return s.Seq == 0 }))
	}
	roller, err := lake.OpenRoller(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The newest hour that the saved form takes for rolled up ends three hours ago: no newer one is here.
	err = roller.Run(t.Context(), noon.Add(-2*time.Hour-time.Minute), func(lake.Rolled) {})
	if closed := roller.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
	l := open(t, dir)
	const day = 24 * time.Hour
	spans := []time.Duration{day, time.Hour, 7 * day, 30 * day, 365 * day}
	for _, span := range spans {
		t.Run(span.String(), func(t *testing.T) {
			t.Parallel()
			saved := panels.Saved{
				Rollups: func(of panels.Rollup) string { return of.Table() },
				Spans:   spans, Hours: strconv.Itoa(int(span.Hours())), Host: "''", Env: "''", Metric: "'ram_pct'",
			}
			of := params(noon.Add(-span), noon)
			of.Metric = "ram_pct"
			seen := map[panels.Kind]bool{}
			for _, d := range panels.All() {
				for _, p := range d.Panels {
					// Which rows are read is not up to the panel, so one of each kind is enough. The quartiles of rows depend on which
					// rows there are, and the bound form makes hours of all of them.
					if !d.NoPage && !seen[p.Kind] && p.Kind != panels.Box && (p.MaxSpanS == 0 || p.Kind == panels.Problems) {
						seen[p.Kind] = true
						compareSaved(t, l, d, p, saved, of)
					}
				}
			}
		})
	}
}

// compareSaved compares the rows of a panel's saved and bound form.
func compareSaved(t *testing.T, l *lake.Lake, d panels.Dashboard, p panels.Panel, saved panels.Saved, of panels.Params) {
	t.Helper()
	saved.Form, saved.Delay = panels.DuckDB(), of.Delay
	of.Bucket, of.Series = panels.BucketFor(of.Range, 300), 12
	text, err := saved.SQL(d, p)
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Query(t.Context(), panels.Query{SQL: asOf(text, of.Range.To)})
	if err != nil {
		t.Fatalf("%s: %v\n%s", p.ID, err, text)
	}
	p.MinSpanS = max(p.MinSpanS, d.SpanS)
	if saved.Rollups != nil {
		p.Weeks = 0
	}
	bound, err := panels.Bind(p, of, l.Form(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	want, err := l.Query(t.Context(), bound)
	if err != nil {
		t.Fatal(err)
	}
	sameRows(t, p.ID, got, want)
}

// sameRows compares two results. The last digits of sums may differ, and so may the order of equal rows.
func sameRows(t *testing.T, id string, got, want panels.Result) {
	t.Helper()
	if got.Rows() != want.Rows() || len(got.Columns) != len(want.Columns) {
		t.Errorf("%s gives %d rows of %d columns, want %d of %d", id, got.Rows(), len(got.Columns), want.Rows(), len(want.Columns))
		return
	}
	order := byKey(want)
	for i, row := range byKey(got) {
		for c, column := range want.Columns {
			have, wanted := float(got.Data[c][row]), float(want.Data[c][order[i]])
			n, ok := have.(float64)
			m, number := wanted.(float64)
			if same := ok && number && math.Abs(n-m) <= 1e-6*(1+math.Abs(m)); !same && !reflect.DeepEqual(have, wanted) {
				t.Errorf("%s: %s is %v, want %v", id, column.Name, have, wanted)
				return
			}
		}
	}
}

// float turns all types of numbers into one.
func float(v any) any {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v
}

// byKey returns the indices of the rows, ordered by the texts and times of the rows.
func byKey(r panels.Result) []int {
	places := make([]int, r.Rows())
	keys := make([]string, r.Rows())
	for i := range places {
		places[i] = i
		for c, column := range r.Columns {
			_, text := r.Data[c][i].(string)
			if text || slices.Contains([]string{"t", "start_t", "day", "hour", "weekday"}, column.Name) {
				keys[i] += fmt.Sprint(r.Data[c][i], " ")
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	return places
}
