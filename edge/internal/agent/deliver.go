package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// restartPause is how long the shipper rests after an error that it could not go on with.
const restartPause = 10 * time.Second

// deliver finds out where to send and ships there, until stop is closed and what is fresh is sent, or flush ends.
func (a *agent) deliver(ctx, flush context.Context, stop <-chan struct{}) {
	located := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		defer close(located)
		a.destination.Run(ctx, flush)
	})
	defer asking.Wait()
	select {
	case <-stop:
		<-located // the question that is under way may still be answered
	case <-a.destination.Known():
	}
	if _, known := a.destination.Target(); known {
		a.ship(flush, stop)
	}
}

// ship runs the shipper until stop is closed and what is fresh is sent, or ctx ends.
func (a *agent) ship(ctx context.Context, stop <-chan struct{}) {
	for {
		err := a.shipper.Run(ctx, stop)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			a.shipping.Failed(err)
			retry.Sleep(ctx, stop, restartPause)
		} else {
			a.shipping.OK()
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}
