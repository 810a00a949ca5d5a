package spool_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

func open(t *testing.T, fs spool.FS) *spool.Queue {
	t.Helper()
	return openWith(t, spool.Options{FS: fs})
}

func openWith(t *testing.T, o spool.Options) *spool.Queue {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = spool.MinBytes
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	q, err := spool.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
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
	b, err := q.TryPeek(spool.Fresh, n, bytes)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func text(b spool.Batch) string { return fmt.Sprintf("%s", b.Lines) }

func TestPeekRepeatsUntilAck(t *testing.T) {
	q := open(t, spooltest.New())
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
	if s := q.Stats(); s.Lines != 1 || s.Dropped != 0 || s.MemoryLines != 0 {
		t.Errorf("Stats are %+v", s)
	}
}

func TestPeekBoundsBytesButGivesOne(t *testing.T) {
	q := open(t, spooltest.New())
	put(t, q, "aaaa", "bbbb", "cccc")
	if got := text(peek(t, q, 9, 8)); got != "[aaaa bbbb]" {
		t.Errorf("Peek of 8 bytes gives %s", got)
	}
	if got := text(peek(t, q, 9, 1)); got != "[aaaa]" {
		t.Errorf("Peek of 1 byte gives %s", got)
	}
}

// TestLanes: lines that wait at a Split are read apart from later ones. A restart keeps the acknowledgements of both.
func TestLanes(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	backlog := func(q *spool.Queue) spool.Batch {
		b, err := q.TryPeek(spool.Backlog, 9, 100)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	put(t, q, "a", "b", "c")
	if got := text(backlog(q)); got != "[]" {
		t.Fatalf("backlog before a Split is %s", got)
	}
	q.Split()
	put(t, q, "d", "e")
	q.Split()
	put(t, q, "f", "g")
	if got := text(backlog(q)) + text(peek(t, q, 9, 100)); got != "[a b c d e][f g]" {
		t.Fatalf("backlog and fresh are %s", got)
	}
	if err := errors.Join(q.Ack(peek(t, q, 1, 100)), q.Ack(backlog(q).Head(4))); err != nil {
		t.Fatal(err)
	}
	if got := text(backlog(q)) + text(peek(t, q, 9, 100)); got != "[e][g]" {
		t.Fatalf("backlog and fresh are %s", got)
	}
	if got := text(peek(t, open(t, fs.Killed()), 9, 100)); got != "[e g]" {
		t.Fatalf("after a restart there is %s", got)
	}
}

func TestOldestSegmentMakesRoom(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	held := spool.Batch{}
	const n = 5000
	for i := range n {
		put(t, q, fmt.Sprintf("%05d %s", i, strings.Repeat("x", 500)))
		if i == 10 {
			held = peek(t, q, 3, 1<<20) // being delivered
		}
		if fs.Size() > spool.MinBytes {
			t.Fatalf("%d bytes after %d lines", fs.Size(), i)
		}
	}
	s := q.Stats()
	if s.Lines+s.Dropped != n || s.Bytes != fs.Size() {
		t.Errorf("%+v, %d bytes", s, fs.Size())
	}
	if s.Lines*500 < spool.MinBytes*7/10 {
		t.Errorf("only %d lines are kept", s.Lines)
	}
	if first := peek(t, q, 1, 1).Lines[0]; !bytes.HasPrefix(first, fmt.Appendf(nil, "%05d ", s.Dropped)) {
		t.Errorf("%d dropped, the oldest is %.9s", s.Dropped, first)
	}
	if err := q.Ack(held); err != nil { // they have arrived although they were dropped
		t.Fatal(err)
	}
	if got := q.Stats(); got.Dropped != s.Dropped-3 || got.Lines != s.Lines {
		t.Errorf("after the Ack of dropped lines: %+v", got)
	}
}

func TestRefusals(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	if _, err := spool.Open(spool.Options{FS: spooltest.New(), Log: log, MaxBytes: 1000}); err == nil {
		t.Error("a spool of 1000 bytes was opened")
	}
	fs := spooltest.New()
	q := open(t, fs)
	if _, err := spool.Open(spool.Options{FS: fs, Log: log, MaxBytes: spool.MinBytes}); !errors.Is(err, spool.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	if err := q.Append([]byte("a"), make([]byte, spool.MaxLine+1)); !errors.Is(err, spool.ErrLineTooLong) {
		t.Errorf("Append of a long line: %v", err)
	}
	if s := q.Stats(); s.Lines != 0 {
		t.Errorf("%d lines after a refused Append", s.Lines)
	}
	put(t, q, strings.Repeat("x", spool.MaxLine), "b")
	if b := peek(t, q, 9, 1<<20); len(b.Lines) != 2 || len(b.Lines[0]) != spool.MaxLine {
		t.Errorf("%d lines", len(b.Lines))
	}
}

func TestPeekWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := open(t, spooltest.New())
		got := make(chan string, 1)
		go func() {
			b, err := q.Peek(t.Context(), spool.Fresh, 1, 1)
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
	q := open(t, spooltest.New())
	put(t, q, "a")
	if err := errors.Join(q.Close(), q.Close()); err != nil {
		t.Fatal(err)
	}
	if err := q.Append([]byte("b")); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Append after Close: %v", err)
	}
	if err := q.Ack(peek(t, q, 9, 9)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Peek(t.Context(), spool.Fresh, 9, 9); !errors.Is(err, spool.ErrClosed) {
		t.Errorf("Peek of a closed and empty queue: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, spooltest.New()).Peek(ctx, spool.Fresh, 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Peek with a cancelled context: %v", err)
	}
}
