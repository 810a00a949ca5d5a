// Package pause waits for a time or for the end of a context.
package pause

import (
	"context"
	"time"
)

// For waits. It returns the context's error if the context ends first.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
