package run

import (
	"context"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// restartPause is how long to wait after the shipper ended with an error.
const restartPause = 10 * time.Second

// deliver asks where to send and ships there. After stop is closed it sends the fresh samples, and all that are only in memory, and
// returns. If the context flush ends, it returns at once.
func (e *edge) deliver(ctx, flush context.Context, stop <-chan struct{}) {
	answered := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		defer close(answered)
		e.destination.Run(ctx, flush)
	})
	defer asking.Wait()
	select {
	case <-stop:
		<-answered // wait for the answer to a question that was sent before the stop
	case <-e.destination.Known():
	}
	if _, known := e.destination.Target(); known {
		e.ship(flush, stop)
	}
}

// ship runs the shipper, and runs it again if it ends with an error. After stop is closed, it returns when the shipper has sent what it has
// to, or fails. It also returns if ctx ends.
func (e *edge) ship(ctx context.Context, stop <-chan struct{}) {
	for {
		err := e.shipper.Run(ctx, stop)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			retry.Sleep(ctx, stop, restartPause)
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}
