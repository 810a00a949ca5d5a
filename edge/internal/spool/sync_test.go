package spool_test

import (
	"bytes"
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

// TestSyncsAreFew: files are synced only as often as --sync requires.
func TestSyncsAreFew(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		syncs    int // in an hour
	}{
		{time.Second, 720}, {3 * time.Second, 600}, {10 * time.Second, 360},
	} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New()
			q := openWith(t, spool.Options{FS: fs, MaxBytes: 64 << 20, Sync: 5 * time.Second})
			for i := range int(time.Hour / c.interval) {
				put(t, q, "a")
				if i%21 == 20 {
					if err := q.Ack(peek(t, q, 21, 1<<20)); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(c.interval)
				synctest.Wait()
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if n := fs.Syncs(); n < c.syncs-2 || n > c.syncs+2 {
				t.Errorf("a line every %v: %d syncs in an hour, want %d", c.interval, n, c.syncs)
			}
		})
	}
}

// sealing is a directory that calls seal once, just before the first sync of a file.
type sealing struct {
	*spooltest.FS
	seal func()
}

func (f *sealing) Open(name string, how spool.OpenMode) (spool.File, error) {
	file, err := f.FS.Open(name, how)
	return sealingFile{file, f}, err
}

type sealingFile struct {
	spool.File
	fs *sealing
}

func (f sealingFile) Sync() error {
	if seal := f.fs.seal; seal != nil {
		f.fs.seal = nil
		seal()
	}
	return f.File.Sync()
}

// TestSealedWhileSyncing: a segment that ends when its sync begins is synced, too.
func TestSealedWhileSyncing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := &sealing{FS: spooltest.New()}
		q := openWith(t, spool.Options{FS: fs, MaxBytes: 64 << 20, Sync: 5 * time.Second})
		put(t, q, "a", "b", "c")
		fs.seal = q.Split
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for seed := range uint64(20) {
			after := open(t, fs.PowerCut(rand.New(rand.NewPCG(seed, 0))))
			if n := after.Stats().Lines; n != 3 {
				t.Errorf("after a power loss %d of 3 lines are there", n)
			}
		}
	})
}

// failNextSync lets the next sync of a file fail, and no other. The result says whether it has failed.
func failNextSync(fs *spooltest.FS) *bool {
	failed := false
	fs.Fail = func(_ int, op string) error {
		if !failed && strings.HasPrefix(op, "sync ") {
			failed = true
			return syscall.EIO
		}
		return nil
	}
	return &failed
}

// TestSegmentEndsAfterFailedSync: to remove a file, the spool syncs the segment that is being written. If that fails, later syncs of the
// segment succeed although bytes are lost. So the lines that come later are not written to it.
func TestSegmentEndsAfterFailedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, Sync: 5 * time.Second})
		put(t, q, "a")
		q.Split()
		put(t, q, "b")
		failed := failNextSync(fs)
		b, err := q.TryPeek(spool.Backlog, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Ack(b); err != nil || !*failed {
			t.Fatalf("Ack: %v, a sync failed: %v", err, *failed)
		}
		for range 20 {
			put(t, q, "c")
			time.Sleep(3 * time.Second)
			synctest.Wait()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for seed := range uint64(20) {
			after := open(t, fs.PowerCut(rand.New(rand.NewPCG(seed, 0))))
			if n := after.Stats().Lines; n < 20 {
				t.Errorf("after a power loss %d of 20 lines are there that came after the failed sync", n)
			}
		}
	})
}

// TestFailedSyncOfTheTimer: a sync fails that would have made the count of damaged lines durable. The file that has the damage stays until
// another segment has the count, so that a power loss cannot take both the file and the count.
func TestFailedSyncOfTheTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, Sync: 5 * time.Second})
		put(t, q, "a", "damaged", "b", "c")
		q.Split()
		put(t, q, "d")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		fs.Change(name(1), func(d []byte) []byte { return bytes.Replace(d, []byte("damaged"), []byte("DAMAGED"), 1) })
		b, err := q.TryPeek(spool.Backlog, 9, 1000)
		if err != nil || text(b) != "[a b c]" {
			t.Fatal(text(b), err)
		}
		put(t, q, "e") // it starts the timer
		if err := q.Ack(b.Head(2)); err != nil {
			t.Fatal(err)
		}
		failed := failNextSync(fs)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if err := q.Ack(b.Tail(2)); err != nil || !*failed {
			t.Fatalf("Ack: %v, a sync failed: %v", err, *failed)
		}
		for seed := range uint64(50) {
			after := open(t, fs.PowerCut(rand.New(rand.NewPCG(seed, 0))))
			if n := after.Stats().Lost; n != 1 {
				t.Errorf("after a power loss %d lines count as lost, want 1", n)
			}
		}
	})
}

// TestPowerLossAfterTheLockIsRemoved: somebody removes the lock of a running spool, which then writes its newest segment again. The power
// fails at any step of that, and the lines of the segment that were synced before are there, also if older ones are dropped to make room.
func TestPowerLossAfterTheLockIsRemoved(t *testing.T) {
	for _, full := range []bool{false, true} {
		for n, cut := 0, true; cut; n++ {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New()
				q := openWith(t, spool.Options{FS: fs, Sync: 5 * time.Second})
				for i := 0; full && q.Stats().Dropped == 0; i++ {
					put(t, q, fmt.Sprintf("%d-%0*d", i, 20_000, 0))
				}
				put(t, q, "a", "b")
				time.Sleep(time.Minute)
				synctest.Wait()
				fs.RemoveLock()
				first := fs.Ops()
				cut = false
				fs.Fail = func(op int, _ string) error {
					if op >= first+n {
						cut = true
						return spooltest.ErrOff
					}
					return nil
				}
				put(t, q, "c")
				time.Sleep(5 * time.Second)
				synctest.Wait()
				for seed := range uint64(50) {
					found := map[string]bool{}
					drain(t, open(t, fs.PowerCut(rand.New(rand.NewPCG(seed, 0)))), found)
					if !found["a"] || !found["b"] {
						t.Errorf("full: %t, the power fails before operation %d, seed %d: there are %d lines, a: %t, b: %t",
							full, n, seed, len(found), found["a"], found["b"])
					}
				}
			})
		}
	}
}

// TestPowerLossWithoutActiveSegment: the newest segment, which has the count of lost lines, has ended and its name is not durable yet. If the
// segment before it is removed then and the power fails, the count is still there.
func TestPowerLossWithoutActiveSegment(t *testing.T) {
	fs := spooltest.New()
	q := openWith(t, spool.Options{FS: fs, Sync: time.Hour})
	ackBacklog := func(n int, want string) {
		t.Helper()
		b, err := q.TryPeek(spool.Backlog, n, 1000)
		if err != nil || text(b) != want {
			t.Fatal(text(b), err)
		}
		if err := q.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
	put(t, q, "a", "damaged", "b")
	q.Split()
	put(t, q, "c")
	fs.Change(name(1), func(d []byte) []byte { return bytes.Replace(d, []byte("damaged"), []byte("DAMAGED"), 1) })
	ackBacklog(2, "[a b]")
	q.Split()
	put(t, q, "d")
	q.Split()
	ackBacklog(1, "[c]")
	for seed := range uint64(50) {
		after := open(t, fs.PowerCut(rand.New(rand.NewPCG(seed, 0))))
		if n := after.Stats().Lost; n != 1 {
			t.Errorf("after a power loss %d lines count as lost, want 1", n)
		}
	}
}
