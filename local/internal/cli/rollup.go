package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

func newRollup(stdout, stderr io.Writer) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "rollup",
		Short: "Roll up the samples of a lake into tables of one row a minute, an hour and a day",
		Long: "Write the tables samples_1m, samples_1h and samples_1d of a lake: for each machine and bucket of time the mean, the lowest\n" +
			"and the highest value of each number. rollup writes what is due and ends: hours and days that have ended, and those that got\n" +
			"samples since they were rolled up. It may run at any time, as often as you like, beside up and beside itself.",
		Example: "  local rollup --dir lake && dashboard query --lake lake 'SELECT * FROM samples_1h ORDER BY t DESC LIMIT 10'",
		Args:    program.NoArgs[*cobra.Command],
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			return rollUp(ctx, dir, stdout, stderr)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "lake", "directory of the lake")
	return cmd
}

// rollUp writes the rollups of a lake that are due, and prints each.
func rollUp(ctx context.Context, dir string, stdout, stderr io.Writer) (err error) {
	roller, err := lake.OpenRoller(dir, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, roller.Close()) }()
	files := 0
	err = roller.Run(ctx, time.Now(), func(d lake.Rolled) {
		files++
		for _, w := range d.Warnings {
			fmt.Fprintf(stderr, "local: warning: %s\n", w)
		}
		fmt.Fprintf(stdout, "%s  %s  %s\n", d.Rollup.Table(), d.Start.Format("2006-01-02 15:04"), counted(d.Rows, "row"))
	})
	if err != nil || files > 0 {
		return err
	}
	if hint := lake.NoSamples(dir); hint != "" {
		fmt.Fprintf(stderr, "local: %s\n", hint)
		return nil
	}
	fmt.Fprintln(stdout, "All rollups are up to date.")
	return nil
}
