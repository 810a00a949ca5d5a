package e2e

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// believable has readings like a real server's: those of a host of recordtest, but load averages and memory change as the kernel's do.
// Compressed, its samples are larger than those of a real machine: 40 samples of a busy virtual machine took 91 bytes each.
type believable struct {
	host  *recordtest.Host
	loads [3]float64 // over 1, 5 and 15 minutes
	used  float64    // bytes of memory
}

func (r *believable) Collect(_ context.Context, at collect.Moment, s *record.Sample) {
	full := r.host.Sample(at.Wall)
	full.TS, full.SessionID, full.Seq, full.IntervalS = s.TS, s.SessionID, s.Seq, s.IntervalS
	runnable := full.Load1.Or(0)
	for i, minutes := range []float64{1, 5, 15} {
		r.loads[i] += (runnable - r.loads[i]) * (1 - math.Exp(-float64(full.IntervalS)/60/minutes))
	}
	full.Load1, full.Load5, full.Load15 = record.Some(r.loads[0]), record.Some(r.loads[1]), record.Some(r.loads[2])
	const page, step = 4096, 32 << 20
	if r.used == 0 {
		r.used = float64(full.RAMUsedBytes.Or(0))
	}
	r.used += step * (full.CPUPct.Or(0)/50 - 0.56) // a busy machine takes memory, an idle one frees it
	total, used := full.RAMTotalBytes.Or(0), int64(r.used)/page*page
	full.RAMUsedBytes, full.RAMAvailableBytes = record.Some(used), record.Some(total-used)
	full.RAMPct = record.Some(100 * float64(used) / float64(total))
	*s = full
}

// TestBill: how many bytes Firehose bills, and how many are written to disk, for a machine in four hours without failures.
func TestBill(t *testing.T) {
	for name, c := range map[string]struct {
		latency         time.Duration
		billed, written float64
	}{
		"default":      {record.MaxLatency, 130, 60_000}, // with one minute it is 248, because half of each billed step stays empty
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
