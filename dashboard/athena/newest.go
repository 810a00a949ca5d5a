package athena

import (
	"context"
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// newest is the time of the newest sample, if there is one.
type newest struct {
	at    time.Time
	found bool
}

// newestFor is how long an answer about the newest sample is used.
const newestFor = time.Minute

// lookBack is how far back the newest sample is searched for, step by step. The first step is enough while samples arrive.
var lookBack = []time.Duration{2 * time.Hour, 2 * 24 * time.Hour, 62 * 24 * time.Hour, panels.MaxSpan}

// Newest returns the time of the newest sample up to now, and whether there is one within [panels.MaxSpan]. The answer may be
// a minute old.
func (e *Engine) Newest(ctx context.Context, now time.Time) (at time.Time, ok bool, err error) {
	n, err := e.newest.get(ctx, now, newestFor, func(last newest) (newest, error) { return e.findNewest(ctx, now, last) })
	return n.at, n.found, err
}

// findNewest searches for the newest sample. last is the one that was found before.
func (e *Engine) findNewest(ctx context.Context, now time.Time, last newest) (newest, error) {
	for _, span := range lookBack {
		// The newest sample cannot be older than the one that was found before.
		if known := now.Sub(last.at) + time.Minute; last.found && known > 0 && known < panels.MaxSpan {
			span = known
		}
		at, found, err := e.newestWithin(ctx, now, span)
		if found || err != nil {
			return newest{at, found}, err
		}
		last.found = false
	}
	return newest{}, nil
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
