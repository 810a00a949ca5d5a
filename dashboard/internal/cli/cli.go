// Package cli is the command line of the binary dashboard: commands, flags, the form of output. What the commands do is in the
// packages lake, athena and server.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs dashboard with the arguments, given without the program's name, and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// The first signal asks for an end; after it signals have their usual effect again, so that the second ends the process at once.
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer restore()
	context.AfterFunc(ctx, restore)
	root := newRoot()
	root.SetOut(stdout) // first: the completion commands keep the output that they find
	refuseUnknown(root)
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

// defaultLake is the directory that `local up` and `make demo` write by default.
const defaultLake = "lake"

func newRoot() *cobra.Command {
	var o serveOptions
	root := &cobra.Command{
		Use:   "dashboard",
		Short: "Show the metrics in a lake of Parquet files",
		Long: "Show the metrics in a lake of Parquet files, here or (--athena) of a deployed stack: as a web page\n" +
			"(dashboard, or dashboard serve), as the answer to a query in the terminal (dashboard query, dashboard panels), or to\n" +
			"an assistant (dashboard mcp).\n\n" +
			program.ExitCodes,
		Version:       program.Build(),
		Args:          program.KnownCommand[*cobra.Command],
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          o.run,
	}
	o.flags(root)
	root.SetFlagErrorFunc(program.FlagError)
	root.AddCommand(newServe(), newQuery(), newPanels(), newMCP(), newFailed(), newVersion())
	return root
}

// refuseUnknown makes help, completion and each command that only holds others refuse a name that they do not know. Without it
// cobra shows their help then, as if all were well.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SuggestionsMinimumDistance = 2 // letters that may differ
	for _, cmd := range root.Commands() {
		cmd.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
		switch {
		case cmd.Name() == "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				found, rest, _ := root.Find(args) // the error is for a rest, which is refused here
				return program.KnownCommand(found, rest)
			}
		case !cmd.Runnable():
			cmd.Args = program.KnownCommand[*cobra.Command]
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary, as --version does",
		Args:  program.NoArgs[*cobra.Command],
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s version %s\n", cmd.Root().Name(), cmd.Root().Version)
			return err
		},
	}
}
