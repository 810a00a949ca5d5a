package spool_test

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// process is a collector that appends to a full spool and is killed.
type process struct {
	lines int // how many it appends if it is not killed
	// The process is killed before the operation with the number kill, from 0. Only operations that change a file count. If torn is true
	// and the operation is a write, the process is killed in the middle of it.
	kill int
	torn bool
	// fails says that nothing can be written while it appends the first lines.
	fails bool
}

// history is what a chain of processes has appended to one spool.
type history struct {
	fs    *spooltest.FS
	next  int    // number of the next line
	safe  []int  // lines that were on disk when Append returned
	chain string // for messages
}

// fullSpool returns a history of one process that filled the spool without dropping a line.
func fullSpool(t *testing.T) history {
	t.Helper()
	h := history{fs: spooltest.New()}
	q := open(t, h.fs)
	for ; h.fs.Size() < spool.MinBytes-90_000; h.next++ {
		put(t, q, killLine(h.next))
		h.safe = append(h.safe, h.next)
	}
	if s := q.Stats(); s.Dropped != 0 || s.Segments < 8 {
		t.Fatalf("the first process left %+v", s)
	}
	return h
}

// killLine returns a line. Every second line is longer, so that a process may need more room than the one before it had made.
func killLine(i int) string { return fmt.Sprintf("%d-%0*d", i, 15_000+i%2*30_000, 0) }

// run runs a process over a copy of the spool, and returns what is left and whether the process was killed.
func (h history) run(t *testing.T, p process) (after history, killed bool) {
	t.Helper()
	after = history{fs: h.fs.Killed(), next: h.next, safe: slices.Clone(h.safe)}
	changes, failing := 0, p.fails
	after.fs.Fail = func(_ int, op string) error {
		switch {
		case killed:
			return spooltest.ErrOff
		case !changesFile(op):
			return nil
		case failing:
			return syscall.ENOSPC
		}
		changes++
		if changes <= p.kill {
			return nil
		}
		killed = true
		after.chain = fmt.Sprintf("%s, killed at %q (%+v)", h.chain, op, p)
		if p.torn && strings.HasPrefix(op, "write") {
			return syscall.EIO // it writes the first half
		}
		return spooltest.ErrOff
	}
	q, err := spool.Open(spool.Options{FS: after.fs, MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.lines {
		if failing && i == 3 {
			failing = false
			time.Sleep(time.Minute)
		}
		line := after.next
		after.next++ // the next process may come with a longer line
		put(t, q, killLine(line))
		if size := after.fs.Size(); size > spool.MinBytes {
			t.Errorf("the files have %d bytes%s", size, after.chain)
		}
		if killed {
			return after, true
		}
		if !failing {
			after.safe = append(after.safe, line)
		}
	}
	return after, false
}

func changesFile(op string) bool {
	switch strings.Fields(op)[0] {
	case "create", "write", "truncate", "rename", "remove":
		return true
	}
	return false
}

// check starts a last process, which reads the spool, and compares what is missing with what is counted. No line is damaged.
func (h history) check(t *testing.T) {
	t.Helper()
	if missing, s := h.count(t); missing > s.Lost || s.Damaged != 0 {
		t.Errorf("%d lines are missing, counted are %d%s", missing, s.Lost, h.chain)
	}
}

// count starts a last process, which reads the spool, and returns how many safe lines are missing, and what that process counted.
func (h history) count(t *testing.T) (missing int64, s spool.Stats) {
	t.Helper()
	q := open(t, h.fs.Killed())
	there := map[string]bool{}
	drain(t, q, there)
	for _, i := range h.safe {
		if !there[killLine(i)] {
			missing++
		}
	}
	return missing, q.Stats()
}

// TestKilledTwice kills a process that drops lines, before or within each of its changes to the disk, and then the next process, too. For
// some processes the disk also fails for a while. If EDGE_ALL_FAULTS is set, more combinations run. A line that was on disk is still there
// or counts as lost, because the collector writes the new count before it removes the file, also if it must begin a segment for that.
func TestKilledTwice(t *testing.T) {
	runs := 0
	each := func(h history, kinds []process, then func(*testing.T, history)) {
		for _, p := range kinds {
			for killed := true; killed && !t.Failed(); p.kill++ {
				var after history
				synctest.Test(t, func(t *testing.T) {
					after, killed = h.run(t, p)
					after.check(t)
				})
				runs++
				if killed && then != nil {
					then(t, after)
				}
			}
		}
	}
	first, second := []process{{lines: 6}, {lines: 6, torn: true}, {lines: 6, fails: true}}, []process{{lines: 2}}
	if os.Getenv("EDGE_ALL_FAULTS") != "" {
		first, second = append(first, process{lines: 6, torn: true, fails: true}), append(second, process{lines: 6, fails: true})
	}
	each(fullSpool(t), first, func(_ *testing.T, h history) { each(h, second, nil) })
	t.Logf("%d runs", runs)
}
