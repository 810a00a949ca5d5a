// Package commandline has what the command lines of dashboard and local have in common. Package program of module record has what all
// programs share and does not need cobra.
package commandline

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Run runs a program with its arguments, given without the program's name, and returns the exit code. It adds to the root command what
// each program has: the version, the form of errors, and the refusal of unknown commands.
func Run(ctx context.Context, root *cobra.Command, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root.Version = program.Build()
	root.Args = program.KnownCommand[*cobra.Command]
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetFlagErrorFunc(program.FlagError)
	root.AddCommand(newVersion())
	root.SetOut(stdout) // first: the completion commands keep the output that they find
	refuseUnknown(root)
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

// refuseUnknown makes help, completion and each command that only holds others refuse a name that they do not know. Otherwise cobra
// shows their help, and the exit code is 0.
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
