package collect

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// troubles are the filesystems that cannot be read. The log names each when that begins and when it ends.
type troubles struct {
	log *slog.Logger

	mu     sync.Mutex // guards states: Health reads them while Collect changes them
	states []namedState
}

type namedState struct {
	name string
	*retry.State
}

// failed notes that a filesystem could not be read.
func (t *troubles) failed(point string, err error) {
	t.mu.Lock()
	at := t.findLocked(point)
	if at < 0 {
		at = len(t.states)
		t.states = append(t.states, namedState{point, retry.NewState(t.log, "reading filesystem "+point)})
	}
	state := t.states[at]
	t.mu.Unlock()
	state.Failed(err)
}

// over notes that a filesystem was read.
func (t *troubles) over(point string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.findLocked(point); at >= 0 {
		t.states[at].OK()
		t.states = slices.Delete(t.states, at, at+1)
	}
}

// keep forgets the filesystems that are not mounted any more.
func (t *troubles) keep(mounts []mount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.states = slices.DeleteFunc(t.states, func(s namedState) bool {
		gone := !slices.ContainsFunc(mounts, func(m mount) bool { return m.point == s.name })
		if gone {
			t.log.LogAttrs(context.Background(), slog.LevelInfo, "filesystem is not mounted any more", slog.String("mount", s.name))
		}
		return gone
	})
}

func (t *troubles) all() []*retry.State {
	t.mu.Lock()
	defer t.mu.Unlock()
	states := make([]*retry.State, len(t.states))
	for i, s := range t.states {
		states[i] = s.State
	}
	return states
}

func (t *troubles) findLocked(point string) int {
	return slices.IndexFunc(t.states, func(s namedState) bool { return s.name == point })
}
