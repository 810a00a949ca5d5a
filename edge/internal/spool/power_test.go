package spool_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
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

// TestPowerCutCountsWhatIsGone: if the power fails just after a file was removed or set aside, each line is there, was acknowledged, or is
// counted as lost, except those of the last sync period. Before that, lines were dropped because the spool is full, lines were damaged,
// and a process was killed.
func TestPowerCutCountsWhatIsGone(t *testing.T) {
	dropped, damaged := int64(0), int64(0)
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 10))
			fs := spooltest.New()
			left, off := 1+rng.IntN(20), false // how many files may still be removed or set aside
			power := func(_ int, op string) error {
				if off = off || left == 0; off {
					return spooltest.ErrOff
				}
				if strings.HasPrefix(op, "remove") || strings.HasPrefix(op, "rename") {
					left--
				}
				return nil
			}
			fs.Fail = power
			sync, unsynced := spool.SyncEvery, 1
			if seed%2 == 0 {
				sync, unsynced = 5*time.Second, 6
			}
			q := openWith(t, spool.Options{FS: fs, Sync: sync})
			found := map[string]bool{} // lines that were acknowledged, or are there after the power loss
			damages := 1 + rng.IntN(2)*4
			kill, n := rng.IntN(300), 0
			for ; n < 300 && left > 0; n++ {
				put(t, q, fmt.Sprintf("%d-%0*d", n, 9000, 0))
				switch op := rng.IntN(30); {
				case op == 0:
					q.Split()
				case op <= damages:
					damageLine(fs, rng)
				case op >= 28:
					b, _ := q.TryPeek(spool.Lane(rng.IntN(2)), 1+rng.IntN(20), 1<<20) // it may fail, because the power may be off
					if err := q.Ack(b); err != nil {
						t.Fatal(err)
					}
					for _, l := range b.Lines {
						found[string(l)] = true
					}
				}
				if n == kill {
					fs, unsynced = fs.Killed(), 2*unsynced // neither of the two processes may have synced its last lines
					fs.Fail = power
					q = openWith(t, spool.Options{FS: fs, Sync: sync})
				}
				time.Sleep(time.Second)
				synctest.Wait()
			}
			before := q.Stats()
			dropped, damaged = dropped+before.Dropped, damaged+before.Damaged
			after := open(t, fs.PowerCut(rng))
			drain(t, after, found)
			if lost := after.Stats().Lost; len(found)+int(lost) < n-unsynced {
				t.Errorf("seed %d: of %d lines %d are there or were acknowledged, %d are counted, before the power loss %+v", seed, n, len(found), lost, before)
			}
		})
	}
	if dropped == 0 || damaged == 0 {
		t.Errorf("%d lines were dropped and %d damaged", dropped, damaged)
	}
	t.Logf("%d lines were dropped and %d damaged", dropped, damaged)
}

// TestPowerCutAfterKill: a process that drops lines is killed at its first operation, then at its second, and so on. Another process
// starts, removes a file, and the power fails at once. What the first process did not sync may be lost then. Each line that was on disk is
// there or is counted as lost, also if the other process could not open the newest segment to continue it, or could first not lock the directory
// and has a line in memory.
func TestPowerCutAfterKill(t *testing.T) {
	full := fullSpool(t)
	for _, sync := range []time.Duration{spool.SyncEvery, time.Hour} { // with an hour, the name of the newest segment may not be durable
		t.Run(sync.String(), func(t *testing.T) { powerCutAfterKill(t, full, sync) })
	}
}

// powerCutAfterKill is the test with a first process that syncs each line within the given time.
func powerCutAfterKill(t *testing.T, full history, sync time.Duration) {
	t.Helper()
	removed := 0
	for k := 0; ; k++ {
		killed := false
		fs := full.fs.Killed()
		fs.Fail = func(n int, _ string) error {
			if killed = n >= k; killed {
				return spooltest.ErrOff
			}
			return nil
		}
		q := openWith(t, spool.Options{FS: fs, Sync: sync})
		for i := range 3 {
			put(t, q, killLine(full.next+i))
		}
		if !killed {
			if t.Logf("of %d operations %d", k, removed); removed == 0 {
				t.Error("the second process never removed a file")
			}
			return
		}
		for _, refused := range []string{"nothing", "reopen", "lock"} {
			second, off, starting := fs.Killed(), false, true
			second.Fail = func(_ int, op string) error {
				switch {
				case off:
					return spooltest.ErrOff
				case starting && strings.HasPrefix(op, refused):
					return syscall.EMFILE
				}
				off = strings.HasPrefix(op, "remove")
				return nil
			}
			synctest.Test(t, func(t *testing.T) {
				q := open(t, second)
				put(t, q, killLine(full.next+3))
				starting = false
				time.Sleep(11 * time.Second) // a disk that failed is tried again
				put(t, q, killLine(full.next+4))
			})
			if !off {
				continue
			}
			removed++
			for seed := range uint64(10) {
				after := full
				after.fs = second.PowerCut(rand.New(rand.NewPCG(seed, 11)))
				// Damaged are only lines that the first process did not sync.
				if missing, s := after.count(t); missing > s.Lost-s.Damaged {
					t.Fatalf("killed at operation %d, refused: %s, seed %d: %d lines are missing, %+v", k, refused, seed, missing, s)
				}
			}
		}
	}
}

// TestPowerCutAfterKillBeforeSync: a process makes a segment and is killed before it syncs the directory. The next one continues the
// segment, and what it syncs survives a power loss.
func TestPowerCutAfterKillBeforeSync(t *testing.T) {
	fs := spooltest.New()
	fs.Fail = func(_ int, op string) error {
		if strings.HasPrefix(op, "syncdir") {
			return spooltest.ErrOff
		}
		return nil
	}
	put(t, open(t, fs), "a")
	next := fs.Killed()
	q := open(t, next)
	put(t, q, "b")
	for seed := range uint64(20) {
		if got := text(peek(t, open(t, next.PowerCut(rand.New(rand.NewPCG(seed, 13)))), 9, 99)); got != "[a b]" {
			t.Errorf("after the power loss the lines are %s", got)
		}
	}
}

// TestPowerCutAfterFailedSync: one sync of a process that drops lines fails, and at one of the later operations the power fails. Each line
// that was on disk before is there or is counted as lost, although later syncs of the same file succeed.
func TestPowerCutAfterFailedSync(t *testing.T) {
	full, removed := fullSpool(t), 0
	for failing := 0; !t.Failed(); failing++ {
		failed := false
		for operations, off := 0, true; off && !t.Failed(); operations++ {
			fs := full.fs.Killed()
			syncs, later := 0, 0
			failed, off = false, false
			fs.Fail = func(_ int, op string) error {
				switch {
				case failed && later == operations:
					off = true
					return spooltest.ErrOff
				case failed:
					later++
					if strings.HasPrefix(op, "remove") {
						removed++
					}
				case strings.HasPrefix(op, "sync "):
					failed = syncs == failing
					syncs++
				}
				if failed && later == 0 {
					return syscall.EIO
				}
				return nil
			}
			synctest.Test(t, func(t *testing.T) {
				q := open(t, fs)
				for i := range 5 {
					put(t, q, killLine(full.next+i))
					time.Sleep(11 * time.Second) // the disk is tried again
				}
			})
			for seed := range uint64(3) {
				after := full
				after.fs = fs.PowerCut(rand.New(rand.NewPCG(seed, 12)))
				// Damaged are only lines of this process, which the failed sync may have cost.
				if missing, s := after.count(t); missing > s.Lost-s.Damaged {
					t.Errorf("sync %d failed, power off %d operations later, seed %d: %d lines are missing, %+v", failing, operations, seed, missing, s)
				}
			}
		}
		if !failed {
			if t.Logf("of %d syncs", failing); removed == 0 {
				t.Error("no file was removed")
			}
			return
		}
	}
}
