// Package cli is the command line of the program local: its commands, its flags and its output. Package stack runs the stack, package
// demo the demo.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs local and returns the exit code. args does not include the program's name.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// Several goroutines write: the log, the progress and the output of the collector.
	stdout, stderr = &lockedWriter{w: stdout}, &lockedWriter{w: stderr}
	root := newRoot(stdout, stderr)
	root.SetOut(stdout) // first: the completion commands keep the output that they find
	refuseUnknown(root)
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "local",
		Short: "Run the whole pipeline on this machine, from the template of the stack",
		Long: "local reads the CloudFormation template of the stack and runs what it describes on this machine: the delivery\n" +
			"stream with Firehose's own API, the transform, and a folder of Parquet files in place of the bucket. You do not\n" +
			"need an AWS account.\n\n" +
			program.ExitCodes,
		Version:       program.Build(),
		Args:          program.KnownCommand[*cobra.Command],
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(program.FlagError)
	root.AddCommand(newUp(stdout, stderr), newDemo(stdout, stderr), newFleet(stdout, stderr), newRollup(stdout, stderr), newVersion())
	return root
}

// refuseUnknown makes some commands refuse an unknown name: help, completion, and each command that only holds other commands. Otherwise
// cobra shows their help and the exit code is 0.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SuggestionsMinimumDistance = 2 // letters that may differ
	for _, cmd := range root.Commands() {
		cmd.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
		switch {
		case cmd.Name() == "help":
			cmd.Args = func(_ *cobra.Command, args []string) error {
				found, rest, _ := root.Find(args) // program.KnownCommand refuses the rest, so that the error is not needed
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

// untilSignal returns a context that ends at the first interrupt. After that, signals have their usual effect again: a second interrupt
// ends the process at once.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, restore := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore)
	return ctx, restore
}

// lockedWriter lets goroutines share a writer, one write at a time.
type lockedWriter struct {
	mu sync.Mutex // guards w: held during each write
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
