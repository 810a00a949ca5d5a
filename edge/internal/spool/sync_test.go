package spool_test

import (
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

// TestSegmentEndsAfterFailedSync: to remove a file, the spool syncs the segment that is being written. If that fails, later syncs of the segment
// succeed although bytes are lost. So the lines that come later are not written to it.
func TestSegmentEndsAfterFailedSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, Sync: 5 * time.Second})
		put(t, q, "a")
		q.Split()
		put(t, q, "b")
		failed := false
		fs.Fail = func(_ int, op string) error {
			if !failed && strings.HasPrefix(op, "sync ") {
				failed = true
				return syscall.EIO
			}
			return nil
		}
		b, err := q.TryPeek(spool.Backlog, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Ack(b); err != nil || !failed {
			t.Fatalf("Ack: %v, a sync failed: %v", err, failed)
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
