package spool_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// TestPowerCutAtEveryOperation: with --sync every, lines that were appended before a power loss are there after it.
func TestPowerCutAtEveryOperation(t *testing.T) {
	for k := 0; ; k++ {
		done := false
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New()
			fs.Fail = func(n int, _ string) error {
				if n >= k {
					return spooltest.ErrOff
				}
				return nil
			}
			l := live(t, fs, spool.SyncEvery)
			l.last.MemoryLines = 0 // lost with the power
			l.check(t, fs.PowerCut(rand.New(rand.NewPCG(uint64(k), 7))), func(i int) bool { return i < l.safe })
			if t.Failed() {
				t.Fatalf("power cut at operation %d", k)
			}
			done = !l.failed
		})
		if done || t.Failed() {
			t.Logf("%d operations", k)
			return
		}
	}
}

// TestPowerCutLosesNoMoreThanItMay: only lines at the end are lost, at most those of the last sync period.
func TestPowerCutLosesNoMoreThanItMay(t *testing.T) {
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 8))
			fs := spooltest.New()
			q := openWith(t, spool.Options{FS: fs, Sync: 5 * time.Second})
			n := 1 + rng.IntN(60)
			for i := range n {
				put(t, q, fmt.Sprintf("%d-%0*d", i, 9000, 0))
				time.Sleep(time.Second)
				synctest.Wait()
			}
			b := peek(t, open(t, fs.PowerCut(rng)), n, 1<<30)
			for i, line := range b.Lines {
				if !strings.HasPrefix(string(line), fmt.Sprintf("%d-", i)) {
					t.Fatalf("seed %d: line %d is %.10s", seed, i, line)
				}
			}
			if lost := n - len(b.Lines); lost > 6 {
				t.Errorf("seed %d: %d of %d lines are lost, one a second", seed, lost, n)
			}
		})
	}
}

// TestPowerCutKeepsRejected: the two newest rejected lines, one in each file, survive a power loss after Reject returned.
func TestPowerCutKeepsRejected(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 9))
		fs := spooltest.New()
		q := open(t, fs)
		var rejected []string
		for i := range 4 {
			line := fmt.Sprintf("%d-%0*d", i, 9000, 0) // a file takes one such line
			put(t, q, line)
			if err := q.Reject(peek(t, q, 1, 1)); err != nil {
				t.Fatal(err)
			}
			rejected = append(rejected, line+"\n")
			after := fs.PowerCut(rng)
			have := after.Content("rejected.1.jsonl") + after.Content("rejected.jsonl")
			if want := strings.Join(rejected[max(0, i-1):], ""); have != want {
				t.Fatalf("seed %d: after %d lines the files have %d bytes, want %d", seed, i+1, len(have), len(want))
			}
		}
	}
}
