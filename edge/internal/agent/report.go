package agent

import (
	"os"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// lateness is how long after its time a sample may be missing before the collector counts as hung.
const lateness = 30 * time.Second

// healthy reports whether samples are taken on time.
func (a *agent) healthy() bool { return a.sampler.Overdue() < lateness }

// report is the state of now.
func (a *agent) report() status.Report {
	a.tuning.mu.Lock()
	c, central := a.tuning.now, a.tuning.central
	a.tuning.mu.Unlock()
	failed, readings := a.readings.report()
	sent := a.shipper.Stats()
	target, _ := a.destination.Target()

	states := []*retry.State{a.dropping, a.serving, a.central, a.shipping}
	for _, more := range [][]*retry.State{
		a.sampler.Health(), readings, a.queue.Health(), a.destination.Health(), a.shipper.Health(),
	} {
		states = append(states, more...)
	}
	r := status.Report{
		Version: a.options.Version, PID: os.Getpid(), StartedAt: a.began, SessionID: a.sampler.Session(),
		Healthy: a.healthy(), OverdueS: max(0, a.sampler.Overdue().Seconds()),
		IntervalS: c.Interval.Seconds(), MaxLatencyS: c.MaxLatency.Seconds(), EdgeConfig: central,
		Stream: target.Stream, Region: target.Region, CollectorFailures: failed,
	}
	if c.Stream == "" {
		r.Stack = c.Stack
	}
	q := a.queue.Stats()
	r.Samples = status.Samples{
		Taken: a.sampler.Taken(), Delivered: sent.Samples, Waiting: q.Lines,
		Dropped: map[string]int64{
			status.SpoolFull: q.Dropped, status.Damaged: q.Damaged, status.Refused: sent.Unusable, status.NotStored: a.sampler.Lost(),
		},
	}
	r.Delivery = status.Delivery{Records: sent.Records, Requests: sent.Requests, Retries: sent.Retries}
	if !sent.DeliveredAt.IsZero() {
		r.Delivery.LastAt = &sent.DeliveredAt
	}
	r.Spool = status.Spool{
		Dir: a.start.SpoolDir, Bytes: q.Bytes, MaxBytes: a.start.SpoolBytes, Segments: q.Segments, MemoryLines: q.MemoryLines,
		OldestAgeS: a.oldest(time.Now()), SetAside: q.SetAside, Lost: q.Lost,
	}
	r.Problems, r.LastError = retry.Problems(states...)
	return r
}

// oldest is the age of the oldest sample that waits, in seconds; nil where none does.
func (a *agent) oldest(now time.Time) *float64 {
	for _, lane := range []spool.Lane{spool.Backlog, spool.Fresh} {
		b, err := a.queue.TryPeek(lane, 1, 1)
		if err != nil || len(b.Lines) == 0 {
			continue
		}
		if s, err := record.ParseSample(b.Lines[0]); err == nil {
			age := max(0, now.Sub(time.UnixMilli(record.Millis(s.TS))).Seconds())
			return &age
		}
	}
	return nil
}
