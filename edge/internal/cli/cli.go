// Package cli is the command line of edge: commands and exit codes. It runs nothing itself; package agent does. What there is to
// set, package config says.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
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
	root.AddCommand(newRun(environ, stderr), newCheck(environ, stdout), newStatus(environ, stdout),
		newOnce(environ, stdout, stderr), newSpool(environ, stdout), newVersion(stdout))
	return root
}

// noArgs refuses arguments as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, has %q", cmd.CommandPath(), args[0])}
	}
	return nil
}

// configured runs a command with its configuration.
func configured(source *config.Source, run func(cmd *cobra.Command, c config.Config) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		c, err := source.Load().With("")
		if err != nil {
			return usageError{err}
		}
		return run(cmd, c)
	}
}
