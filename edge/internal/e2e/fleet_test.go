package e2e

import (
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestFleet: a thousand collectors start together, lose their endpoint together and get it back together. No sample is lost, and they
// never send all at once: the pauses between attempts grow to the maximum latency of a minute, so their first requests after the
// outage are spread over a minute.
func TestFleet(t *testing.T) {
	t.Parallel()
	const machines = 1000
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		fleet := make([]*machine, machines)
		begin := time.Now()
		for i := range fleet {
			fleet[i] = w.start(setup{quiet: true})
		}
		time.Sleep(2 * time.Minute)
		out := map[int]int{} // attempts by second of the outage
		gone := time.Now()
		w.Mu.Lock()
		w.dial = func() error {
			w.Mu.Lock()
			defer w.Mu.Unlock()
			out[int(time.Since(gone)/time.Second)]++
			return syscall.ECONNREFUSED
		}
		w.Mu.Unlock()
		time.Sleep(10 * time.Minute)
		w.Mu.Lock()
		w.dial = nil
		w.Mu.Unlock()
		back := time.Now()
		time.Sleep(4 * time.Minute)
		var wg sync.WaitGroup
		for _, m := range fleet {
			wg.Go(m.end)
		}
		wg.Wait()
		counts := w.Counts()
		taken, duplicates := int64(0), 0
		for _, m := range fleet {
			duplicates += w.checkCounts(m, counts)
			taken += m.sampler.Taken()
			if s := m.queue.Stats(); s.Lines+s.Dropped > 0 {
				t.Errorf("left are %+v", s)
			}
		}
		if duplicates > 0 || int64(len(counts)) != taken {
			t.Errorf("%d taken, %d delivered, %d of them again", taken, len(counts), duplicates)
		}
		before, after := map[int]int{}, map[int]int{}
		for _, r := range w.Puts {
			switch s := int(r.At.Sub(back) / time.Second); {
			case r.At.Before(gone):
				before[int(r.At.Sub(begin)/time.Second)]++
			case s < 230: // later requests are those of the end of the test
				after[s]++
			}
		}
		t.Logf("%d samples; requests in the busiest second: %d before, %d in the outage's first two minutes, %d later in it, %d after",
			taken, busiest(before, 0), busiest(out, 0), busiest(out, 120), busiest(after, 0))
		// 1,000 machines with a request a minute usually send 17 a second. When the outage begins, each machine makes some attempts
		// soon, and then about two a minute. After the outage each sends up to four requests: one that succeeds, fresh samples and
		// two of the backlog.
		for what, c := range map[string]struct{ got, most int }{
			"before": {busiest(before, 0), 50}, "as it begins": {busiest(out, 0), 250}, "in the outage": {busiest(out, 120), 80}, "after it": {busiest(after, 0), 120},
		} {
			if c.got > c.most {
				t.Errorf("%s there are up to %d requests a second, want at most %d", what, c.got, c.most)
			}
		}
	})
}

// busiest returns the highest count, from a second on.
func busiest(counts map[int]int, from int) int {
	most := 0
	for s, n := range counts {
		if s >= from {
			most = max(most, n)
		}
	}
	return most
}
