package spool_test

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// TestFailedSyncOfTheDirectoryIsRetried: the new file of rejected lines is not durable until the directory is synced. If that fails, the
// next sync of the spool does it.
func TestFailedSyncOfTheDirectoryIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, Sync: time.Second})
		put(t, q, "a", "b")
		time.Sleep(2 * time.Second)
		fails, synced := true, 0
		fs.Fail = func(_ int, op string) error {
			switch {
			case !strings.HasPrefix(op, "syncdir"):
				return nil
			case fails:
				return syscall.EIO
			}
			synced++
			return nil
		}
		if err := q.Reject(peek(t, q, 1, 99)); err == nil {
			t.Error("the directory could not be synced, and Reject says that it was")
		}
		fails = false
		put(t, q, "c")
		time.Sleep(2 * time.Second)
		if synced != 1 {
			t.Errorf("the next sync of the spool synced the directory %d times, want once", synced)
		}
	})
}
