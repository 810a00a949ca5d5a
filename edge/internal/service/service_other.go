//go:build !windows

package service

import (
	"context"
	"log/slog"
	"os"
)

// LogHandler returns nil: the log goes to stderr, which the service manager collects.
func LogHandler(*slog.HandlerOptions) (slog.Handler, error) { return nil, nil }

// Run calls run. The service manager sends signals.
func Run(ctx context.Context, _ chan<- os.Signal, run func(context.Context) error) error {
	return run(ctx)
}
