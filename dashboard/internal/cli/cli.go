// Package cli is the command line of the binary dashboard: flags, exit codes, the form of output. What the commands do is
// in the packages lake, athena and server.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Main runs the command line args, without the program's name, and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "dashboard: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	var usage usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

// defaultLake is the directory that `local up` and `make demo` write by default.
const defaultLake = "lake"

func rootCommand() *cobra.Command {
	var o serveOptions
	root := &cobra.Command{
		Use:   "dashboard",
		Short: "Show the metrics in a lake of Parquet files",
		Long: "Show the metrics in a lake of Parquet files, here or (--athena) of a deployed stack: as a web page\n" +
			"(dashboard, or dashboard serve), or as the answer to a query in the terminal (dashboard query, dashboard panels).",
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          o.run,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	o.flags(root)
	root.AddCommand(serveCommand(), queryCommand(), panelsCommand())
	return root
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unknown command %q for %q: see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}
