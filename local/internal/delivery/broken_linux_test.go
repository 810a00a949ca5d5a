// Linux only: it replaces open files by way of /proc.

package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// A commit fails and cannot be undone. The delivery stages its files once, not again each minute, and the next start delivers each record
// once.
func TestJournalBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tr := transform.New(transform.Options{Stream: &putter{}, Log: slog.New(slog.DiscardHandler), Now: clock})
		e := open(t, dir, stream(), invoker(tr.Handle))
		put(t, e, sample("a"), "bad")
		state := filepath.Join(dir, delivery.StateDir, "metrics")
		breakJournal(t, filepath.Join(state, "journal"))
		ended := make(chan error, 1)
		go func() { ended <- e.Flush(context.Background()) }()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		staged, err := os.ReadDir(filepath.Join(state, "staging"))
		if s := e.Stats(); err != nil || len(staged) != 2 || s.DeliveryErrors != 1 || s.Objects != 0 {
			t.Errorf("%d staged files, %v, stats %+v", len(staged), err, s)
		}
		if err := e.Put(t.Context(), [][]byte{[]byte(sample("b"))}); !errors.Is(err, journal.ErrBroken) {
			t.Errorf("put: %v, want that the journal is broken", err)
		}
		closeEngine(t, e)
		if err := <-ended; err == nil {
			t.Error("the flush succeeded")
		}
		e = open(t, dir, stream(), invoker(tr.Handle))
		flush(t, e)
		closeEngine(t, e)
		if got := hosts(t, dir); fmt.Sprint(got) != "map[05 a:1]" || len(failures(t, dir)) != 1 {
			t.Errorf("rows %v, %d failures", got, len(failures(t, dir)))
		}
	})
}

// breakJournal makes the open files of a journal read-only: writes fail, and cannot be undone.
func breakJournal(t *testing.T, journal string) {
	t.Helper()
	const open = "/proc/self/fd"
	names, err := os.ReadDir(open)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		path, err := os.Readlink(filepath.Join(open, name.Name()))
		if err != nil || filepath.Dir(path) != journal {
			continue // the directory of this loop is closed already
		}
		number, err := strconv.Atoi(name.Name())
		if err != nil {
			t.Fatal(err)
		}
		readOnly, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(syscall.Dup3(int(readOnly.Fd()), number, syscall.O_CLOEXEC), readOnly.Close()); err != nil {
			t.Fatal(err)
		}
	}
}
