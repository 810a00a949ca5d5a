package lake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestMarks(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Restarts(start)
	laketest.Write(t, dir, samples)
	l, host := open(t, dir), samples[0].Hostname
	after := func(d time.Duration) float64 { return record.TS(start.Add(d)) }

	p := params(start, start.Add(time.Hour))
	want := fmt.Sprint([]any{host, after(20 * time.Minute), nil, "Collector started", int64(0)}, []any{host, after(40 * time.Minute), nil, "Machine started", int64(0)})
	if got := rowsAsText(runPanel(t, l, "marks-restarts", p)); got != want {
		t.Errorf("restarts\n%s, want\n%s", got, want)
	}
	// A range that begins within a session does not show its start.
	if got := runPanel(t, l, "marks-restarts", params(start.Add(25*time.Minute), start.Add(35*time.Minute))); got.Rows() != 0 {
		t.Errorf("no start in the range, got %v", got.Data)
	}
	// Lost first samples do not hide a start.
	p.Range.From = start.Add(10 * time.Minute)
	var without []record.Sample
	for _, s := range samples {
		if s.Hostname != host || s.Seq != 0 {
			without = append(without, s)
		}
	}
	gappy := t.TempDir()
	laketest.Write(t, gappy, without)
	want = fmt.Sprint([]any{host, after(20*time.Minute + 10*time.Second), nil, "Collector started", int64(0)},
		[]any{host, after(40*time.Minute + 10*time.Second), nil, "Machine started", int64(0)})
	if got := rowsAsText(runPanel(t, open(t, gappy), "marks-restarts", p)); got != want {
		t.Errorf("restarts without first samples\n%s, want\n%s", got, want)
	}

	p = params(start, start.Add(time.Hour))
	// The CPU is high from minute 5 to 15. A minute later the mean of five minutes is below the lower threshold.
	want = fmt.Sprint([]any{host, after(5 * time.Minute), after(16 * time.Minute), "CPU", int64(1)})
	if got := rowsAsText(runPanel(t, l, "marks-problems", p)); got != want {
		t.Errorf("problems\n%s, want\n%s", got, want)
	}
}

// rowsAsText writes the rows of a result one after the other.
func rowsAsText(r panels.Result) string {
	rows := make([]any, r.Rows())
	for i := range rows {
		row := make([]any, len(r.Columns))
		for j := range row {
			row[j] = r.Data[j][i]
		}
		rows[i] = row
	}
	return fmt.Sprint(rows...)
}
