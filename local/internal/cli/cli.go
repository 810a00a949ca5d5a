// Package cli is the command line of the binary local: commands, flags, exit codes and what is printed. Package stack runs
// the stack, package demo the demo.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs local with the arguments, given without the program's name, and returns the exit code.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	// Several goroutines write: log, progress, what the collector says.
	stdout, stderr = &lockedWriter{w: stdout}, &lockedWriter{w: stderr}
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "local: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitFailure
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "local",
		Short: "Run the whole pipeline on this machine, from the template that deploys",
		Long: "local reads the CloudFormation template of the stack and runs what it describes on this machine: the delivery\n" +
			"stream behind Firehose's own API, the transform, and Parquet files where the bucket would be. No AWS account.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.ArbitraryArgs,
		// "upp" is one letter off.
		SuggestionsMinimumDistance: 2,
	}
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		hint := "see local --help"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean " + near[0] + "?"
		}
		return usagef("unknown command %q; %s", args[0], hint)
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	root.AddCommand(newUp(stdout, stderr), newDemo(stdout, stderr), newFleet(stdout, stderr))
	return root
}

// noArgs refuses arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument, has %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// untilSignal returns a context that ends at the first interrupt. After it signals have their usual effect again, so that
// the second ends the process at once.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore)
	return ctx, restore
}

// lockedWriter lets goroutines share a writer, one write at a time.
type lockedWriter struct {
	mu sync.Mutex // held during a write to w
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
