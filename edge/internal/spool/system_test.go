package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// opens reports whether an operation needs a file descriptor.
func opens(op string) bool {
	for _, prefix := range []string{"lock", "list", "open", "reopen", "create", "syncdir"} {
		if strings.HasPrefix(op, prefix) {
			return true
		}
	}
	return false
}

// TestNoFileDescriptors: for ten minutes no file can be opened, at the start of a process or later, with a backlog of several segments.
// No sample is lost, and none counts as damaged.
func TestNoFileDescriptors(t *testing.T) {
	for _, errno := range errnos {
		for _, from := range []string{"the start", "later"} {
			synctest.Test(t, func(t *testing.T) {
				fs := spooltest.New()
				q := open(t, fs)
				taken := map[string]bool{}
				take := func(n int) {
					for range n {
						line := fmt.Sprintf("%d-%0*d", len(taken), 500, 0)
						taken[line] = true
						put(t, q, line)
						time.Sleep(3 * time.Second)
					}
				}
				take(400) // more than three segments
				fs = fs.Killed()
				fails := func(_ int, op string) error {
					if opens(op) {
						return errno
					}
					return nil
				}
				if from == "the start" {
					fs.Fail = fails
				}
				q = open(t, fs)
				fs.Fail = fails
				for range 10 {
					take(20)
					if from == "later" {
						q.Split()
					}
					_, _ = q.TryPeek(spool.Fresh, 99, 1<<20) // it may fail
					_, _ = q.TryPeek(spool.Backlog, 99, 1<<20)
				}
				fs.Fail = nil
				take(20)
				if s := q.Stats(); s.Damaged != 0 || s.SetAside != 0 || s.Dropped != 0 || s.MemoryLines != 0 {
					t.Errorf("%v from %s: %+v", errno, from, s)
				}
				delivered := map[string]bool{}
				for _, lane := range []spool.Lane{spool.Backlog, spool.Fresh} {
					for {
						b, err := q.TryPeek(lane, 99, 1<<20)
						if err != nil {
							t.Fatal(err)
						}
						if len(b.Lines) == 0 {
							break
						}
						if err := q.Ack(b); err != nil {
							t.Fatal(err)
						}
						for _, l := range b.Lines {
							if delivered[string(l)] {
								t.Errorf("%.10s twice", l)
							}
							delivered[string(l)] = true
						}
					}
				}
				if len(delivered) != len(taken) {
					t.Errorf("%v from %s: %d taken, %d delivered", errno, from, len(taken), len(delivered))
				}
			})
		}
	}
}

// TestReadOnlyDisk: lines that wait are delivered from a read-only disk, by a process that was running before and by one that is started
// then. Their acknowledgements cannot be written, so another start delivers the same lines again.
func TestReadOnlyDisk(t *testing.T) {
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New()
			q := open(t, fs)
			put(t, q, "a", "b")
			q.Split()
			put(t, q, "c", "d")
			readOnly := func(_ int, op string) error {
				switch strings.Fields(op)[0] {
				case "lock", "list", "open", "read":
					return nil
				}
				return syscall.EROFS
			}
			if restart {
				fs = fs.Killed()
			}
			fs.Fail = readOnly
			if restart {
				q = open(t, fs)
				q.Split()
			}
			put(t, q, "e")
			got := ""
			for _, lane := range []spool.Lane{spool.Backlog, spool.Fresh} {
				for {
					b, err := q.TryPeek(lane, 1, 100)
					if err != nil {
						t.Fatal(err)
					}
					if len(b.Lines) == 0 {
						break
					}
					got += string(b.Lines[0])
					if err := q.Ack(b); err != nil {
						t.Fatal(err)
					}
				}
			}
			if s := q.Stats(); got != "abcde" || s.Lines != 0 || s.Damaged+s.Dropped+s.SetAside != 0 {
				t.Errorf("delivered are %s, %+v", got, s)
			}
			again := open(t, fs.Killed())
			if got := text(peek(t, again, 9, 100)); got != "[a b c d]" {
				t.Errorf("after another start there is %s", got)
			}
		})
	}
}

// TestDirectoryRemoved: somebody removes the directory while a collector runs. It is made again, with the lines of the segment that
// is being written, unless they are delivered. The lines of other files are counted.
func TestDirectoryRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, Log: slog.New(slog.NewTextHandler(&log, nil))})
		put(t, q, "a", "b")
		q.Split()
		put(t, q, "c", "d", "e")
		b := peek(t, q, 2, 100)
		if err := q.Ack(b.Head(1)); err != nil {
			t.Fatal(err)
		}
		fs.Gone()
		time.Sleep(time.Minute)
		put(t, q, "f")
		if err := q.Ack(b.Tail(1)); err != nil { // it was being delivered
			t.Fatal(err)
		}
		s := q.Stats()
		if s.Damaged != 2 || s.Lost != 2 || s.Lines != 2 || s.MemoryLines != 0 || s.Bytes != fs.Size() {
			t.Errorf("%+v, %d bytes", s, fs.Size())
		}
		if !strings.Contains(log.String(), "directory or its lock was removed or replaced") || !strings.Contains(log.String(), "samples_lost=2") {
			t.Errorf("log is:\n%s", &log)
		}
		put(t, q, "g")
		q = open(t, fs.Killed())
		if got, s := text(peek(t, q, 9, 100)), q.Stats(); got != "[e f g]" || s.Lost != 2 {
			t.Errorf("after another start there is %s, %+v", got, s)
		}
	})
}

// TestRealDirectoryRemoved removes the directory, only its lock, or one segment of a real file system.
func TestRealDirectoryRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not let anybody remove or rename files that are open")
	}
	for what, c := range map[string]struct {
		remove  func(dir string) error
		damaged int64
		left    string
	}{
		"the directory": {os.RemoveAll, 1, "[b c]"},
		"the lock":      {func(dir string) error { return os.Remove(filepath.Join(dir, "lock")) }, 0, "[a b c]"},
		"a replacement": {func(dir string) error { return os.Rename(dir, dir+".old") }, 1, "[b c]"},
	} {
		t.Run(what, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "spool")
			var q *spool.Queue
			synctest.Test(t, func(t *testing.T) {
				q = open(t, spool.Dir(dir))
				put(t, q, "a")
				q.Split()
				put(t, q, "b")
				if err := c.remove(dir); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				put(t, q, "c")
				if s := q.Stats(); s.Damaged != c.damaged || s.MemoryLines != 0 || s.Lines != 3-c.damaged {
					t.Errorf("%+v", s)
				}
				if err := q.Close(); err != nil {
					t.Error(err)
				}
				if got := text(peek(t, open(t, spool.Dir(dir)), 9, 100)); got != c.left {
					t.Errorf("after another start there is %s, want %s", got, c.left)
				}
			})
		})
	}
}

// TestRemovedSegment: if somebody removed a file, its lines are counted, and nothing else changes. If the lines were being delivered and
// arrive, the count goes down again, but never below 0.
func TestRemovedSegment(t *testing.T) {
	fs := three(t)
	q := open(t, fs)
	held := peek(t, q, 99, 1000)
	if err := fs.Remove(name(2)); err != nil {
		t.Fatal(err)
	}
	if got := text(peek(t, q, 99, 1000)); got != "[a0 a1 a2 a3 c0 c1 c2 c3]" {
		t.Errorf("left is %s", got)
	}
	if s := q.Stats(); s.Damaged != 4 || s.Lines != 8 || s.Lost != 4 {
		t.Errorf("%+v", s)
	}
	if err := errors.Join(q.Ack(held), q.Ack(held)); err != nil {
		t.Fatal(err)
	}
	if s := q.Stats(); s.Damaged != 0 || s.Dropped != 0 || s.Lines != 0 || s.Lost != 0 {
		t.Errorf("after all have arrived: %+v", s)
	}
}

// noLock lets each attempt to make and lock the directory fail, and nothing else.
func noLock(_ int, op string) error {
	if strings.HasPrefix(op, "lock") {
		return syscall.EACCES
	}
	return nil
}

// TestDirectoryThatCannotBeMadeAgain: somebody removes the directory, and the collector may not make it again for a while. The lines that
// wait in the segment that is being written stay in memory, even if the segment is larger than what memory may take. Later they are in the
// new directory. The lines of the segment that were delivered do not come back, and do not count as damaged.
func TestDirectoryThatCannotBeMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := openWith(t, spool.Options{FS: fs, MaxBytes: 64 << 20})
		for i := range 30 {
			put(t, q, fmt.Sprintf("%d-%0*d", i, 100_000, 0)) // 3 MB in a segment of at most 4 MB
		}
		if err := q.Ack(peek(t, q, 27, 1<<30)); err != nil {
			t.Fatal(err)
		}
		held := peek(t, q, 1, 1)
		fs.Gone()
		fs.Fail = noLock
		time.Sleep(time.Minute)
		put(t, q, "a", "b")
		if s := q.Stats(); s.Lines != 5 || s.MemoryLines != 5 || s.Lost != 0 {
			t.Errorf("without a directory: %+v", s)
		}
		if err := q.Ack(held); err != nil { // it was being delivered
			t.Fatal(err)
		}
		fs.Fail = nil
		time.Sleep(time.Minute)
		put(t, q, "c")
		for when, q := range map[string]*spool.Queue{"in the new directory": q, "after a kill": open(t, fs.Killed())} {
			if s := q.Stats(); s.Lines != 5 || s.MemoryLines != 0 || s.Lost != 0 || s.Damaged != 0 {
				t.Errorf("%s: %+v", when, s)
			}
			b := peek(t, q, 9, 1<<30)
			for i, want := range []string{"28-0", "29-0", "a", "b", "c"} {
				if got := string(b.Lines[i]); !strings.HasPrefix(got, want) {
					t.Errorf("%s: line %d is %.9s, want %s", when, i, got, want)
				}
			}
		}
	})
}

// TestDamageInARemovedDirectory: a damaged line counts also if somebody removes the directory, and the segment is then delivered from memory
// or dropped from it.
func TestDamageInARemovedDirectory(t *testing.T) {
	for what, lines := range map[string]int{"delivered": 1, "dropped": 2000} {
		synctest.Test(t, func(t *testing.T) {
			fs := spooltest.New()
			q := open(t, fs)
			put(t, q, "a", "damaged")
			fs.Change(name(1), func(d []byte) []byte { return bytes.Replace(d, []byte("damaged"), []byte("DAMAGED"), 1) })
			b := peek(t, q, 9, 1000)
			fs.Gone()
			fs.Fail = noLock
			time.Sleep(time.Minute)
			for range lines {
				put(t, q, strings.Repeat("x", 1000))
			}
			if what == "delivered" {
				if err := q.Ack(b); err != nil {
					t.Fatal(err)
				}
			}
			if s := q.Stats(); s.Damaged != 1 || s.Lost != 1+s.Dropped || (s.Dropped > 0) != (what == "dropped") {
				t.Errorf("%s: %+v", what, s)
			}
		})
	}
}

// TestAnotherProcessAfterTheLockIsRemoved: somebody removes the lock, and another process uses the directory for a while: it appends to the
// newest segment and makes another one. The first process goes on after that and delivers its lines. The lines of the other process are there
// at the next start.
func TestAnotherProcessAfterTheLockIsRemoved(t *testing.T) {
	for _, split := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			fs, found := spooltest.New(), map[string]bool{}
			first := open(t, fs)
			put(t, first, "a")
			if split {
				first.Split()
			}
			fs.RemoveLock()
			other := open(t, fs)
			put(t, other, "b")
			other.Split()
			put(t, other, "c")
			time.Sleep(time.Minute)
			put(t, first, "d") // it waits in memory: the directory is locked
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			put(t, first, "e")
			if s := first.Stats(); s.MemoryLines != 0 || s.Lost != 0 {
				t.Errorf("split: %t: %+v", split, s)
			}
			for _, lane := range []spool.Lane{spool.Backlog, spool.Fresh} {
				b, err := first.TryPeek(lane, 9, 99)
				if err := errors.Join(err, first.Ack(b)); err != nil {
					t.Fatal(err)
				}
				for _, line := range b.Lines {
					found[string(line)] = true
				}
			}
			put(t, first, "f")
			drain(t, open(t, fs.Killed()), found)
			for _, line := range []string{"a", "b", "c", "d", "e", "f"} {
				if !found[line] {
					t.Errorf("split: %t: %s is missing", split, line)
				}
			}
		})
	}
}

// TestLockRemovedBeforeTheFilesAreRead: the files of the directory cannot be listed at the start of a process, and somebody removes its lock
// meanwhile. Later the process has the lines of the files.
func TestLockRemovedBeforeTheFilesAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		put(t, open(t, fs), "a")
		fs = fs.Killed()
		fs.Fail = func(_ int, op string) error {
			if strings.HasPrefix(op, "list") {
				return syscall.EMFILE
			}
			return nil
		}
		q := open(t, fs)
		fs.RemoveLock()
		time.Sleep(time.Minute)
		put(t, q, "b")
		fs.Fail = nil
		time.Sleep(time.Minute)
		put(t, q, "c")
		if got, s := text(peek(t, q, 9, 99)), q.Stats(); got != "[a b c]" || s.MemoryLines != 0 {
			t.Errorf("lines are %s, %+v", got, s)
		}
	})
}

// TestStartContinuesTheSegmentLater: if the directory cannot be locked at the start of a process, and no line comes meanwhile, the process
// continues the newest segment once it can.
func TestStartContinuesTheSegmentLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		put(t, open(t, fs), "a")
		fs = fs.Killed()
		fs.Fail = func(int, string) error { return syscall.EMFILE }
		q := open(t, fs)
		fs.Fail = nil
		time.Sleep(time.Minute)
		put(t, q, "b")
		if s := q.Stats(); s.Segments != 1 || s.MemoryLines != 0 || s.Lines != 2 {
			t.Errorf("%+v", s)
		}
	})
}
