package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Watch runs the rules again and again, and sends to receivers what changed.
type Watch struct {
	// Look asks the rules which problems are open at a time. Of the first look knownSince is long ago: see [alerts.Query].
	Look      func(ctx context.Context, at, knownSince time.Time) (alerts.Now, error)
	Receivers []Target
	// Every is the time between two runs; 0 means a minute.
	Every time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Target is a receiver of a watch.
type Target struct {
	Name     string // for the log
	Store    alerts.Store
	Receiver alerts.Receiver
}

const (
	defaultEvery = time.Minute
	// lookWithin bounds the query of a run.
	lookWithin = 50 * time.Second
	// grace is how long a message under way may go on after the program was asked to end.
	grace = 3 * time.Second
	// longestPause is how long a receiver is left alone at most after it failed again and again, in runs.
	longestPause = 15
)

// Run watches until ctx ends. What fails is logged when it begins to fail, and when it works again.
func (w Watch) Run(ctx context.Context) {
	every, clock := w.Every, w.Now
	if every == 0 {
		every = defaultEvery
	}
	if clock == nil {
		clock = time.Now
	}
	var group sync.WaitGroup
	defer group.Wait()
	var outboxes []chan alerts.Now
	for _, target := range w.Receivers {
		outbox := make(chan alerts.Now, 1)
		outboxes = append(outboxes, outbox)
		defer close(outbox)
		group.Go(func() { w.tell(ctx, target, outbox) })
	}
	looking := trouble{
		log: w.Log, begins: "the query for problems fails; no alerts are sent until it works", ends: "the query for problems works again",
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for first := true; ; first = false {
		at, knownSince := clock(), time.Time{}
		if first { // if this takes too long, it is not tried again
			knownSince = at.Add(-panels.ForgetAfter)
		}
		now, err := w.look(ctx, at, knownSince)
		if ctx.Err() != nil {
			return
		}
		looking.set(err)
		if err == nil {
			for _, outbox := range outboxes {
				offer(outbox, now)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (w Watch) look(ctx context.Context, at, knownSince time.Time) (alerts.Now, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	return w.Look(ctx, at, knownSince)
}

// offer replaces the message that a slow receiver has not begun with: only the problems that are open now matter.
func offer(outbox chan alerts.Now, now alerts.Now) {
	select {
	case <-outbox:
	default:
	}
	outbox <- now // there is room: only this goroutine sends
}

// tell sends messages to one receiver. Each receiver has a goroutine of its own, so one that hangs does not hold up the others.
func (w Watch) tell(ctx context.Context, target Target, outbox <-chan alerts.Now) {
	telling := trouble{
		log: w.Log, begins: "alerts do not reach " + target.Name + "; they are sent when it takes them", ends: "alerts reach " + target.Name + " again",
	}
	d := alerts.Delivery{Store: target.Store, Receiver: target.Receiver, Log: w.Log}
	failures, skip := 0, 0
	for now := range outbox {
		if ctx.Err() != nil {
			return
		}
		if skip > 0 {
			skip--
			continue
		}
		err := deliver(ctx, d, now)
		if errors.Is(err, context.Canceled) {
			return
		}
		telling.set(err)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		skip = min(1<<min(failures-1, 10)-1, longestPause) // 0, 1, 3, 7, 15
	}
}

// deliver sends to a receiver what changed. If ctx ends, it goes on for a short while, so that a message under way is not sent twice.
func deliver(ctx context.Context, d alerts.Delivery, now alerts.Now) error {
	ended := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ended, func() { time.AfterFunc(grace, cancel) })()
	turn, err := d.Begin(ctx, now.At)
	if err != nil {
		return err
	}
	_, err = turn.Tell(ctx, now)
	return err
}

// trouble logs when something begins to fail, when it fails in another way, and when it works again.
type trouble struct {
	log          *slog.Logger
	begins, ends string
	err          error
}

func (t *trouble) set(err error) {
	switch {
	case err != nil && (t.err == nil || t.err.Error() != err.Error()):
		t.log.Error(t.begins, slog.Any("error", err))
	case err == nil && t.err != nil:
		t.log.Info(t.ends)
	}
	t.err = err
}
