package spool_test

import (
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
