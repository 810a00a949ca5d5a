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
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	refuseUnknown(root)
	began := false
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	err := root.ExecuteContext(ctx)
	if !began {
		err = program.Refuse(err)
	}
	return program.Exit(root.Name(), err, stderr)
}

// defaultLake is the directory that `local up` and `make demo` write by default.
const defaultLake = "lake"

func newRoot() *cobra.Command {
	var o serveOptions
	root := &cobra.Command{
		Use:   "dashboard",
		Short: "Show the metrics in a lake of Parquet files",
		Long: "Show the metrics in a lake of Parquet files, here or (--athena) of a deployed stack: as a web page\n" +
			"(dashboard, or dashboard serve), or as the answer to a query in the terminal (dashboard query, dashboard panels).\n\n" +
			program.ExitCodes,
		Version:       program.Build(),
		Args:          knownCommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          o.run,
	}
	o.flags(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newServe(), newQuery(), newPanels(), newVersion())
	return root
}

// refuseUnknown makes help, completion and each command that only holds others refuse a name that they do not know. Without it
// cobra shows their help then, as if all were well.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch {
		case cmd.Name() == "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				found, rest, _ := root.Find(args) // the error is for a rest, which is refused here
				return knownCommand(found, rest)
			}
		case !cmd.Runnable():
			cmd.Args = knownCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}

// knownCommand refuses the name of a command that does not exist, and names one that resembles it.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see " + cmd.CommandPath() + " --help"
	cmd.SuggestionsMinimumDistance = 2 // "upp" is one letter off
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return fmt.Errorf("unknown command %q; %s", args[0], hint)
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, has %q", cmd.CommandPath(), args[0])
	}
	return nil
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of this binary, as --version does",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s version %s\n", cmd.Root().Name(), cmd.Root().Version)
			return err
		},
	}
}
