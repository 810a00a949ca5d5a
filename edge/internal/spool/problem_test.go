package spool_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

func problems(q *spool.Queue) string {
	now, _ := retry.Problems(q.Health()...)
	var errors []string
	for _, p := range now {
		errors = append(errors, p.Error)
	}
	return strings.Join(errors, "; ")
}

// TestDropsArePast: a spool or memory that drops lines is a problem until half of it is free.
func TestDropsArePast(t *testing.T) {
	for place, errno := range map[string]error{"spool": nil, "memory for samples": syscall.EROFS} {
		fs := spooltest.New()
		fs.Fail = func(int, string) error { return errno }
		q := open(t, fs)
		for i := 0; q.Stats().Dropped == 0; i++ {
			put(t, q, fmt.Sprintf("%d-%0*d", i, 20_000, 0))
		}
		said := "the " + place + " is full, "
		if got := problems(q); !strings.Contains(got, said) {
			t.Errorf("%s: problems are %q", place, got)
		}
		for n := q.Stats().Lines; n > 0; n = q.Stats().Lines {
			if err := q.Ack(peek(t, q, 1, 1)); err != nil {
				t.Fatal(err)
			}
			if got := problems(q); strings.Contains(got, said) != (n > 26) && (n < 20 || n > 40) {
				t.Fatalf("%s: with %d lines the problems are %q", place, n, got)
			}
		}
	}
}

// TestFileThatCannotBeRemoved: once the file can be removed, the problem ends a minute after the last failed attempt.
func TestFileThatCannotBeRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fs := spooltest.New()
		q := open(t, fs)
		put(t, q, "a")
		q.Split()
		put(t, q, "b")
		stuck := true
		fs.Fail = func(_ int, op string) error {
			if stuck && strings.HasPrefix(op, "remove") {
				return syscall.EPERM
			}
			return nil
		}
		b, err := q.TryPeek(spool.Backlog, 1, 1)
		if err != nil || q.Ack(b) != nil {
			t.Fatal(err)
		}
		for range 40 {
			put(t, q, "c")
			time.Sleep(3 * time.Second)
		}
		if got := problems(q); !strings.Contains(got, "remove "+name(1)) {
			t.Errorf("problems are %q", got)
		}
		stuck = false
		q.Split()
		for range 40 {
			put(t, q, "d")
			time.Sleep(3 * time.Second)
		}
		if got := problems(q); got != "" {
			t.Errorf("after the file was removed the problems are %q", got)
		}
	})
}
