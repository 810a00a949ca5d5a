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

// stopWithin bounds a graceful stop. systemd kills after 90 s by default, and after 30 s with the unit of this repository.
const stopWithin = 10 * time.Second

func newRun(environ []string, stderr io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Collect and ship until stopped",
		Long: "Take a sample every interval and ship it. An environment variable can replace each flag (METRICS_EDGE_MAX_LATENCY for\n" +
			"--max-latency), and so can the file (max_latency). A flag wins over a variable, a variable over the file, the file\n" +
			"over the stack's edge-config (interval, max_latency, detail_interval, processes and tags for all machines), and\n" +
			"edge-config over the default. Tags of all of them add up. SIGHUP reads the file again.\n\n" +
			"edge finds credentials as any AWS SDK does. AWS_ENDPOINT_URL sends to another endpoint.",
		Args: program.NoArgs[*cobra.Command],
	}
	source := config.Declare(cmd, config.ForRun, environ)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		// The first signal asks for a graceful stop. After it signals have their usual effect again: a second one ends the
		// process at once.
		ctx, restore := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer restore()
		context.AfterFunc(ctx, restore)
		reload := make(chan os.Signal, 1)
		signal.Notify(reload, syscall.SIGHUP)
		defer signal.Stop(reload)
		// The settings are read inside: the service manager of Windows has to learn of a wrong setting, too.
		return runAsService(ctx, reload, func(ctx context.Context) error {
			return configured(source, func(_ *cobra.Command, c config.Config) error {
				log, level, err := serviceLog(c, stderr)
				if err != nil {
					return err
				}
				return run.Run(ctx, run.Options{
					Load: source.Load, Reload: reload, StopWithin: stopWithin, Version: program.Version(), Log: log, Level: level,
				})
			})(cmd, args)
		})
	}
	return cmd
}

// serviceLog returns the logger of edge run: to the event log if this is a Windows service, otherwise to w.
func serviceLog(c config.Config, w io.Writer) (*slog.Logger, *slog.LevelVar, error) {
	log, level := newLog(c, w)
	handler, err := serviceLogHandler(&slog.HandlerOptions{Level: level})
	if err != nil {
		return nil, nil, err
	}
	if handler != nil {
		log = slog.New(handler)
	}
	return log, level, nil
}

// newLog returns a logger for the configuration, and the variable that sets its level.
func newLog(c config.Config, w io.Writer) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(c.LogLevel)
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == config.JSON {
		return slog.New(slog.NewJSONHandler(w, options)), level
	}
	return slog.New(slog.NewTextHandler(w, options)), level
}
