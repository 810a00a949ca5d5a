package collect

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"
)

// asking asks filesystems for their fill. A call that hangs in the kernel, because a disk dies or a FUSE process is stopped,
// cannot be ended, only left behind; its filesystem is not asked again before it answers.
type asking struct {
	usage func(ctx context.Context, path string) (*psdisk.UsageStat, error)
	left  []*walk // left behind, each in a call that hangs
}

const (
	// answerWithin is how long a filesystem may take.
	answerWithin = time.Second
	// mostLeft bounds the calls that hang at one time. Each holds a thread.
	mostLeft = 8
)

// answer is what a filesystem says, or why it says nothing.
type answer struct {
	mount mount
	usage *psdisk.UsageStat
	err   error
}

// ask asks the mounts one after the other and returns an answer for each. It returns whole false where some could not be asked:
// one call leaves at most one filesystem behind, so that it takes a second longer and not one for each that hangs.
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
		if len(a.left) == mostLeft {
			return answers, false
		}
		w := a.start(ctx, todo)
		got := w.wait()
		answers = append(answers, got...)
		if len(got) == len(todo) {
			return answers, true
		}
		a.left = append(a.left, w)
		answers = append(answers, unanswered(todo[len(got)]))
		todo = todo[len(got)+1:]
	}
	return answers, len(todo) == 0
}

func unanswered(m mount) answer {
	return answer{mount: m, err: fmt.Errorf("does not answer within %v", answerWithin)}
}

// silent forgets walks that came back, and returns the paths that others hang in.
func (a *asking) silent() map[string]bool {
	silent := map[string]bool{}
	hang := a.left[:0]
	for _, w := range a.left {
		if at, hangs := w.hangsIn(); hangs {
			silent[at.path] = true
			hang = append(hang, w)
		}
	}
	a.left = hang
	return silent
}

// walk is a goroutine that asks one mount after the other.
type walk struct {
	mounts  []mount
	answers chan answer // has room for all, so that the goroutine never waits for its reader
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

// wait returns the answers up to the first that is not there in time, and lets the goroutine end after that one.
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

// hangsIn returns where a walk that was left behind hangs. Answers that came meanwhile are of another time.
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
