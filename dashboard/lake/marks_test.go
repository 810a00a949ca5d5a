package lake_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Over minutes and hours, a start is of the machine or of the collector as it is over samples, also if the row in which it is has samples of
// the session before.
func TestRestartsOverRollups(t *testing.T) {
	const interval = 10 * time.Second
	from := time.Date(2026, 2, 3, 8, 0, 0, 0, time.UTC)
	to := from.Add(5 * time.Hour)
	type begin struct {
		at    time.Duration // after from
		up    time.Duration // of the machine at its first sample
		boots bool
	}
	at := func(hours, minutes int) time.Duration { // within a minute, so that its row has both sessions
		return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + 30*time.Second
	}
	const days = 100 * 24 * time.Hour
	begins := map[string][]begin{
		"machine":                     {{up: days}, {at(2, 30), 15 * time.Second, true}},
		"machine, in the newest row":  {{up: days}, {at(4, 59), time.Minute, true}},
		"machine, two hours running":  {{up: days}, {at(1, 50), 50 * time.Second, true}, {at(2, 10), time.Minute, true}},
		"collector":                   {{up: days}, {at(2, 30), days + at(2, 30), false}},
		"collector, after a boot":     {{up: days}, {at(1, 30), time.Minute, true}, {at(2, 30), time.Hour + time.Minute, false}},
		"machine, after a collector":  {{up: days}, {at(1, 30), days + at(1, 30), false}, {at(2, 30), time.Minute, true}},
		"collector, in the newest":    {{up: time.Hour}, {at(4, 59), time.Hour + at(4, 59), false}},
		"machine, soon after another": {{up: time.Minute}, {at(1, 30), 2 * time.Minute, true}},
	}
	var samples []record.Sample
	for host, list := range begins {
		now, seq := list[0], int64(1000)
		for d := time.Duration(0); d < to.Sub(from); d += interval {
			if len(list) > 1 && d >= list[1].at {
				list = list[1:]
				now, seq = list[0], 0
			}
			if len(list) > 1 && list[1].boots && d >= list[1].at-list[1].up {
				continue // it is off, or the collector has not started yet
			}
			samples = append(samples, record.Sample{
				TS: record.TS(from.Add(d)), SessionID: fmt.Sprint(host, now.at), Seq: seq, IntervalS: 10, Hostname: host,
				UptimeS: record.Some(int64((now.up + d - now.at).Seconds())),
			})
			seq++
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	rollUp(t, dir, to)
	l := open(t, dir)
	for span, bucket := range map[time.Duration]time.Duration{6 * time.Hour: time.Second, 48 * time.Hour: time.Minute, 32 * 24 * time.Hour: time.Hour} {
		var want []string
		for _, host := range slices.Sorted(maps.Keys(begins)) {
			for _, b := range begins[host][1:] {
				mark := "Collector started"
				if b.boots {
					mark = "Machine started"
				}
				want = append(want, fmt.Sprint(host, ": ", mark, " ", from.Add(b.at).Truncate(bucket).Unix()))
			}
		}
		var got []string
		r := runPanel(t, l, "marks-restarts", params(to.Add(-span), to))
		for i := range r.Rows() {
			got = append(got, fmt.Sprint(r.Data[0][i], ": ", r.Data[3][i], " ", int64(floorTo(r.Data[1][i].(float64), bucket.Seconds()))))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("over %v\n%s\nwant\n%s", span, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
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
