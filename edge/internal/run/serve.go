package run

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// relisten is the pause before another attempt to make the socket. Making it fails, for example, while the disk is full.
const relisten = time.Minute

// socketCheck is how often to check whether the socket's file still exists.
const socketCheck = 5 * time.Second

var errSocketRemoved = errors.New("someone removed the socket")

// serve answers requests until the context ends: on the socket in the spool's directory, and on the configured address. It fails only
// if it cannot listen on that address.
func (e *edge) serve(ctx context.Context) (*sync.WaitGroup, error) {
	handler := status.Handler(e.report)
	var running sync.WaitGroup
	if address := e.atStart.Listen; address != "" {
		l, err := program.Listen(ctx, "--listen", address)
		if err != nil {
			return nil, err
		}
		running.Go(func() {
			if err := status.Serve(ctx, l, status.ForHost(address, handler)); err != nil {
				e.log.LogAttrs(ctx, slog.LevelError, "--listen does not answer any more", slog.String("error", err.Error()))
			}
		})
	}
	running.Go(func() {
		path := status.Socket(e.atStart.SpoolDir)
		for {
			l, err := status.ListenSocket(ctx, path)
			if err == nil {
				e.serving.OK()
				err = serveWhileThere(ctx, l, path, handler)
			}
			if ctx.Err() != nil {
				return
			}
			if errors.Is(err, errSocketRemoved) {
				continue
			}
			e.serving.Failed(err)
			if !retry.Sleep(ctx, nil, relisten) {
				return
			}
		}
	})
	return &running, nil
}

// serveWhileThere answers on the socket until the context ends or somebody removes the socket's file. While the whole directory is missing,
// it waits: the spool makes the directory again.
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
