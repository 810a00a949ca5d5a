package athena

import (
	"context"
	"time"
)

// recent is the last answer to a question. It is kept because a query costs money, and a page asks at each refresh.
type recent[T any] struct {
	turn   chan struct{} // a lock with room for one token; guards the other fields. It is a channel, so that a context can end the wait
	asked  time.Time
	answer T
}

func newRecent[T any]() recent[T] { return recent[T]{turn: make(chan struct{}, 1)} }

// get returns the last answer if it is younger than most. Otherwise it calls ask with the last answer, and keeps and returns the new one.
func (r *recent[T]) get(ctx context.Context, now time.Time, most time.Duration, ask func(last T) (T, error)) (T, error) {
	var none T
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	if age := now.Sub(r.asked); age >= 0 && age < most {
		return r.answer, nil
	}
	answer, err := ask(r.answer)
	if err != nil {
		return none, err
	}
	r.asked, r.answer = now, answer
	return answer, nil
}
