// Package cli is the command line of the program local: its commands, its flags and its output. Package stack runs the stack, package
// demo the demo.
package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/commandline"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs local and returns the exit code. args does not include the program's name.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// Several goroutines write: the log, the progress and the output of the collector.
	stdout, stderr = &lockedWriter{w: stdout}, &lockedWriter{w: stderr}
	return commandline.Run(ctx, newRoot(stdout, stderr), args, stdin, stdout, stderr)
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "local",
		Short: "Run the whole pipeline on this machine, from the template of the stack",
		Long: "local reads the CloudFormation template of the stack and runs what it describes on this machine: the delivery\n" +
			"stream with Firehose's own API, the transform, and a folder of Parquet files in place of the bucket. You do not\n" +
			"need an AWS account.\n\n" +
			program.ExitCodes,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newUp(stdout, stderr), newDemo(stdout, stderr), newFleet(stdout, stderr), newRollup(stdout, stderr))
	return root
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
