package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func newOnce(environ []string, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Print one sample as JSON",
		Long: "Take two readings, because rates and CPU shares are differences, and print the second as one line of JSON:\n" +
			"what run would ship. Nothing is sent.",
		Args: noArgs,
	}
	source := config.Declare(cmd, config.ForOnce, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		log, _ := newLog(c, stderr)
		return once(cmd.Context(), c, stdout, log)
	})
	return cmd
}

func once(ctx context.Context, c config.Config, stdout io.Writer, log *slog.Logger) error {
	s, err := takeOne(ctx, c, log)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s\n", s.AppendJSON(nil))
	return err
}

// takeOne takes one sample, with rates over the time between two readings.
func takeOne(ctx context.Context, c config.Config, log *slog.Logger) (record.Sample, error) {
	set := collect.NewSet(collect.Options{Interval: c.Over, Interfaces: c.Interfaces, Disks: c.Disks, Mounts: c.Mounts, Log: log})
	// The first reading is the base of the second and no sample of its own: what is printed is number 0.
	sm := sampler.New(c.Over, c.Labels, set, log)
	sm.Base(ctx)
	if !retry.Sleep(ctx, nil, c.Over) {
		return record.Sample{}, ctx.Err()
	}
	s, ok := sm.Sample(ctx)
	if !ok {
		return s, errors.New("the clock is not set")
	}
	return s, nil
}
