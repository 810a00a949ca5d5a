package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/check"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

func newCheck(environ []string, stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Try what the collector needs and say what is missing",
		Long: "Try the spool, the credentials, discovery, one delivery and the clock. Say what is wrong and what to do.\n" +
			"This delivers one sample of this machine. Run it as the collector's user. Exit code 1 if a check fails.",
		Args: program.NoArgs[*cobra.Command],
	}
	source := config.Declare(cmd, config.ForCheck, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		c.Over = config.DefaultOver
		failed := check.Run(cmd.Context(), check.Options{
			Config: c, Local: source.Load(),
			Sample: func(ctx context.Context) (record.Sample, error) {
				return takeOne(ctx, c, 0, slog.New(slog.DiscardHandler))
			},
			Report: func(r check.Result) {
				fmt.Fprintf(stdout, "%-8s %-12s %s\n", r.Outcome, r.Step, r.Text)
				if r.Hint != "" {
					fmt.Fprintf(stdout, "%-8s %-12s → %s\n", "", "", r.Hint)
				}
			},
		})
		if failed > 0 {
			return fmt.Errorf("%d of the checks failed", failed)
		}
		return nil
	})
	return cmd
}
