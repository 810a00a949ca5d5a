package retry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

func TestBound(t *testing.T) {
	p := retry.Policy{Base: 100 * time.Millisecond, Cap: 30 * time.Second}
	for failures, want := range map[int]time.Duration{
		0: 100 * time.Millisecond, 1: 100 * time.Millisecond, 2: 200 * time.Millisecond, 5: 1600 * time.Millisecond,
		9: 25600 * time.Millisecond, 10: 30 * time.Second, 1 << 30: 30 * time.Second,
	} {
		if got := p.Bound(failures); got != want {
			t.Errorf("bound after %d failures is %v, want %v", failures, got, want)
		}
	}
}

func TestDelayIsFullJitter(t *testing.T) {
	p := retry.Policy{Base: time.Second, Cap: time.Minute}
	low, high := time.Hour, time.Duration(0)
	for range 2000 {
		d := p.Delay(4)
		low, high = min(low, d), max(high, d)
	}
	if low < 0 || low > time.Second || high > 8*time.Second || high < 7*time.Second {
		t.Errorf("2000 delays lie between %v and %v, want nearly 0 to 8s", low, high)
	}
	if retry.Spread(0) != 0 || retry.Spread(-1) != 0 {
		t.Error("Spread of 0 or less is not 0")
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !retry.Sleep(t.Context(), nil, time.Hour) || time.Since(start) != time.Hour {
			t.Error("Sleep did not last")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if retry.Sleep(ctx, nil, time.Hour) || time.Since(start) != time.Hour+time.Minute {
			t.Error("Sleep outlasted its context")
		}
		stop := make(chan struct{})
		close(stop)
		if retry.Sleep(t.Context(), stop, time.Hour) || time.Since(start) != time.Hour+time.Minute {
			t.Error("Sleep outlasted its stop")
		}
	})
}
