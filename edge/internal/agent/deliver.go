package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// restartPause is how long a shipper that could not go on rests, and a configuration that cannot be used.
const restartPause = 10 * time.Second

// deliver finds out where to send and ships there, until stop is closed and what is fresh is sent, or flush ends. A change of
// the configuration ends one shipper, which sends what is fresh, and begins another.
func (a *agent) deliver(ctx, flush context.Context, stop <-chan struct{}, l *locator) {
	var end context.CancelFunc // ends the locator
	begin := func(next *locator) {
		a.mu.Lock()
		a.locator = next
		a.mu.Unlock()
		var running context.Context
		running, end = context.WithCancel(ctx)
		go next.run(running, flush)
	}
	begin(l)
	defer func() { end() }()
	for {
		c, changed := a.tuning.get()
		if !l.serves(c) {
			next, err := a.newLocator(ctx, c)
			if err != nil {
				a.shipping.Failed(err)
			} else {
				end()
				l = next
				begin(l)
			}
		}
		select {
		case <-stop:
			// Whoever is asking where to send may still be answered.
			<-l.done
		case <-l.known:
		case <-changed:
			continue
		}
		if _, known := l.Target(); !known {
			return
		}
		if !a.ship(flush, stop, changed, l, c) {
			return
		}
	}
}

// ship runs one shipper. It returns whether another shall follow.
func (a *agent) ship(flush context.Context, stop, changed <-chan struct{}, l *locator, c config.Config) (again bool) {
	t, _ := l.Target()
	a.log.LogAttrs(flush, slog.LevelInfo, "shipping", slog.String("stream", t.Stream), slog.String("region", t.Region))
	s := ship.New(a.queue, newStream(a.log, l), ship.Options{
		Interval: c.Interval, MaxLatency: c.MaxLatency, BacklogRate: c.BacklogRate, Log: a.log,
	})
	a.mu.Lock()
	a.shipper = s
	a.mu.Unlock()
	ctx, giveUp := context.WithCancel(flush)
	defer giveUp()
	last := make(chan struct{})
	go func() {
		select {
		case <-stop:
		case <-changed:
			defer time.AfterFunc(a.options.StopWithin, giveUp)
		case <-ctx.Done():
			return
		}
		close(last)
	}()
	err := s.Run(ctx, last)
	a.mu.Lock()
	a.shipper, a.shipped = nil, a.shipped.Plus(s.Stats())
	a.mu.Unlock()
	if flush.Err() != nil {
		return false
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		a.shipping.Failed(err)
		backoff.Sleep(flush, stop, restartPause)
	} else {
		a.shipping.OK()
	}
	select {
	case <-stop:
		return false
	default:
		return true
	}
}
