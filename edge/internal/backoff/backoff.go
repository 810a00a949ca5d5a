// Package backoff gives the pauses between attempts: exponential with full jitter, so that a fleet which lost its endpoint
// at one instant does not come back at one. It sleeps, it does not retry: what is worth another attempt is the caller's to
// know.
//
// Source of the rule: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
package backoff

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
