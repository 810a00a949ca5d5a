package spool_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// pages counts what a kernel writes to the disk: at each sync, the pages of 4 KiB that were written to since the last.
type pages struct {
	*spooltest.FS
	dirty   map[int64]bool
	written int
}

type pagesFile struct {
	spool.File
	fs *pages
}

func (p *pages) Open(name string, create bool) (spool.File, error) {
	f, err := p.FS.Open(name, create)
	return pagesFile{f, p}, err
}

func (f pagesFile) WriteAt(b []byte, off int64) (int, error) {
	for at := off / 4096; at <= (off+int64(len(b))-1)/4096; at++ {
		f.fs.dirty[at] = true
	}
	return f.File.WriteAt(b, off)
}

func (f pagesFile) Sync() error {
	f.fs.written += len(f.fs.dirty)
	clear(f.fs.dirty)
	return f.File.Sync()
}

// TestPagesWritten: there are as many syncs as the loss of power that they guard against makes necessary, and at the usual
// size of a line each writes one page, seldom two.
func TestPagesWritten(t *testing.T) {
	for _, c := range []struct {
		line         int
		interval     time.Duration
		syncs, pages int // of an hour
	}{
		{910, 3 * time.Second, 600, 620},
		{1000, 3 * time.Second, 600, 640},
		{700, 3 * time.Second, 600, 830},
		{910, time.Second, 720, 1660},
		{910, 10 * time.Second, 360, 370},
	} {
		synctest.Test(t, func(t *testing.T) {
			fs := &pages{FS: spooltest.New(), dirty: map[int64]bool{}}
			q := openWith(t, spool.Options{FS: fs, MaxBytes: 64 << 20, Sync: 5 * time.Second})
			before := fs.Syncs()
			for i := range int(time.Hour / c.interval) {
				line := c.line
				if i == 0 {
					line /= 2 // the first sample has no rates
				}
				put(t, q, strings.Repeat("x", line))
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
			if n := fs.Syncs() - before; n > c.syncs+2 || fs.written > c.pages {
				t.Errorf("%d bytes every %v: %d syncs, %d pages", c.line, c.interval, n, fs.written)
			}
		})
	}
}
