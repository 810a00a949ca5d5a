package cost

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main prints the estimate that the arguments, given without the program's name, ask for and returns the exit code.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	return program.Run(ctx, root, &root.PersistentPreRun, args, stdin, stdout, stderr)
}

func newRoot() *cobra.Command {
	f := Default()
	growth := false
	root := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a month of a fleet costs on AWS, line by line",
		Long:  "Estimate what a month of a fleet costs on AWS, line by line.\n\n" + program.ExitCodes,
		Example: `  cost --hosts 100 --interval 3s
  cost --hosts 5 --crawls 30 --stored-months 1`,
		Version:           program.Build(),
		Args:              program.NoArgs[*cobra.Command],
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		SilenceUsage:      true,
		SilenceErrors:     true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.Validate(); err != nil {
				return program.Refuse(err)
			}
			if growth {
				return PrintGrowth(cmd.OutOrStdout(), f)
			}
			return Print(cmd.OutOrStdout(), f)
		},
	}
	root.SetFlagErrorFunc(program.FlagError)
	flags := root.Flags()
	flags.IntVar(&f.Hosts, "hosts", f.Hosts, "machines that run edge")
	flags.DurationVar(&f.Interval, "interval", f.Interval, "time between samples of a machine")
	flags.DurationVar(&f.MaxLatency, "max-latency", f.MaxLatency, "how long edge lets a sample wait for others")
	flags.DurationVar(&f.Buffering, "buffering-time", f.Buffering, "the stream's bufferingTime")
	flags.Float64Var(&f.Crawls, "crawls", f.Crawls, "runs of the crawler in a month: daily 30.4, hourly 730, NONE 0")
	flags.IntVar(&f.Stored, "stored-months", f.Stored, "months of samples that the bucket holds")
	flags.IntVar(&f.Rolled, "rolled-months", f.Rolled, "months of rollups that the bucket holds")
	flags.Float64Var(&f.AthenaGiB, "athena-gib", f.AthenaGiB, "GiB that queries read in a month")
	flags.DurationVar(&f.AlertsEvery, "alerts-every", f.AlertsEvery, "the stack's alertsEvery; 0s: alerts are off")
	flags.BoolVar(&growth, "growth", growth, "print what grows with 10 to 100,000 machines, and the limits on the way, in Markdown")
	return root
}
