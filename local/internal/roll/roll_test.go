package roll

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// The first run is a minute after the start, and then there is one after each hour. A failure is logged, and the next run happens.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var text bytes.Buffer
		start := time.Now() // midnight in a bubble
		var at []string
		loop(ctx, slog.New(slog.NewTextHandler(&text, nil)), func(context.Context) error {
			at = append(at, time.Since(start).String())
			switch len(at) {
			case 2:
				return errors.New("the disk is full")
			case 4:
				cancel()
				return ctx.Err() // an end is not a failure
			}
			return nil
		})
		if want := []string{"1m0s", "16m0s", "1h16m0s", "2h16m0s"}; !slices.Equal(at, want) {
			t.Errorf("runs after %v, want %v", at, want)
		}
		if got := text.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "the disk is full") {
			t.Errorf("the log is %q", got)
		}
	})
}

func TestUntilNext(t *testing.T) {
	hour := time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	for now, want := range map[time.Duration]time.Duration{0: after, after: time.Hour, after - 1: 1, 59 * time.Minute: after + time.Minute} {
		if got := untilNext(hour.Add(now)); got != want {
			t.Errorf("%v after the hour: %v, want %v", now, got, want)
		}
	}
}

// A run writes the rollups of a lake, and says nothing.
func TestOnce(t *testing.T) {
	dir := t.TempDir()
	// The rollup of an hour with a file that is not a file of samples has no rows, and the log names the file.
	hour := filepath.Join(dir, "bucket", "analytics", "year=2026", "month=02", "day=28", "hour=21")
	if err := os.MkdirAll(hour, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hour, "a.parquet"), []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	log := slog.New(slog.NewTextHandler(&text, nil))
	if err := once(t.Context(), dir, log); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); strings.Count(got, "\n") != 2 || // the minutes and the hours; a day is made of hours
		!strings.Contains(got, "a.parquet") {
		t.Errorf("the log is %q", got)
	}
	text.Reset()
	if err := once(t.Context(), dir, log); err != nil || text.Len() > 0 {
		t.Errorf("%v, %q, want silence", err, &text)
	}
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	for _, r := range panels.Rollups() {
		if _, err := l.Query(t.Context(), panels.Query{SQL: "SELECT * FROM " + r.Table()}); err != nil {
			t.Error(err)
		}
	}
	if err := once(t.Context(), filepath.Join(dir, "missing"), log); err == nil {
		t.Error("a lake that is missing is not an error")
	}
}

// stop ends a loop that waits.
func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		Start(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))()
	})
}
