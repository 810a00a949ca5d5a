package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

func newOnce(environ []string, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Print one sample as JSON",
		Long: "Print one sample as a line of JSON, as run would send it. This takes two readings, because rates and CPU\n" +
			"percentages are differences. Nothing is sent.",
		Args: program.NoArgs[*cobra.Command],
	}
	source := config.Declare(cmd, config.ForOnce, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		log, _ := newLog(c, stderr)
		return once(cmd.Context(), c, stdout, log)
	})
	return cmd
}

func once(ctx context.Context, c config.Config, stdout io.Writer, log *slog.Logger) error {
	s, err := takeOne(ctx, c, c.Over, log) // the details are those of the time between the readings too
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s\n", s.AppendJSON(nil))
	return err
}

// takeOne takes one sample. Its rates are those between two readings, c.Over apart. It has details if details, the time between
// them, is not 0.
func takeOne(ctx context.Context, c config.Config, details time.Duration, log *slog.Logger) (record.Sample, error) {
	set := collect.NewSet(collect.Options{
		Interval: c.Over, Details: details, NoProcesses: c.NoProcesses,
		Interfaces: c.Interfaces, Disks: c.Disks, Mounts: c.Mounts, Log: log,
	})
	// The first reading is only the base of the rates; the sample has number 0.
	sm := sampler.New(c.Over, c.Labels, set, log)
	sm.Base(ctx)
	if !retry.Sleep(ctx, nil, c.Over) {
		return record.Sample{}, ctx.Err()
	}
	s, ok := sm.Sample(ctx)
	if !ok {
		return s, errors.New("the clock is not set; set it, for example with a time service")
	}
	return s, nil
}
