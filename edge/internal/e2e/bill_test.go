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

// believable has readings like a real server's: those of a simulated host. Compressed, its samples are larger than those of a
// real machine: without details, 40 samples of a busy virtual machine took 91 bytes each, and the worker's 103.
type believable struct {
	host    *recordtest.Host
	details bool
	large   largeServer
}

// newBelievable returns the machine of a seed: 0 is a web server, 9 a worker, whose samples are a tenth larger.
func newBelievable(seed uint64, details bool) *believable {
	return &believable{host: recordtest.New(seed), details: details, large: newLargeServer()}
}

func (r *believable) Collect(_ context.Context, at collect.Moment, s *record.Sample) {
	full := r.host.Sample(at.Wall)
	full.TS, full.SessionID, full.Seq, full.IntervalS = s.TS, s.SessionID, s.Seq, s.IntervalS
	switch {
	case !r.details:
		full.Filesystems, full.Disks, full.Interfaces, full.Processes, full.Units, full.Sensors = nil, nil, nil, nil, nil, nil
	case full.Filesystems != nil:
		r.large.fill(&full)
		collect.Shorten(&full)
	}
	*s = full
}

// TestBill: how many bytes Firehose bills, and how many are written to disk, for a machine in four hours without failures.
func TestBill(t *testing.T) {
	for name, c := range map[string]struct {
		latency         time.Duration
		seed            uint64
		details         bool
		billed, written float64
	}{
		// A step for two minutes is 128 or, with 41 samples, 125. With the worker's details a step holds about 35 samples. With a minute
		// it is 248, because half of each billed step stays empty.
		"without details":          {record.MaxLatency, 9, false, 130, 60_000},
		"default":                  {record.MaxLatency, 0, true, 150, 90_000},
		"worker":                   {record.MaxLatency, 9, true, 150, 90_000},
		"five minutes":             {5 * time.Minute, 9, false, 160, 60_000},
		"five minutes and details": {5 * time.Minute, 9, true, 150, 90_000},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				m := w.start(setup{
					interval: 3 * time.Second, latency: c.latency, spoolBytes: 64 << 20, collector: newBelievable(c.seed, c.details),
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
