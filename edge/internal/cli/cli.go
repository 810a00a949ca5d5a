// Package cli is the command line of edge: commands, settings and exit codes. It runs nothing itself; package agent does.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/agent"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake in the command line or the environment.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// Main runs edge and returns its exit code. Arguments come without the program's name, the environment as os.Environ
// gives it.
func Main(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	root := newRoot(environ, stdout, stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "edge: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailure
}

func newRoot(environ []string, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "edge",
		Short: "Collect this machine's metrics and ship them to your data lake",
		Long: "edge reads this machine's CPU, memory, network and disk every few seconds and ships the samples to the\n" +
			"delivery stream of a Metrics Dashboard stack, several of them in one record.",
		SilenceUsage:               true,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		Args:                       cobra.ArbitraryArgs,
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		hint := "see edge --help"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean " + near[0] + "?"
		}
		return usageError{fmt.Errorf("unknown command %q; %s", args[0], hint)}
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(newRun(environ, stderr), newOnce(environ, stdout, stderr), newSpool(environ, stdout),
		newVersion(stdout))
	return root
}

// noArgs refuses arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, has %q", cmd.CommandPath(), args[0])}
	}
	return nil
}

func newRun(environ []string, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Collect and ship until stopped",
		Long: "Collect a sample every interval and ship it. Each flag can also be set by an environment variable, such as\n" +
			"METRICS_EDGE_MAX_LATENCY for --max-latency; a flag wins over the variable, the variable over the default.\n" +
			"Credentials are found as any AWS SDK finds them; AWS_ENDPOINT_URL sends to another endpoint.",
		Args: noArgs,
	}
	values := declare(cmd.Flags(), forRun)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := resolve(values, environ)
		if err != nil {
			return usageError{err}
		}
		// The first signal asks for a graceful stop; after it signals have their usual effect again, so that the second
		// ends the process at once.
		ctx, restore := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer restore()
		context.AfterFunc(ctx, restore)
		return agent.Run(ctx, agent.Options{
			Stack: c.stack, Stream: c.stream, Region: c.region,
			Interval: c.interval, MaxLatency: c.maxLatency, StopWithin: stopWithin,
			SpoolDir: c.spoolDir, SpoolBytes: c.spoolBytes, Sync: c.sync, BacklogRate: c.backlogRate,
			Labels: c.labels, Interfaces: c.interfaces, Disks: c.disks,
			Log: c.logger(stderr),
		})
	}
	return cmd
}

func (c config) logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: c.logLevel}))
}
