package agent

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/discover"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
)

// asked runs a locator for a while, whose stack answers as find does, and returns when it was asked.
func asked(t *testing.T, known discover.Target, length time.Duration, find func(n int) (discover.Target, error)) (at []time.Duration, tuned []string, l *locator) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	began := time.Now()
	l = &locator{
		stack: "Fleet", cache: discover.CacheIn(t.TempDir()),
		asks: health.NewState(log, "discovery"), keeps: health.NewState(log, "keeping"),
		known: make(chan struct{}), done: make(chan struct{}),
		find: func(context.Context) (discover.Target, error) {
			at = append(at, time.Since(began))
			return find(len(at))
		},
		retune: func(central string) { tuned = append(tuned, central) },
	}
	if known.Stream != "" {
		l.learn(known)
	}
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	l.run(ctx, context.WithoutCancel(ctx))
	return at, tuned, l
}

// TestRefresh asks every few minutes, no two machines at the same times, and passes on and keeps only what is new.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := discover.Target{Stream: "s", Region: "r"}
		find := func(n int) (discover.Target, error) {
			if n >= 3 {
				target.EdgeConfig = "{}"
			}
			return target, nil
		}
		at, tuned, l := asked(t, discover.Target{}, 24*time.Hour, find)
		again, _, _ := asked(t, discover.Target{}, 24*time.Hour, find)
		if len(at) < 24*60/15 || len(at) > 24*60/5 || at[0] != 0 {
			t.Errorf("asked %d times, first after %v", len(at), at[0])
		}
		for i := 1; i < len(at); i++ {
			if pause := at[i] - at[i-1]; pause < refreshSoonest || pause > refreshLatest {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		if at[1] == again[1] {
			t.Errorf("two machines ask at %v", at[1])
		}
		if len(tuned) != 2 || tuned[0] != "" || tuned[1] != "{}" {
			t.Errorf("tuned by %q", tuned)
		}
		if kept, _, err := l.cache.Load("Fleet", ""); err != nil || kept != target {
			t.Errorf("kept is %+v, %v", kept, err)
		}
	})
}

// TestRefreshOfWhatIsKept checks it soon, but not at once; where nobody answers, ever more seldom.
func TestRefreshOfWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := discover.Target{Stream: "s", Region: "r"}
		at, tuned, l := asked(t, kept, 24*time.Hour, func(int) (discover.Target, error) { return discover.Target{}, errors.New("offline") })
		if at[0] == 0 || at[0] > firstRefresh || len(tuned) > 0 {
			t.Errorf("asked first after %v, tuned by %q", at[0], tuned)
		}
		if n := len(at); n < 24*60/5 || n > 4*24*60/5 {
			t.Errorf("asked %d times in a day without an answer", n)
		}
		if got, known := l.Target(); !known || got != kept {
			t.Errorf("target is %+v", got)
		}
	})
}

// TestSearch asks for a target that is not known at growing pauses of a minute at most.
func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at, _, l := asked(t, discover.Target{}, time.Hour, func(n int) (discover.Target, error) {
			if n < 20 {
				return discover.Target{}, errors.New("not yet")
			}
			return discover.Target{Stream: "s", Region: "r"}, nil
		})
		for i := 1; i < 20; i++ {
			if pause := at[i] - at[i-1]; pause > min(time.Second<<(i-1), time.Minute) {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		select {
		case <-l.known:
		default:
			t.Error("the target is not known")
		}
	})
}
