package server

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// kept holds answers of panels that may be old: see [panels.Panel.KeepS].
type kept struct {
	mu      sync.Mutex // guards all fields
	answers map[string]answer
	running map[string]chan struct{} // the queries under way by key; closed when they end
}

type answer struct {
	result  panels.Result
	query   panels.Query // that gave it
	expires time.Time
}

// maxKept bounds the memory: each choice of filters has an answer of its own.
const maxKept = 50

// key says which requests have the same answer: those with the same choices, whose range is as long and ends within the same KeepS.
func (k *kept) key(p panels.Panel, params panels.Params) string {
	span := p.Span(params.Range.To.Sub(params.Range.From))
	to := params.Range.To.Truncate(time.Duration(p.KeepS) * time.Second)
	params.Range, params.Bucket, params.Picked = panels.Range{From: to.Add(-span), To: to}, 0, nil
	params.Offset, params.Changes = 0, nil
	return fmt.Sprintf("%s %+q", p.ID, fmt.Sprint(params))
}

// do returns the kept answer of a key. If there is none, it runs the query, once for all that ask at the same time, and keeps the
// answer. An empty answer is not kept: the next sample ends it.
func (k *kept) do(ctx context.Context, key string, now func() time.Time, keep time.Duration, ask func() (answer, error)) (answer, error) {
	for {
		a, wait, ok := k.begin(key, now())
		switch {
		case ok:
			return a, nil
		case wait != nil:
			select {
			case <-wait:
				continue // it may have failed: then this one runs the query
			case <-ctx.Done():
				return a, ctx.Err()
			}
		}
		good := false
		defer func() { k.end(key, a, good, now().Add(keep)) }() // also if the query panics
		a, err := ask()
		good = err == nil && a.result.Rows() > 0
		return a, err
	}
}

// begin returns the kept answer, or what to wait for if the query is under way. Otherwise the caller runs the query and calls end.
func (k *kept) begin(key string, now time.Time) (a answer, wait chan struct{}, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if a, ok := k.answers[key]; ok && now.Before(a.expires) {
		return a, nil, true
	}
	if wait := k.running[key]; wait != nil {
		return a, wait, false
	}
	if k.running == nil {
		k.running = map[string]chan struct{}{}
	}
	k.running[key] = make(chan struct{})
	return a, nil, false
}

// end keeps an answer if it is good. Its cost was counted when it was asked for; whoever gets it again pays nothing.
func (k *kept) end(key string, a answer, good bool, expires time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.running[key])
	delete(k.running, key)
	if !good {
		return
	}
	if k.answers == nil || len(k.answers) >= maxKept {
		k.answers = map[string]answer{}
	}
	a.result.Cost, a.expires = nil, expires
	k.answers[key] = a
}
