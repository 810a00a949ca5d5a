package server

import (
	"fmt"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// kept holds answers of panels that may be old: see [panels.Panel.KeepS].
type kept struct {
	mu      sync.Mutex // guards answers
	answers map[string]answer
}

type answer struct {
	result  panels.Result
	query   panels.Query // that gave it
	expires time.Time
}

// maxKept bounds the memory: each choice of filters has an answer of its own.
const maxKept = 50

// key says which requests have the same answer: those with the same choices, whose range begins and ends within the same KeepS.
func (k *kept) key(p panels.Panel, params panels.Params) string {
	r, step := params.Range, time.Duration(p.KeepS)*time.Second
	params.Range, params.Bucket, params.Offset = panels.Range{From: r.To.Add(-r.To.Sub(r.From).Truncate(step)).Truncate(step), To: r.To.Truncate(step)}, 0, 0
	return fmt.Sprintf("%s %d %+q", p.ID, p.MinSpanS, fmt.Sprint(params))
}

func (k *kept) get(key string, now time.Time) (answer, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.answers[key]
	return a, ok && now.Before(a.expires)
}

// put keeps an answer. Its cost was counted when it was asked for; whoever gets it again pays nothing.
func (k *kept) put(key string, a answer, now time.Time, keep time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.answers == nil || len(k.answers) >= maxKept {
		k.answers = map[string]answer{}
	}
	a.result.Cost, a.expires = nil, now.Add(keep)
	k.answers[key] = a
}
