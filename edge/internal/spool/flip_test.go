package spool_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// sample returns a line of a scenario, about as long as the smallest sample.
func sample(segment, line int) string {
	return fmt.Sprintf(`{"ts":%d.5,"session_id":"s","seq":%d}`, segment, line)
}

// used returns a spool that had four segments of five lines each. No line of the first is delivered, one line of the second, and all lines
// of the third, so the third is removed. The fourth is the newest. After its line with the number note, it has the states that say what
// was delivered.
func used(t *testing.T, note int) (fs *spooltest.FS, taken, delivered map[string]bool) {
	t.Helper()
	fs, taken, delivered = spooltest.New(), map[string]bool{}, map[string]bool{}
	q := open(t, fs)
	for s := range 4 {
		for l := range 5 {
			put(t, q, sample(s, l))
			taken[sample(s, l)] = true
			if s == 3 && l == note {
				ackSome(t, q, spool.Backlog, delivered, func(line string) bool { return line == sample(1, 0) || line[:7] == sample(2, 0)[:7] })
			}
		}
		if s < 3 {
			q.Split()
		}
	}
	return fs.Killed(), taken, delivered
}

// ackSome acknowledges the lines for which want returns true. In each segment these must be the first lines.
func ackSome(t *testing.T, q *spool.Queue, lane spool.Lane, delivered map[string]bool, want func(string) bool) {
	t.Helper()
	b, err := q.TryPeek(lane, 99, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range b.Lines {
		if !want(string(l)) {
			continue
		}
		if err := q.Ack(b.Tail(i).Head(1)); err != nil {
			t.Fatal(err)
		}
		delivered[string(l)] = true
	}
}

// drain delivers all that can be read.
func drain(t *testing.T, q *spool.Queue, delivered map[string]bool) {
	t.Helper()
	for q.Stats().Lines > 0 {
		b, err := q.TryPeek(spool.Fresh, 7, 1<<20)
		if err := errors.Join(err, q.Ack(b)); err != nil {
			t.Fatal(err)
		}
		for _, l := range b.Lines {
			delivered[string(l)] = true
		}
	}
}

// account opens a changed spool and delivers all lines that can be read. It checks that each line is either delivered or counted as
// damaged, now and after another start.
func account(t *testing.T, what string, fs *spooltest.FS, taken, before map[string]bool) (damaged int64, found []spool.Segment) {
	t.Helper()
	found, err := spool.Inspect(fs, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := open(t, fs)
	delivered := maps.Clone(before)
	damaged = q.Stats().Damaged
	inspected := 0
	for _, s := range found {
		inspected += s.Unreadable
	}
	drain(t, q, delivered)
	put(t, q, "end")
	drain(t, q, delivered)
	delete(delivered, "end")
	for l := range delivered {
		if !taken[l] {
			t.Fatalf("%s: a line that was never taken: %s", what, l)
		}
	}
	s := q.Stats()
	if s.Damaged != damaged || s.Lost != damaged || int64(inspected) != damaged || s.Lines != 0 || s.Dropped != 0 {
		t.Errorf("%s: at first %d damaged, an inspection finds %d, in the end %+v", what, damaged, inspected, s)
	}
	fs = fs.Killed()
	q = open(t, fs)
	if s := q.Stats(); s.Lines != 0 || s.Damaged != 0 || s.Lost != damaged {
		t.Errorf("%s: after another start %+v, %d were lost", what, s, damaged)
	}
	if n := int64(len(taken) - len(delivered)); n != damaged {
		t.Errorf("%s: %d of %d are not delivered, %d are counted as damaged", what, n, len(taken), damaged)
	}
	return damaged, found
}

// TestEveryFlip changes each byte of each file in turn: each single bit, and all bits.
func TestEveryFlip(t *testing.T) {
	for note, masks := range map[int][]byte{2: {1, 2, 4, 8, 16, 32, 64, 128, 255}, 4: {1, 128, 255}} {
		original, taken, before := used(t, note)
		changes, lost := 0, int64(0)
		for _, name := range original.Names("") {
			for i := range len(original.Content(name)) {
				for _, mask := range masks {
					fs := original.Killed()
					fs.Change(name, func(d []byte) []byte { d[i] ^= mask; return d })
					n, found := account(t, fmt.Sprintf("%s, byte %d, mask %x", name, i, mask), fs, taken, before)
					if !slices.ContainsFunc(found, spool.Segment.Damaged) {
						t.Errorf("%s, byte %d, mask %x: an inspection finds nothing", name, i, mask)
					}
					lost += n
					changes++
					if t.Failed() {
						return
					}
				}
			}
		}
		t.Logf("%d changes of one byte, %d samples lost and counted", changes, lost)
	}
}

// TestEveryTruncation cuts each file at each length. Lines that are cut off the newest segment are not counted: nothing says how many it
// had, and a cut looks like a crash while it was written.
func TestEveryTruncation(t *testing.T) {
	for _, note := range []int{2, 4} {
		original, taken, before := used(t, note)
		newest := slices.Max(original.Names(""))
		cuts, lost := 0, int64(0)
		for _, name := range original.Names("") {
			for size := range len(original.Content(name)) {
				fs := original.Killed()
				fs.Change(name, func(d []byte) []byte { return d[:size] })
				there := taken
				if name == newest {
					there = maps.Clone(before)
					if _, err := spool.Inspect(fs, func(line []byte, _ bool) error { there[string(line)] = true; return nil }); err != nil {
						t.Fatal(err)
					}
					if n, lines := len(taken)-len(there), strings.Count(original.Content(name)[size:], "session_id"); n > lines+1 {
						t.Fatalf("%s cut to %d bytes: %d lines are missing, %d were cut", name, size, n, lines)
					}
				}
				n, _ := account(t, fmt.Sprintf("%s cut to %d bytes", name, size), fs, there, before)
				lost += n
				cuts++
				if t.Failed() {
					return
				}
			}
		}
		t.Logf("%d cuts, %d samples lost and counted", cuts, lost)
	}
}

// TestManyChanges: several changes may damage both a line and the number of lines, so a count can be too low. But lines without damage
// are delivered, damaged ones are not, and no count is negative.
func TestManyChanges(t *testing.T) {
	original, taken, before := used(t, 2)
	names := original.Names("")
	slices.Sort(names)
	exact, runs := 0, 3000
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 5))
		fs := original.Killed()
		whole := maps.Clone(taken)
		for range 2 + rng.IntN(5) {
			name := names[rng.IntN(len(names))]
			i := rng.IntN(len(original.Content(name)))
			fs.Change(name, func(d []byte) []byte { d[i] ^= byte(1 + rng.IntN(255)); return d })
			for line := range taken {
				if at := strings.Index(original.Content(name), line); at >= 0 && i >= at-20 && i < at+len(line) {
					delete(whole, line)
				}
			}
		}
		q := open(t, fs)
		delivered := maps.Clone(before)
		drain(t, q, delivered)
		for line := range whole {
			if !delivered[line] {
				t.Fatalf("seed %d: %s is whole and was not delivered", seed, line)
			}
		}
		for line := range delivered {
			if !taken[line] {
				t.Fatalf("seed %d: %s was never taken", seed, line)
			}
		}
		s := q.Stats()
		if s.Lines < 0 || s.Damaged < 0 || s.Lost < 0 || s.Dropped < 0 {
			t.Fatalf("seed %d: %+v", seed, s)
		}
		if int(s.Damaged) == len(taken)-len(delivered) {
			exact++
		}
	}
	t.Logf("of %d runs %d have an exact count", runs, exact)
	if exact < runs*9/10 {
		t.Errorf("of %d runs only %d have an exact count", runs, exact)
	}
}
