package e2e

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// believable has readings like a real server's: those of a simulated host, with details once a minute. Compressed, its samples are
// larger than those of a real machine: without details, 40 samples of a busy virtual machine took 91 bytes each, and its own 103.
type believable struct{ host *recordtest.Host }

func (r *believable) Collect(_ context.Context, at collect.Moment, s *record.Sample) {
	full := r.host.Sample(at.Wall)
	full.TS, full.SessionID, full.Seq, full.IntervalS = s.TS, s.SessionID, s.Seq, s.IntervalS
	*s = full
}

// TestBill: how many bytes Firehose bills, and how many are written to disk, for a machine in four hours without failures.
func TestBill(t *testing.T) {
	for name, c := range map[string]struct {
		latency         time.Duration
		billed, written float64
	}{
		// A step for two minutes is 128 or, with 41 samples, 125. With their details the samples of two minutes do not fit into a step;
		// a step holds about 34 of them. With a minute it is 248, because half of each billed step stays empty.
		"default":      {record.MaxLatency, 155, 60_000},
		"five minutes": {5 * time.Minute, 160, 60_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				m := w.start(setup{
					interval: 3 * time.Second, latency: c.latency, spoolBytes: 64 << 20, collector: &believable{host: recordtest.New(9)},
				})
				const minutes = 240
				time.Sleep(minutes * time.Minute)
				w.Mu.Lock()
				requests, billed, samples := w.Requests, w.Billed, 0
				for _, r := range w.Puts {
					samples += len(r.IDs)
				}
				w.Mu.Unlock()
				written := float64(m.fs.Written()) / minutes
				m.end()
				w.check(m)
				perSample, perMinute := float64(billed)/float64(samples), float64(requests)/minutes
				t.Logf("%.1f billed bytes a sample, %.3f requests and %.0f bytes written to files a minute, %d syncs in all",
					perSample, perMinute, written, m.fs.Syncs())
				if perSample > c.billed || perMinute > 1 || written > c.written {
					t.Errorf("want at most %v, 1 and %v", c.billed, c.written)
				}
			})
		})
	}
}
