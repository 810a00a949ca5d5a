package spool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

func open(t *testing.T, maxBytes int64, dropped func(int)) *spool.Queue {
	t.Helper()
	q, err := spool.New(spool.Options{MaxBytes: maxBytes, Dropped: dropped})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func put(t *testing.T, q *spool.Queue, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if err := q.Append([]byte(l)); err != nil {
			t.Fatal(err)
		}
	}
}

func peek(t *testing.T, q *spool.Queue, n, bytes int) spool.Batch {
	t.Helper()
	b, err := q.Peek(t.Context(), n, bytes)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(b spool.Batch) string { return fmt.Sprintf("%s", b.Lines) }

func TestPeekRepeatsUntilAck(t *testing.T) {
	q := open(t, 1<<20, nil)
	put(t, q, "a", "b", "c")
	for range 2 {
		if got := text(peek(t, q, 2, 1<<20)); got != "[a b]" {
			t.Fatalf("Peek gives %s, want [a b]", got)
		}
	}
	first := peek(t, q, 2, 1<<20)
	if err := q.Ack(first.Tail(1)); !errors.Is(err, spool.ErrOutOfOrder) {
		t.Fatalf("Ack out of order: %v", err)
	}
	if err := q.Ack(first.Head(1)); err != nil {
		t.Fatal(err)
	}
	if got := text(peek(t, q, 5, 1<<20)); got != "[b c]" {
		t.Fatalf("after an Ack of the head Peek gives %s, want [b c]", got)
	}
	for range 2 { // the second time does nothing
		if err := q.Ack(first.Tail(1)); err != nil {
			t.Fatal(err)
		}
	}
	if got := text(peek(t, q, 5, 1<<20)); got != "[c]" {
		t.Fatalf("Peek gives %s, want [c]", got)
	}
	if s := q.Stats(); s.Lines != 1 || s.Dropped != 0 || s.Bytes != 65 {
		t.Errorf("Stats are %+v", s)
	}
}

func TestPeekBoundsBytesButGivesOne(t *testing.T) {
	q := open(t, 1<<20, nil)
	put(t, q, "aaaa", "bbbb", "cccc")
	if got := text(peek(t, q, 9, 8)); got != "[aaaa bbbb]" {
		t.Errorf("Peek of 8 bytes gives %s", got)
	}
	if got := text(peek(t, q, 9, 1)); got != "[aaaa]" {
		t.Errorf("Peek of 1 byte gives %s", got)
	}
}

func TestOldestLinesMakeRoom(t *testing.T) {
	var told int
	q := open(t, 3*65, func(n int) { told += n })
	put(t, q, "a", "b", "c")
	held := peek(t, q, 2, 100) // a, b are under way
	put(t, q, "d", "e", "f")
	if got := text(peek(t, q, 9, 100)); got != "[d e f]" {
		t.Fatalf("Peek gives %s, want [d e f]", got)
	}
	if s := q.Stats(); s.Dropped != 3 || told != 3 {
		t.Errorf("%d dropped, told of %d, want 3", s.Dropped, told)
	}
	if err := q.Ack(held); err != nil { // they arrived after all
		t.Fatal(err)
	}
	if s := q.Stats(); s.Dropped != 1 || s.Lines != 3 {
		t.Errorf("after the Ack of pushed out lines: %+v, want 1 dropped of 3 waiting", s)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := spool.New(spool.Options{}); err == nil {
		t.Error("a queue without a bound was made")
	}
	q := open(t, 100, nil)
	if err := q.Append([]byte("a"), make([]byte, 50)); !errors.Is(err, spool.ErrLineTooLong) {
		t.Errorf("Append of a long line: %v", err)
	}
	if s := q.Stats(); s.Lines != 0 {
		t.Errorf("%d lines after a refused Append", s.Lines)
	}
}

func TestPeekWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open(t, 1<<10, nil)
		got := make(chan string, 1)
		go func() {
			b, err := q.Peek(t.Context(), 1, 1)
			got <- fmt.Sprint(text(b), err)
		}()
		synctest.Wait()
		put(t, q, "a")
		if g := <-got; g != "[a]<nil>" {
			t.Errorf("Peek gives %s", g)
		}
	})
}

func TestClose(t *testing.T) {
	q := open(t, 1<<10, nil)
	put(t, q, "a")
	_ = q.Close()
	_ = q.Close()
	if err := q.Append([]byte("b")); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	b := peek(t, q, 9, 9)
	_ = q.Ack(b)
	if _, err := q.Peek(t.Context(), 9, 9); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Peek of a closed and empty queue: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, 10, nil).Peek(ctx, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Peek with a cancelled context: %v", err)
	}
}

// TestEveryLineIsAcknowledgedOrDropped runs random operations and checks the accounts after each.
func TestEveryLineIsAcknowledgedOrDropped(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 1))
		q := open(t, 2000, nil)
		var appended int
		acked := map[string]bool{}
		var held []spool.Batch
		for range 500 {
			switch rng.IntN(3) {
			case 0:
				put(t, q, fmt.Sprintf("%d-%0*d", appended, 1+rng.IntN(40), 0))
				appended++
			case 1:
				if q.Stats().Lines > 0 {
					held = append(held, peek(t, q, 1+rng.IntN(9), 1+rng.IntN(300)))
				}
			case 2:
				if len(held) > 0 {
					b := held[0].Head(1 + rng.IntN(len(held[0].Lines)))
					held = held[1:]
					_ = q.Ack(b)
					for _, l := range b.Lines {
						acked[string(l)] = true
					}
				}
			}
			s := q.Stats()
			if s.Bytes > 2000 || int(s.Lines+s.Dropped)+len(acked) != appended {
				t.Fatalf("seed %d: %d appended, %d acknowledged, %+v", seed, appended, len(acked), s)
			}
		}
	}
}
