// Package retry is for what is tried again and again: the pauses between attempts ([Policy]), and what the log and the status
// say of failures ([State]). It retries nothing itself: its callers know what is worth another attempt.
//
// Pauses grow exponentially with full jitter, so that a fleet which lost its endpoint at one instant does not come back at one
// ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A State logs that something began to fail once, and once
// that it works again, with counts in between.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Policy bounds the pauses.
type Policy struct {
	Base time.Duration // bound of the first pause
	Cap  time.Duration // bound of every pause
}

// Bound is the longest pause after the given number of failures in a row, counted from 1.
func (p Policy) Bound(failures int) time.Duration {
	bound := p.Base
	for ; failures > 1 && bound < p.Cap; failures-- {
		bound *= 2
	}
	return min(bound, p.Cap)
}

// Delay draws the pause after the given number of failures in a row: anything up to the bound.
func (p Policy) Delay(failures int) time.Duration { return Spread(p.Bound(failures)) }

// Spread draws a duration between 0 and d.
func Spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}

// Sleep waits for d; it returns false as soon as the context ends or stop is closed. A nil stop never is.
func Sleep(ctx context.Context, stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}
