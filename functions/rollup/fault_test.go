package rollup_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

var errFault = errors.New("injected")

// lived is a world with a day and two hours of the next one, and the periods that are due.
func lived() (w *world, periods []string) {
	w = newWorld(time.Date(2026, 2, 28, 2, 20, 0, 0, time.UTC))
	yesterday := time.Date(2026, 2, 27, 22, 0, 0, 0, time.UTC)
	for i, hour := range []int{0, 1, 2, 3} {
		at := yesterday.Add(time.Duration(hour) * time.Hour)
		w.now = at.Add(10 * time.Minute)
		w.deliver(at, at.Add(time.Minute))
		w.deliver(at.Add(time.Duration(2+i)*time.Minute), at.Add(50*time.Minute))
	}
	w.now = time.Date(2026, 2, 28, 2, 20, 0, 0, time.UTC)
	return w, []string{
		"samples_1d 2026-02-27", "samples_1h 2026-02-27", "samples_1m 2026-02-27-22", "samples_1m 2026-02-27-23", "samples_1m 2026-02-28-00", "samples_1m 2026-02-28-01",
	}
}

// settle runs some hours later, without a fault, when the day has waited long enough, and when leftovers are old enough.
func (w *world) settle(t *testing.T, step string, periods []string) {
	t.Helper()
	w.before, w.after = none, none
	for _, later := range []time.Duration{3 * time.Hour, 4 * time.Hour, 3 * time.Hour} {
		w.now = w.now.Add(later)
		if report, err := w.roller().Handle(context.Background(), rollup.Event{}); err != nil || report.Left > 0 {
			t.Fatalf("%s: %+v, %v", step, report, err)
		}
	}
	w.check(t, step, true, periods...)
	if left := w.left(); len(left) > 0 {
		t.Errorf("%s: left %v", step, left)
	}
}

// Any call may fail, before or after it has an effect, and the run may die there. No answer is wrong then: until the next run, each
// period has all samples of an object or none, and afterwards all.
func TestFaults(t *testing.T) {
	for _, kind := range []string{"refused", "answer lost", "dies before", "dies after"} {
		for at := 0; ; at++ {
			w, periods := lived()
			if _, err := w.roller().Handle(t.Context(), rollup.Event{}); err != nil {
				t.Fatal(err)
			}
			w.check(t, "the first run", true, periods...)
			w.now = w.now.Add(7 * time.Hour) // late samples make all periods of the day due again, and leave folders to remove
			late := time.Date(2026, 2, 27, 22, 30, 0, 0, time.UTC)
			w.deliver(late, late.Add(time.Minute))
			w.deliver(late.Add(time.Hour))
			hit := w.failAt(kind, at, func(ctx context.Context) {
				_, err := w.roller().Handle(ctx, rollup.Event{})
				if err != nil && !errors.Is(err, errFault) && !errors.Is(err, context.Canceled) {
					t.Errorf("%s at call %d: %v", kind, at, err)
				}
			})
			step := fmt.Sprintf("%s at call %d (%s)", kind, at, hit)
			w.check(t, step, false)
			w.settle(t, step, periods)
			if hit == "" {
				break
			}
		}
	}
}

// failAt calls f. The call with this number fails, or f's context ends there as if the process died. It returns the call's name.
func (w *world) failAt(kind string, at int, f func(ctx context.Context)) (hit string) {
	ctx, die := context.WithCancel(context.Background())
	defer die()
	n := 0
	w.before = func(_ context.Context, call string) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if n++; n-1 != at {
			return nil
		}
		hit = call
		switch kind {
		case "refused":
			return errFault
		case "dies before":
			die()
		}
		return nil
	}
	w.after = func(context.Context, string) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if n-1 == at && kind == "answer lost" {
			return errFault
		}
		if n-1 == at && kind == "dies after" {
			die()
		}
		return nil
	}
	f(ctx)
	return hit
}

type outer struct{}

// A whole run happens before each call of another run, with more samples or with the same.
func TestRunsSideBySide(t *testing.T) {
	for _, more := range []bool{false, true} {
		for at := 0; ; at++ {
			w, periods := lived()
			var turn sync.Mutex // the calls of the outer run wait while the inner one runs
			n := 0
			w.before = func(ctx context.Context, _ string) error {
				if ctx.Value(outer{}) == nil {
					return nil
				}
				turn.Lock()
				defer turn.Unlock()
				if n++; n-1 != at {
					return nil
				}
				if more {
					late := time.Date(2026, 2, 27, 22, 30, 0, 0, time.UTC)
					w.deliver(late, late.Add(time.Minute))
				}
				w.pass(time.Minute)
				_, err := w.roller().Handle(t.Context(), rollup.Event{})
				return err
			}
			step := fmt.Sprintf("another run before call %d, more samples %v", at, more)
			if _, err := w.roller().Handle(context.WithValue(t.Context(), outer{}, true), rollup.Event{}); err != nil {
				t.Fatalf("%s: %v", step, err)
			}
			w.check(t, step, false)
			w.settle(t, step, periods)
			if n <= at {
				break
			}
		}
	}
}

// A run does not replace a rollup of more samples, which a run beside it has made, unless the other run points the partition
// between this run's check and its change. The next run repairs that.
func TestNoStepBack(t *testing.T) {
	for at, hit := 0, "yes"; hit != ""; at++ {
		hit = ""
		w := newWorld(time.Date(2026, 2, 28, 0, 30, 0, 0, time.UTC))
		w.deliver(w.now)
		w.pass(2 * time.Hour)
		n := 0
		var turn sync.Mutex
		w.before = func(ctx context.Context, call string) error {
			if ctx.Value(outer{}) == nil {
				return nil
			}
			turn.Lock()
			defer turn.Unlock()
			if n++; n-1 != at {
				return nil
			}
			hit = call
			w.pass(time.Hour)
			w.deliver(time.Date(2026, 2, 28, 0, 40, 0, 0, time.UTC))
			_, err := w.roller().Handle(t.Context(), rollup.Event{})
			return err
		}
		if _, err := w.roller().Handle(context.WithValue(t.Context(), outer{}, true), rollup.Event{}); err != nil {
			t.Fatal(err)
		}
		if hit != "" && hit != "Point" {
			w.check(t, fmt.Sprintf("another run before call %d (%s)", at, hit), true, "samples_1m 2026-02-28-00")
		}
		w.settle(t, hit, []string{"samples_1m 2026-02-28-00"})
	}
}
