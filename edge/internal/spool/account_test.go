package spool_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// TestEveryLineIsAcknowledgedOrLost runs random operations, also restarts, and checks the counts after each. In half of the runs, each
// restart changes a byte of a written line.
func TestEveryLineIsAcknowledgedOrLost(t *testing.T) {
	damaged := 0
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { damaged += accountForAll(t, seed, seed%2 == 1) })
	}
	if damaged < 50 {
		t.Errorf("only %d lines were damaged", damaged)
	}
	t.Logf("%d lines were damaged", damaged)
}

func accountForAll(t *testing.T, seed uint64, damage bool) (damaged int) {
	rng := rand.New(rand.NewPCG(seed, 1))
	fs := spooltest.New()
	q := open(t, fs)
	var appended, dropped int
	acked := map[string]bool{}
	for range 400 {
		switch op := rng.IntN(20); {
		case op < 12:
			put(t, q, fmt.Sprintf("%d-%0*d", appended, 60+rng.IntN(20_000), 0))
			appended++
		case op < 18:
			b, err := q.TryPeek(spool.Lane(rng.IntN(2)), 1+rng.IntN(9), 1+rng.IntN(60_000))
			b = b.Head(rng.IntN(len(b.Lines) + 1))
			if err := errors.Join(err, q.Ack(b)); err != nil {
				t.Fatal(err)
			}
			for _, l := range b.Lines {
				if acked[string(l)] {
					t.Fatalf("%.20s was read again after its Ack", l)
				}
				acked[string(l)] = true
			}
		case op < 19:
			q.Split()
		default:
			dropped += int(q.Stats().Dropped)
			fs = fs.Killed()
			if damage {
				damageLine(fs, rng)
			}
			q = open(t, fs)
		}
		s := q.Stats()
		damaged = int(s.Lost-s.Dropped) - dropped
		if fs.Size() > spool.MinBytes || int(s.Lines+s.Lost)+len(acked) != appended || !damage && damaged != 0 {
			t.Fatalf("%d appended, %d acknowledged, %d dropped before, %+v", appended, len(acked), dropped, s)
		}
	}
	return damaged
}

// damageLine changes a byte of a random line or of the head before it.
func damageLine(fs *spooltest.FS, rng *rand.Rand) {
	names := fs.Names(".seg")
	if len(names) == 0 {
		return
	}
	slices.Sort(names)
	name := names[rng.IntN(len(names))]
	content := fs.Content(name)
	lines := regexp.MustCompile(`\d+-0+`).FindAllStringIndex(content, -1)
	if len(lines) == 0 {
		return
	}
	line := lines[rng.IntN(len(lines))]
	at := line[0] + rng.IntN(40)
	if rng.IntN(2) == 0 {
		at = line[0] - 1 - rng.IntN(20)
	}
	fs.Change(name, func(d []byte) []byte { d[at] ^= byte(1 + rng.IntN(255)); return d })
}
