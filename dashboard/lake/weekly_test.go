package lake_test

import (
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// TestRoutineJobsAreNotAnomalies: a job that runs at the same time of each week is not unusual, and the same load at another time
// is. Without history both are.
func TestRoutineJobsAreNotAnomalies(t *testing.T) {
	const span = 6 * time.Hour
	routine, surprise := start.Add(3*time.Hour), start.Add(5*time.Hour)
	during := func(at, begin time.Time) bool { return !at.Before(begin) && at.Before(begin.Add(20*time.Minute)) }
	// of returns the events of the metric in a lake with so many weeks before.
	of := func(weeks int) (events []float64) {
		dir := t.TempDir()
		for week := range weeks + 1 {
			from := start.Add(-time.Duration(week) * 7 * 24 * time.Hour)
			samples := laketest.Samples(1, from.Add(-2*time.Hour), from.Add(span), 30*time.Second)
			for i := range samples {
				at := time.UnixMilli(record.Millis(samples[i].TS)).Add(start.Sub(from))
				// The job is a minute later in each week, as jobs are.
				if samples[i].CPUPct = record.Some(10.0); during(at, routine.Add(time.Duration(week)*time.Minute)) || week == 0 && during(at, surprise) {
					samples[i].CPUPct = record.Some(85.0)
				}
			}
			laketest.Write(t, dir, samples)
		}
		r := runPanel(t, open(t, dir), "anomalies-events", params(start, start.Add(span)))
		for i := range r.Rows() {
			if size, ok := at(t, r, "size", i).(float64); ok && size > 0 {
				events = append(events, at(t, r, "start_t", i).(float64))
			}
		}
		return events
	}
	const slack = 10 * 60 // the slots of the range
	for weeks, want := range map[int][]time.Time{0: {surprise, routine}, 1: {surprise, routine}, 2: {surprise}, 3: {surprise}} {
		events := of(weeks)
		if len(events) != len(want) {
			t.Errorf("with %d weeks before: events at %v, want %v", weeks, events, want)
			continue
		}
		for i, at := range want {
			if d := events[i] - record.TS(at); d < -slack || d > slack {
				t.Errorf("with %d weeks before: an event at %v, want %v", weeks, events[i], at)
			}
		}
	}
}
