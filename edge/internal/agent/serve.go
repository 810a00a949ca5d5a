package agent

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// relisten is how soon a socket that could not be made is tried again: its disk may have been full.
const relisten = time.Minute

// serve answers questions for the status on the socket in the spool's directory, and on the address that is configured, until
// the context ends. Only a bad address is an error: it was asked for.
func (a *agent) serve(ctx context.Context) (*sync.WaitGroup, error) {
	handler := status.Handler(a.report)
	var running sync.WaitGroup
	if address := a.start.Listen; address != "" {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("--listen %s: the port is in use; choose another", address)
		}
		if err != nil {
			return nil, fmt.Errorf("--listen %s: %w", address, err)
		}
		running.Go(func() {
			if err := status.Serve(ctx, l, status.ForHost(address, handler)); err != nil {
				a.serving.Failed(err)
			}
		})
	}
	running.Go(func() {
		for {
			l, err := status.ListenSocket(ctx, status.Socket(a.start.SpoolDir))
			if err == nil {
				a.serving.OK()
				err = status.Serve(ctx, l, handler)
			}
			if ctx.Err() != nil {
				return
			}
			a.serving.Failed(err)
			if !retry.Sleep(ctx, nil, relisten) {
				return
			}
		}
	})
	return &running, nil
}
