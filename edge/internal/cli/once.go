package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
)

func newOnce(environ []string, stdout, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "once",
		Short: "Print one sample as JSON",
		Long: "Take two readings, because rates and CPU shares are differences, and print the second as one line of JSON:\n" +
			"what run would ship. Nothing is sent.",
		Args: noArgs,
	}
	values := declare(cmd.Flags(), forOnce)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := resolve(values, environ)
		if err != nil {
			return usageError{err}
		}
		return once(cmd.Context(), c, stdout, stderr)
	}
	return cmd
}

func once(ctx context.Context, c config, stdout, stderr io.Writer) error {
	log := c.logger(stderr)
	set := collect.NewSet(collect.Options{Interval: c.over, Interfaces: c.interfaces, Disks: c.disks, Log: log})
	// The first reading is the base of the second and no sample of its own: what is printed is number 0.
	sm := sampler.New(c.over, c.labels, set, log)
	sm.Base(ctx)
	if !backoff.Sleep(ctx, nil, c.over) {
		return ctx.Err()
	}
	s, ok := sm.Sample(ctx)
	if !ok {
		return errors.New("the clock is not set")
	}
	_, err := fmt.Fprintf(stdout, "%s\n", s.AppendJSON(nil))
	return err
}
