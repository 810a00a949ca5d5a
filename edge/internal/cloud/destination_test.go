package cloud

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// watched is a destination whose stack answers as find does, and what it did.
type watched struct {
	*Destination
	at    []time.Duration // when the stack was asked
	tuned []string        // by its edge-config
}

// watch makes a destination in a synctest bubble.
func watch(t *testing.T, kept Target, find func(n int) (Target, error)) *watched {
	t.Helper()
	w := &watched{}
	began := time.Now()
	cache := CacheIn(t.TempDir())
	if kept.Stream != "" {
		if err := cache.Store("Fleet", "eu-north-1", kept); err != nil {
			t.Fatal(err)
		}
	}
	w.Destination = NewDestination(Options{
		Cache: cache, EdgeConfig: func(text string) { w.tuned = append(w.tuned, text) }, Log: slog.New(slog.DiscardHandler),
	})
	w.find = func(context.Context, aws.Config, string) (Target, error) {
		w.at = append(w.at, time.Since(began))
		return find(len(w.at))
	}
	w.load = func(_ context.Context, region string) (aws.Config, error) { return aws.Config{Region: region}, nil }
	w.tune(t, Settings{Stack: "Fleet", Region: "eu-north-1"})
	return w
}

func (w *watched) tune(t *testing.T, s Settings) {
	t.Helper()
	if err := w.Tune(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// run runs the destination for a while.
func (w *watched) run(t *testing.T, length time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	w.Run(ctx, context.WithoutCancel(ctx))
}

// TestRefresh asks every few minutes, no two machines at the same times, and passes on and keeps only what is new.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := Target{Stream: "s", Region: "r"}
		find := func(n int) (Target, error) {
			if n >= 3 {
				target.EdgeConfig = "{}"
			}
			return target, nil
		}
		one := watch(t, Target{}, find)
		one.run(t, 24*time.Hour)
		other := watch(t, Target{}, find)
		other.run(t, 24*time.Hour)
		at := one.at
		if len(at) < 24*60/15 || len(at) > 24*60/5 || at[0] != 0 {
			t.Errorf("asked %d times, first after %v", len(at), at[0])
		}
		for i := 1; i < len(at); i++ {
			if pause := at[i] - at[i-1]; pause < refreshSoonest || pause > refreshLatest {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		if at[1] == other.at[1] {
			t.Errorf("two machines ask at %v", at[1])
		}
		if !slices.Equal(one.tuned, []string{"", "{}"}) {
			t.Errorf("tuned by %q", one.tuned)
		}
		if kept, _, err := one.options.Cache.Load("Fleet", ""); err != nil || kept != target {
			t.Errorf("kept is %+v, %v", kept, err)
		}
	})
}

// TestRefreshOfWhatIsKept checks it soon, but not at once; while nobody answers, ever more seldom.
func TestRefreshOfWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := Target{Stream: "s", Region: "r", EdgeConfig: "{}"}
		w := watch(t, kept, func(int) (Target, error) { return Target{}, errors.New("offline") })
		w.run(t, 24*time.Hour)
		if w.at[0] == 0 || w.at[0] > firstRefresh || !slices.Equal(w.tuned, []string{"{}"}) {
			t.Errorf("asked first after %v, tuned by %q", w.at[0], w.tuned)
		}
		if n := len(w.at); n < 24*60/5 || n > 4*24*60/5 {
			t.Errorf("asked %d times in a day without an answer", n)
		}
		if got, known := w.Target(); !known || got != kept {
			t.Errorf("target is %+v", got)
		}
	})
}

// TestSearch asks for a target that is not known at growing pauses of a minute at most.
func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(n int) (Target, error) {
			if n < 20 {
				return Target{}, errors.New("not yet")
			}
			return Target{Stream: "s", Region: "r"}, nil
		})
		if _, err := w.Put(t.Context(), [][]byte{nil}); !errors.Is(err, ErrUnknown) {
			t.Errorf("before there is a target, Put says %v", err)
		}
		w.run(t, time.Hour)
		for i := 1; i < 20; i++ {
			if pause := w.at[i] - w.at[i-1]; pause > min(time.Second<<(i-1), searchCap) {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		select {
		case <-w.Known():
		default:
			t.Error("the target is not known")
		}
	})
}

// TestOtherSettings are asked about at once; an answer that is still under way to the settings before does not count.
func TestOtherSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(n int) (Target, error) {
			if n == 2 {
				time.Sleep(time.Minute) // until there are other settings
				return Target{Stream: "late", Region: "r"}, nil
			}
			return Target{Stream: "s", Region: "r"}, nil
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx, ctx) }()
		synctest.Wait()
		w.tune(t, Settings{Stack: "Other", Region: "eu-north-1"})
		synctest.Wait() // it asks
		w.tune(t, Settings{Stream: "mine", Region: "eu-west-1"})
		if got, _ := w.Target(); got != (Target{Stream: "mine", Region: "eu-west-1"}) {
			t.Errorf("target is %+v", got)
		}
		time.Sleep(time.Hour)
		if got, _ := w.Target(); got.Stream != "mine" || len(w.at) != 2 {
			t.Errorf("after an hour the target is %+v, asked %d times", got, len(w.at))
		}
		stop()
		<-done
	})
}
