//go:build !windows

package cli

import (
	"context"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
)

// serviceCommands returns nothing: other systems have tools for services, and files in the folder packaging describe the service to them.
func serviceCommands() []*cobra.Command { return nil }

// runAsService calls run. The service manager sends signals.
func runAsService(ctx context.Context, _ chan<- os.Signal, run func(context.Context) error) error {
	return run(ctx)
}

// serviceLogHandler returns nil: the log goes to stderr, which the service manager collects.
func serviceLogHandler(*slog.HandlerOptions) (slog.Handler, error) { return nil, nil }
