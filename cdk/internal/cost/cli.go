package cost

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit codes of [Main].
const (
	exitFailure = 1
	exitUsage   = 2
)

// Main prints the estimate that the arguments ask for and returns the exit code: 2 where they are refused, one line for
// each problem.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f Fleet
	wanted := false // not where help was asked for
	command := newCommand(&f, &wanted)
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	if err := command.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	if !wanted {
		return 0
	}
	if err := Print(stdout, f); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailure
	}
	return 0
}

// newCommand returns the command that fills f from its flags and notes in wanted that f is complete.
func newCommand(f *Fleet, wanted *bool) *cobra.Command {
	*f = Default()
	command := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a month of a fleet costs on AWS, line by line",
		Example: `  cost --hosts 100 --interval 3s
  cost --hosts 5 --crawls 30 --stored-months 1`,
		Args:              cobra.NoArgs,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		SilenceUsage:      true,
		SilenceErrors:     true,
		RunE: func(*cobra.Command, []string) error {
			*wanted = true
			return f.Validate()
		},
	}
	flags := command.Flags()
	flags.IntVar(&f.Hosts, "hosts", f.Hosts, "machines that run edge")
	flags.DurationVar(&f.Interval, "interval", f.Interval, "time between samples of a machine")
	flags.DurationVar(&f.MaxLatency, "max-latency", f.MaxLatency, "how long edge lets a sample wait for others")
	flags.DurationVar(&f.Buffering, "buffering-time", f.Buffering, "the stream's bufferingTime")
	flags.Float64Var(&f.Crawls, "crawls", f.Crawls, "runs of the crawler in a month: daily 30.4, hourly 730, NONE 0")
	flags.IntVar(&f.Stored, "stored-months", f.Stored, "months of samples that the bucket holds")
	flags.Float64Var(&f.AthenaGiB, "athena-gib", f.AthenaGiB, "GiB that queries read in a month")
	return command
}
