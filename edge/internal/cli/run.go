package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/run"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// stopWithin bounds a graceful stop; systemd kills after 90 s by default.
const stopWithin = 10 * time.Second

func newRun(environ []string, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Collect and ship until stopped",
		Long: "Collect a sample every interval and ship it. Each flag can also be set by an environment variable, such as\n" +
			"METRICS_EDGE_MAX_LATENCY for --max-latency, and in the file, as max_latency. A flag wins over the variable, the\n" +
			"variable over the file, the file over the stack's edge-config (interval, max_latency and tags for all machines),\n" +
			"that over the default; tags add up. SIGHUP reads the file again.\n\n" +
			"Credentials are found as any AWS SDK finds them; AWS_ENDPOINT_URL sends to another endpoint.",
		Args: noArgs,
	}
	source := config.Declare(cmd, config.ForRun, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		// The first signal asks for a graceful stop; after it signals have their usual effect again, so that the second
		// ends the process at once.
		ctx, restore := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer restore()
		context.AfterFunc(ctx, restore)
		reload := make(chan os.Signal, 1)
		signal.Notify(reload, syscall.SIGHUP)
		defer signal.Stop(reload)
		log, level := newLog(c, stderr)
		return run.Run(ctx, run.Options{
			Load: source.Load, Reload: reload, StopWithin: stopWithin, Version: program.Version(), Log: log, Level: level,
		})
	})
	return cmd
}

// newLog returns the log that a configuration wants, and what sets its level.
func newLog(c config.Config, w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(c.LogLevel)
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == config.JSON {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}
