package agent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// relisten is how soon a socket that could not be made is tried again: its disk may have been full.
const relisten = time.Minute

// socketCheck is how often to look whether the socket's file is still there.
const socketCheck = 5 * time.Second

var errSocketRemoved = errors.New("someone removed the socket")

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
		path := status.Socket(a.start.SpoolDir)
		for {
			l, err := status.ListenSocket(ctx, path)
			if err == nil {
				a.serving.OK()
				err = serveWhileThere(ctx, l, path, handler)
			}
			if ctx.Err() != nil {
				return
			}
			if errors.Is(err, errSocketRemoved) {
				continue
			}
			a.serving.Failed(err)
			if !retry.Sleep(ctx, nil, relisten) {
				return
			}
		}
	})
	return &running, nil
}

// serveWhileThere answers on the socket until the context ends, or the socket's file is removed while its directory is there.
// The spool makes a directory that was removed again.
func serveWhileThere(ctx context.Context, l net.Listener, path string, h http.Handler) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		for retry.Sleep(ctx, nil, socketCheck) {
			_, err := os.Stat(path)
			if _, dirErr := os.Stat(filepath.Dir(path)); dirErr == nil && errors.Is(err, fs.ErrNotExist) {
				end(errSocketRemoved)
			}
		}
	}()
	if err := status.Serve(ctx, l, h); err != nil {
		return err
	}
	return context.Cause(ctx)
}
