package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// life is one run of a collector that appends, reads and acknowledges lines in both lanes of a full spool.
type life struct {
	fs    *spooltest.FS
	acked [lifeLines]int
	last  spool.Stats // at the end
	after spool.Stats // after another start, all read
	// safe is how many lines were appended before the first operation failed.
	safe   int
	failed bool
}

const lifeLines = 48

// lifeLine returns a line of a life. All together are larger than the spool.
func lifeLine(i int) []byte {
	return append(strconv.AppendInt(nil, int64(i), 10), zeros[:20_000+i*500]...)
}

var zeros = []byte(strings.Repeat("-", 44_000))

func live(t *testing.T, fs *spooltest.FS, sync time.Duration) *life {
	t.Helper()
	l := &life{fs: fs}
	if fail := fs.Fail; fail != nil {
		fs.Fail = func(n int, op string) error {
			err := fail(n, op)
			l.failed = l.failed || err != nil
			return err
		}
	}
	q, err := spool.Open(spool.Options{FS: fs, MaxBytes: spool.MinBytes, Sync: sync, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range lifeLines {
		if err := q.Append(lifeLine(i)); err != nil {
			t.Fatal(err)
		}
		if !l.failed {
			l.safe++
		}
		switch {
		case i%10 == 9:
			q.Split()
		case i%7 == 6:
			l.drain(t, q, spool.Fresh, 1)
			l.drain(t, q, spool.Backlog, 1)
		}
		if fs.Size() > spool.MinBytes {
			t.Fatalf("%d bytes after %d lines", fs.Size(), i)
		}
		time.Sleep(time.Second)
	}
	_ = q.Close() // lines that it could not save are in the counts
	l.last = q.Stats()
	return l
}

// drain reads and acknowledges lines. It ignores a read that fails; the caller reads again later.
func (l *life) drain(t *testing.T, q *spool.Queue, lane spool.Lane, n int) {
	t.Helper()
	b, _ := q.TryPeek(lane, n, 1<<20)
	if err := q.Ack(b); err != nil {
		t.Fatal(err)
	}
	for _, line := range b.Lines {
		i, err := strconv.Atoi(strings.TrimRight(string(line), "-"))
		if err != nil || !bytes.Equal(line, lifeLine(i)) {
			t.Errorf("a line that was never put: %.20s", line)
			continue
		}
		l.acked[i]++
	}
}

// check opens the disk's files as another process and finds each line.
func (l *life) check(t *testing.T, fs *spooltest.FS, want func(line int) bool) (duplicates int) {
	t.Helper()
	q, err := spool.Open(spool.Options{FS: fs, MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for q.Stats().Lines > 0 {
		l.drain(t, q, spool.Fresh, 10)
	}
	l.after = q.Stats()
	_ = q.Close()
	missing, never := int64(0), int64(0)
	for i := range lifeLines {
		n := l.acked[i]
		if n == 0 {
			never++
		}
		if n == 0 && want(i) {
			missing++
		}
		duplicates += max(0, n-1)
	}
	if counted := l.last.Dropped + l.last.MemoryLines; missing > counted {
		t.Errorf("%d lines are missing, counted are %+v", missing, l.last)
	}
	if l.after.Damaged > never || l.after.Lost < l.after.Damaged {
		t.Errorf("%d lines are missing, after another start %+v", never, l.after)
	}
	return duplicates
}

func all(int) bool { return true }

// errnos are errors that a file system may return for a while. They do not mean that a file's content is bad.
var errnos = []syscall.Errno{
	syscall.ENOSPC, syscall.EMFILE, syscall.ENFILE, syscall.EACCES, syscall.EPERM, syscall.EIO, syscall.EROFS, syscall.ENOMEM,
	syscall.EINTR, syscall.EAGAIN, syscall.ESTALE, syscall.ENODEV,
}

// TestFaultAtEveryOperation lets each operation of a life fail in turn: once, for a while, and always from then on, with some errors or, if
// EDGE_ALL_FAULTS is set, with all. No segment counts as damaged, and each missing line was counted as dropped.
func TestFaultAtEveryOperation(t *testing.T) {
	for name, c := range map[string]struct{ length, errnos int }{
		"once": {1, 2}, "for a while": {30, 1}, "from then on": {1 << 30, 1},
	} {
		if os.Getenv("EDGE_ALL_FAULTS") != "" {
			c.errnos = len(errnos)
		}
		t.Run(name, func(t *testing.T) {
			runs := 0
			for k := 0; ; k++ {
				done := false
				for i := range c.errnos {
					errno := errnos[(k+i)%len(errnos)]
					synctest.Test(t, func(t *testing.T) {
						fs := spooltest.New()
						seen := ""
						fs.Fail = func(n int, op string) error {
							if n >= k && n < k+c.length {
								seen = op
								return errno
							}
							return nil
						}
						l := live(t, fs, spool.SyncEvery)
						l.check(t, fs.Killed(), all)
						if l.last.Damaged != 0 || l.last.SetAside != 0 || l.after.Damaged != 0 || l.after.SetAside != 0 || len(fs.Names(".corrupt")) != 0 {
							t.Errorf("%+v", l.last)
						}
						if t.Failed() {
							t.Fatalf("operation %d, %s, failed %s with %v", k, seen, name, errno)
						}
						done = !l.failed
						runs++
					})
				}
				if done || t.Failed() {
					t.Logf("%d operations, %d runs", k, runs)
					break
				}
			}
		})
	}
}

// TestFullDisk: lines wait in memory, the log says so once, and later all lines are on disk, in order.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		fs := spooltest.New()
		full := true
		fs.Fail = func(_ int, op string) error {
			if full && (strings.HasPrefix(op, "write") || strings.HasPrefix(op, "create")) {
				return syscall.ENOSPC
			}
			return nil
		}
		q := openWith(t, spool.Options{FS: fs, Log: slog.New(slog.NewTextHandler(&log, nil)), Sync: spool.SyncNever})
		for i := range 500 {
			put(t, q, fmt.Sprint(i))
			time.Sleep(3 * time.Second)
		}
		if s := q.Stats(); s.MemoryLines != 500 || s.Dropped != 0 {
			t.Errorf("on a full disk: %+v", s)
		}
		if err := q.Ack(peek(t, q, 100, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "no space left") {
			t.Errorf("it says:\n%s", &log)
		}
		full = false
		for i := range 60 {
			put(t, q, fmt.Sprint(500+i))
			time.Sleep(3 * time.Second)
		}
		if s := q.Stats(); s.MemoryLines != 0 || s.Lines != 460 {
			t.Errorf("after it: %+v", s)
		}
		if n := strings.Count(log.String(), "works again"); n != 1 {
			t.Errorf("it says:\n%s", &log)
		}
		b := peek(t, open(t, fs.Killed()), 1000, 1<<20)
		for i, line := range b.Lines[len(b.Lines)-460:] {
			if string(line) != fmt.Sprint(100+i) {
				t.Fatalf("line %d is %s", i, line)
			}
		}
	})
}

// TestCloseTriesTheDiskAgain: if the disk works again, lines that wait in memory are saved when the spool is closed, also before the next
// line would try the disk.
func TestCloseTriesTheDiskAgain(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	put(t, q, "a")
	fs.Fail = func(_ int, op string) error {
		if strings.HasPrefix(op, "write") || strings.HasPrefix(op, "create") {
			return syscall.ENOSPC
		}
		return nil
	}
	put(t, q, "b", "c")
	fs.Fail = nil
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if got := text(peek(t, open(t, fs.Killed()), 9, 99)); got != "[a b c]" {
		t.Errorf("after another start the lines are %s", got)
	}
}

// TestLostIsReadLater: if the newest segment, which says how many lines are lost, cannot be read at the start, the number is right as soon
// as it can.
func TestLostIsReadLater(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	for i := 0; q.Stats().Dropped == 0; i++ {
		put(t, q, fmt.Sprintf("%d-%0*d", i, 20_000, 0))
	}
	lost := q.Stats().Lost
	next := fs.Killed()
	names := next.Names(".seg")
	newest := slices.Max(names)
	next.Fail = func(_ int, op string) error {
		if op == "open "+newest {
			return syscall.EMFILE
		}
		return nil
	}
	q = open(t, next)
	put(t, q, "a")
	next.Fail = nil
	for n := q.Stats().Lines; n > 0; n = q.Stats().Lines {
		if err := q.Ack(peek(t, q, 9, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if got := q.Stats().Lost; got != lost {
		t.Errorf("%d lines are lost, want %d", got, lost)
	}
	if got := open(t, next.Killed()).Stats().Lost; got != lost {
		t.Errorf("after another start %d lines are lost, want %d", got, lost)
	}
}

// TestMemoryIsBounded: when memory is full the oldest lines are dropped and counted.
func TestMemoryIsBounded(t *testing.T) {
	fs := spooltest.New()
	fs.Fail = func(int, string) error { return syscall.EROFS }
	q := open(t, fs)
	const n = 10_000
	for i := range n {
		put(t, q, fmt.Sprintf("%d-%0*d", i, 900, 0))
	}
	s := q.Stats()
	if s.Lines != s.MemoryLines || s.Lines+s.Dropped != n || s.Lines < 1000 || s.Lines > 2000 {
		t.Errorf("%+v", s)
	}
	if err := q.Close(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d samples that could not be written", s.Lines)) {
		t.Errorf("Close: %v", err)
	}
}

// TestUnreadableSegment: an error of the file system does not mean that a segment is damaged. The segment stays, later ones are read,
// and it is read once the file system allows that.
func TestUnreadableSegment(t *testing.T) {
	for _, failing := range []string{"read ", "open "} {
		for _, restart := range []bool{false, true} {
			fs := spooltest.New()
			q := open(t, fs)
			put(t, q, "a", "b")
			if err := q.Ack(peek(t, q, 1, 1)); err != nil {
				t.Fatal(err)
			}
			q.Split()
			put(t, q, "c")
			q.Split()
			put(t, q, "d")
			if err := q.Ack(peek(t, q, 1, 1)); err != nil {
				t.Fatal(err)
			}
			fails := func(_ int, op string) error {
				if op == failing+name(1) {
					return syscall.EIO
				}
				return nil
			}
			if restart {
				fs = fs.Killed()
				fs.Fail = fails
				q = open(t, fs)
				q.Split()
			}
			fs.Fail = fails
			for range 10 {
				b, err := q.TryPeek(spool.Backlog, 9, 100)
				if err != nil || text(b) != "[c]" {
					t.Fatalf("read is %s, %v", text(b), err)
				}
			}
			if now, _ := retry.Problems(q.Health()...); len(now) != 1 || !strings.Contains(now[0].Error, "its samples wait until it can be read") {
				t.Errorf("problems are %+v", now)
			}
			b, err := q.TryPeek(spool.Backlog, 9, 100)
			if err := errors.Join(err, q.Ack(b)); err != nil {
				t.Fatal(err)
			}
			if _, err := q.TryPeek(spool.Backlog, 9, 100); !errors.Is(err, syscall.EIO) {
				t.Errorf("with nothing else to read, the error is %v", err)
			}
			fs.Fail = nil
			if b, err := q.TryPeek(spool.Backlog, 9, 100); err != nil || text(b) != "[b]" {
				t.Errorf("at last there is %s, %v", text(b), err)
			}
			if s := q.Stats(); s.SetAside != 0 || s.Damaged != 0 || s.Lines != 1 {
				t.Errorf("%+v", s)
			}
			if now, _ := retry.Problems(q.Health()...); len(now) != 0 {
				t.Errorf("problems are %+v", now)
			}
		}
	}
}
