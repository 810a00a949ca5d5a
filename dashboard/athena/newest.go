package athena

import (
	"context"
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// newest is the last answer about the newest sample. It is kept because a query costs money, and a page asks at each refresh.
type newest struct {
	turn  chan struct{} // a lock with room for one token; guards the other fields. A channel, so that waiting ends with a context
	asked time.Time
	at    time.Time
	found bool
}

func newNewest() newest { return newest{turn: make(chan struct{}, 1)} }

// newestFor is how long an answer about the newest sample is used.
const newestFor = time.Minute

// lookBack is how far back the newest sample is searched for, step by step. The first step is enough while samples arrive.
var lookBack = []time.Duration{2 * time.Hour, 2 * 24 * time.Hour, 62 * 24 * time.Hour, panels.MaxSpan}

// Newest returns the time of the newest sample up to now, and whether there is one within [panels.MaxSpan]. The answer may be
// a minute old.
func (e *Engine) Newest(ctx context.Context, now time.Time) (at time.Time, ok bool, err error) {
	n := &e.newest
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return time.Time{}, false, ctx.Err()
	}
	if age := now.Sub(n.asked); age >= 0 && age < newestFor {
		return n.at, n.found, nil
	}
	at, found, err := e.findNewestLocked(ctx, now)
	if err != nil {
		return time.Time{}, false, err
	}
	n.asked, n.at, n.found = now, at, found
	return at, found, nil
}

// findNewestLocked searches for the newest sample. The caller holds the token of turn.
func (e *Engine) findNewestLocked(ctx context.Context, now time.Time) (time.Time, bool, error) {
	for _, span := range lookBack {
		// The newest sample cannot be older than the one that was found before.
		if known := now.Sub(e.newest.at) + time.Minute; e.newest.found && known > 0 && known < panels.MaxSpan {
			span = known
		}
		at, found, err := e.newestWithin(ctx, now, span)
		if found || err != nil {
			return at, found, err
		}
		e.newest.found = false
	}
	return time.Time{}, false, nil
}

func (e *Engine) newestWithin(ctx context.Context, now time.Time, span time.Duration) (time.Time, bool, error) {
	const id = "filters-newest"
	panel, ok := panels.Find(id)
	if !ok {
		return time.Time{}, false, fmt.Errorf("there is no panel %s", id)
	}
	to := now.Add(time.Millisecond)
	q, err := panels.Bind(panel, panels.Params{Range: panels.Range{From: to.Add(-span), To: to}, Bucket: time.Minute, Series: 1}, panels.Athena(e.target.Name()))
	if err != nil {
		return time.Time{}, false, err
	}
	r, err := e.Query(ctx, q)
	if err != nil {
		return time.Time{}, false, err
	}
	if r.Rows() != 1 || len(r.Columns) != 1 {
		return time.Time{}, false, fmt.Errorf("ask Athena for the newest sample: the answer has %d rows and %d columns, want one of each", r.Rows(), len(r.Columns))
	}
	ts, ok := r.Data[0][0].(float64)
	return time.UnixMilli(int64(ts * 1000)).UTC(), ok, nil
}
