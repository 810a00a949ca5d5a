// Package cli is the command line of edge. Each command reads its settings with package config and calls the package that does the
// work. If the service manager of Windows starts edge, this package speaks with it and writes the log to its event log. systemd's
// notifications are in package run.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs edge and returns the exit code. args come without the program's name.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(os.Environ(), stdout, stderr)
	root.SetOut(stdout) // first: the completion commands keep the output that they find
	refuseUnknown(root)
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

// Command returns edge's commands as they are without any variable set, for what describes them.
func Command() *cobra.Command {
	root := newRoot(nil, io.Discard, io.Discard)
	refuseUnknown(root)
	return root
}

func newRoot(environ []string, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "edge",
		Short: "Collect this machine's metrics and ship them to your data lake",
		Long: "edge reads this machine's CPU, memory, network and disk every few seconds and ships the samples to the\n" +
			"delivery stream of a Metrics Dashboard stack, several of them in one record.\n\n" + program.ExitCodes,
		Version:       program.Build(),
		Args:          program.KnownCommand[*cobra.Command],
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(program.FlagError)
	root.AddCommand(newRun(environ, stderr), newCheck(environ, stdout), newStatus(environ, stdout),
		newOnce(environ, stdout, stderr), newSpool(environ, stdout), newVersion())
	root.AddCommand(serviceCommands()...)
	return root
}

// refuseUnknown makes help, completion and each command that only has subcommands refuse unknown names. Without this, cobra would
// show their help and exit with 0.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SuggestionsMinimumDistance = 2 // letters that may differ
	for _, cmd := range root.Commands() {
		cmd.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
		switch {
		case cmd.Name() == "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				found, rest, _ := root.Find(args) // program.KnownCommand refuses what Find calls an error
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

// configured returns a command's RunE: it reads the configuration and calls run with it.
func configured(source *config.Source, run func(cmd *cobra.Command, c config.Config) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		c, err := source.Load().With("")
		if err != nil {
			return program.Refuse(err)
		}
		return run(cmd, c)
	}
}
