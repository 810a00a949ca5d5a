package run

import (
	"os"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// lateness is how late a sample may be before the collector counts as hung.
const lateness = 30 * time.Second

// healthy reports whether samples are taken on time.
func (e *edge) healthy() bool { return e.sampler.Overdue() < lateness }

// report returns the present state.
func (e *edge) report() status.Report {
	e.tuning.mu.Lock()
	c, edgeConfig := e.tuning.inUse, e.tuning.edgeConfig
	e.tuning.mu.Unlock()
	failures, collecting := e.readers.report()
	sent := e.shipper.Stats()
	target, _ := e.destination.Target()

	states := []*retry.State{e.serving, e.usingEdgeConfig}
	for _, more := range [][]*retry.State{
		e.sampler.Health(), collecting, e.queue.Health(), e.destination.Health(), e.shipper.Health(),
	} {
		states = append(states, more...)
	}
	r := status.Report{
		Version: e.options.Version, PID: os.Getpid(), StartedAt: e.began, SessionID: e.sampler.Session(),
		Healthy: e.healthy(), OverdueS: max(0, e.sampler.Overdue().Seconds()),
		IntervalS: c.Interval.Seconds(), MaxLatencyS: c.MaxLatency.Seconds(), EdgeConfig: edgeConfig,
		Stream: target.Stream, Region: target.Region, CollectorFailures: failures,
	}
	if c.Stream == "" {
		r.Stack = c.Stack
	}
	q := e.queue.Stats()
	r.Samples = status.Samples{
		Taken: e.sampler.Taken(), Delivered: sent.Samples, Waiting: q.Lines,
		Dropped: map[string]int64{
			status.SpoolFull: q.Dropped, status.Damaged: q.Damaged, status.Refused: sent.Unusable, status.NotStored: e.sampler.Lost(),
		},
	}
	r.Delivery = status.Delivery{Records: sent.Records, Requests: sent.Requests, Retries: sent.Retries}
	if !sent.DeliveredAt.IsZero() {
		r.Delivery.LastAt = &sent.DeliveredAt
	}
	r.Spool = status.Spool{
		Dir: e.atStart.SpoolDir, Bytes: q.Bytes, MaxBytes: e.atStart.SpoolBytes, Segments: q.Segments, MemoryLines: q.MemoryLines,
		OldestAgeS: e.oldest(time.Now()), SetAside: q.SetAside, Lost: q.Lost,
	}
	r.Problems, r.LastError = retry.Problems(states...)
	return r
}

// oldest returns the age of the oldest sample that waits, in seconds, or nil if none waits.
func (e *edge) oldest(now time.Time) *float64 {
	for _, lane := range []spool.Lane{spool.Backlog, spool.Fresh} {
		b, err := e.queue.TryPeek(lane, 1, 1)
		if err != nil || len(b.Lines) == 0 {
			continue
		}
		if ts, ok := ship.TSOf(b.Lines[0]); ok {
			age := max(0, now.Sub(time.UnixMilli(record.Millis(ts))).Seconds())
			return &age
		}
	}
	return nil
}
