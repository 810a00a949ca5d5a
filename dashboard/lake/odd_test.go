package lake_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Impossible numbers of one machine must not break a panel for all others: no query fails, and the rows of the others stay the
// same.
func TestAbsurdNumbersBreakNoPanel(t *testing.T) {
	t.Parallel()
	from, to := start, start.Add(3*time.Hour)
	samples := laketest.Scene(from, to, time.Minute)
	sound, odd := t.TempDir(), t.TempDir()
	laketest.Write(t, sound, samples)
	laketest.Write(t, odd, samples)
	laketest.Write(t, odd, laketest.Odd(from, to, time.Minute))
	without, with := open(t, sound), open(t, odd)
	p := params(from, to)
	p.Series = 20
	for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
		for _, panel := range d.Panels {
			for _, metric := range panels.Metrics() {
				p.Metric = metric.Column
				want, got := runPanel(t, without, panel.ID, p), runPanel(t, with, panel.ID, p)
				for i, c := range want.Columns {
					if n, m := numbers(want, i), numbers(got, i); m < n {
						t.Errorf("%s (%s): %d numbers in %s, %d without the odd hosts", panel.ID, metric.Column, m, c.Name, n)
					}
				}
				if !strings.Contains(panel.SQL, `"metric"`) {
					break
				}
			}
		}
	}
	// Impossible numbers count as unknown.
	now := func(l panels.Result, column string) float64 {
		v, _ := l.Data[l.Index(column)][0].(float64)
		return v
	}
	p.Metric = ""
	want, got := runPanel(t, without, "overview-now", p), runPanel(t, with, "overview-now", p)
	for _, column := range []string{"net_recv", "net_sent", "cpu_max", "ram_max", "disk_busy_pct"} {
		if math.Abs(now(want, column)-now(got, column)) > 1e-9*now(want, column) || now(want, column) == 0 {
			t.Errorf("%s is %v, %v without the odd hosts", column, now(got, column), now(want, column))
		}
	}
	hosts := fmt.Sprint(runPanel(t, with, "filters-hosts", p).Data[0])
	if !slices.ContainsFunc([]string{"odd-0", "odd-3"}, func(h string) bool { return strings.Contains(hosts, h) }) {
		t.Errorf("the odd hosts are not among the hosts %s", hosts)
	}
}

// numbers counts the values of a column that are not NULL.
func numbers(r panels.Result, column int) int {
	n := 0
	for _, v := range r.Data[column] {
		if v != nil {
			n++
		}
	}
	return n
}
