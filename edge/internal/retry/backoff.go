// Package retry is for things that are tried again and again. A [Policy] gives the pauses between attempts. A [State] tells the log
// and the status about failures. The callers make the attempts, because they know what is worth another one.
//
// Pauses grow exponentially with full jitter: collectors that lost their endpoint at the same moment do not all come back at the
// same moment ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A State logs once that something began to fail and
// once that it works again.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Policy sets the bounds of the pauses.
type Policy struct {
	Base time.Duration // the longest first pause
	Cap  time.Duration // the longest pause of all
}

// Bound returns the longest pause after that many failures in a row, counted from 1.
func (p Policy) Bound(failures int) time.Duration {
	bound := p.Base
	for ; failures > 1 && bound < p.Cap; failures-- {
		bound *= 2
	}
	return min(bound, p.Cap)
}

// Delay returns a random pause up to the bound after that many failures in a row.
func (p Policy) Delay(failures int) time.Duration { return Spread(p.Bound(failures)) }

// Spread returns a random duration from 0 to d.
func Spread(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d + 1)
}

// Sleep waits for d. It returns false as soon as the context ends or stop is closed. stop may be nil.
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
