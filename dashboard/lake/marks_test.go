package lake_test

import (
	"fmt"
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
		off   bool // the collector ends
	}
	at := func(hours, minutes int) time.Duration { // within a minute, so that its row has both sessions
		return time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute + 30*time.Second
	}
	const days = 100 * 24 * time.Hour
	begins := map[string][]begin{ // by host name, or by host name and machine
		"machine":                     {{up: days}, {at: at(2, 30), up: 15 * time.Second, boots: true}},
		"machine, in the newest row":  {{up: days}, {at: at(4, 59), up: time.Minute, boots: true}},
		"machine, two hours running":  {{up: days}, {at: at(1, 50), up: 50 * time.Second, boots: true}, {at: at(2, 10), up: time.Minute, boots: true}},
		"collector":                   {{up: days}, {at: at(2, 30), up: days + at(2, 30)}},
		"collector, after a boot":     {{up: days}, {at: at(1, 30), up: time.Minute, boots: true}, {at: at(2, 30), up: time.Hour + time.Minute}},
		"machine, after a collector":  {{up: days}, {at: at(1, 30), up: days + at(1, 30)}, {at: at(2, 30), up: time.Minute, boots: true}},
		"collector, in the newest":    {{up: time.Hour}, {at: at(4, 59), up: time.Hour + at(4, 59)}},
		"machine, soon after another": {{up: time.Minute}, {at: at(1, 30), up: 2 * time.Minute, boots: true}},
		// Machine a restarts twice while b sends, whose session is the newer one.
		"shared name/a": {{up: days / 50}, {at: at(2, 30), up: days/50 + at(2, 30)}, {at: at(3, 30), up: time.Minute, boots: true}},
		"shared name/b": {{up: days}},
		// Machine b has run for two days when it takes over the name.
		"new machine/a":            {{up: days}, {at: at(1, 30), off: true}},
		"new machine/b":            {{off: true}, {at: at(1, 32), up: days / 50}},
		"new machine that boots/a": {{up: time.Hour}, {at: at(1, 30), off: true}},
		"new machine that boots/b": {{off: true}, {at: at(1, 40), up: time.Minute, boots: true}},
	}
	var samples []record.Sample
	for name, list := range begins {
		host, machine, _ := strings.Cut(name, "/")
		now, seq := list[0], int64(1000)
		for d := time.Duration(0); d < to.Sub(from); d += interval {
			if len(list) > 1 && d >= list[1].at {
				list = list[1:]
				now, seq = list[0], 0
			}
			if len(list) > 1 && list[1].boots && d >= list[1].at-list[1].up {
				continue // it is off, or the collector has not started yet
			}
			if now.off {
				continue
			}
			samples = append(samples, record.Sample{
				TS: record.TS(from.Add(d)), SessionID: fmt.Sprint(name, now.at), Seq: seq, IntervalS: 10, Hostname: host, MachineID: machine,
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
		for name, list := range begins {
			host, _, _ := strings.Cut(name, "/")
			for _, b := range list[1:] {
				if b.off {
					continue
				}
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
