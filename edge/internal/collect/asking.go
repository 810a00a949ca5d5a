package collect

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"
)

// asking asks filesystems how full they are. A call can hang in the kernel, for example if a disk dies or a FUSE process is stopped,
// and nobody can end it. Then asking leaves the call behind and does not ask that filesystem again before the call returns.
type asking struct {
	usage   func(ctx context.Context, path string) (*psdisk.UsageStat, error)
	hanging []*walk // walks left behind, each in a call that hangs
}

const (
	// answerWithin is how long a filesystem may take to answer.
	answerWithin = time.Second
	// maxHanging is how many calls may hang at one time. Each blocks a thread.
	maxHanging = 8
)

// answer is a filesystem's usage, or the error if it gave none.
type answer struct {
	mount mount
	usage *psdisk.UsageStat
	err   error
}

// ask asks the mounts one after the other and returns an answer for each. A filesystem that hangs costs answerWithin, so ask
// gives up at the second one. Then whole is false: some mounts have no answer.
func (a *asking) ask(ctx context.Context, mounts []mount) (answers []answer, whole bool) {
	silent := a.silent()
	var todo []mount
	for _, m := range mounts {
		if silent[m.path] {
			answers = append(answers, unanswered(m))
		} else {
			todo = append(todo, m)
		}
	}
	for range 2 {
		if len(todo) == 0 {
			return answers, true
		}
		if len(a.hanging) == maxHanging {
			return answers, false
		}
		w := a.start(ctx, todo)
		got := w.wait()
		answers = append(answers, got...)
		if len(got) == len(todo) {
			return answers, true
		}
		a.hanging = append(a.hanging, w)
		answers = append(answers, unanswered(todo[len(got)]))
		todo = todo[len(got)+1:]
	}
	return answers, len(todo) == 0
}

func unanswered(m mount) answer {
	return answer{mount: m, err: fmt.Errorf("does not answer within %v", answerWithin)}
}

// silent forgets the walks that returned. It returns the paths in which the others hang.
func (a *asking) silent() map[string]bool {
	silent := map[string]bool{}
	hang := a.hanging[:0]
	for _, w := range a.hanging {
		if at, hangs := w.hangsIn(); hangs {
			silent[at.path] = true
			hang = append(hang, w)
		}
	}
	a.hanging = hang
	return silent
}

// walk is a goroutine that asks one mount after the other.
type walk struct {
	mounts  []mount
	answers chan answer // has room for all, so that the goroutine never waits for a reader
	taken   int
	stop    atomic.Bool
}

func (a *asking) start(ctx context.Context, mounts []mount) *walk {
	w := &walk{mounts: mounts, answers: make(chan answer, len(mounts))}
	go func() {
		defer close(w.answers)
		for _, m := range mounts {
			if w.stop.Load() {
				return
			}
			u, err := a.usage(ctx, m.path)
			w.answers <- answer{m, u, err}
		}
	}()
	return w
}

// wait returns the answers up to the first one that does not come in time. The goroutine ends after that one.
func (w *walk) wait() (answers []answer) {
	timer := time.NewTimer(answerWithin)
	defer timer.Stop()
	for len(answers) < len(w.mounts) {
		select {
		case a := <-w.answers:
			answers = append(answers, a)
			timer.Reset(answerWithin)
		case <-timer.C:
			w.stop.Store(true)
			w.taken = len(answers)
			return answers
		}
	}
	return answers
}

// hangsIn returns the mount in which a walk that was left behind hangs. It drops answers that came late: they are too old.
func (w *walk) hangsIn() (at mount, hangs bool) {
	for {
		select {
		case _, more := <-w.answers:
			if !more {
				return at, false
			}
			w.taken++
		default:
			if w.taken == len(w.mounts) {
				return at, false // it is about to end
			}
			return w.mounts[w.taken], true
		}
	}
}
