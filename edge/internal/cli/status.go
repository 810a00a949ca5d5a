package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

func newStatus(environ []string, stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what the running collector does",
		Long: "Ask the collector that runs on this machine, through the socket in its spool's directory, what it does: samples\n" +
			"taken, delivered, waiting and dropped, and what fails. Exit code 1 where none answers or it is not healthy.",
		Args: noArgs,
	}
	source := config.Declare(cmd, config.ForStatus, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		r, err := status.Fetch(cmd.Context(), status.Socket(c.SpoolDir))
		if errors.Is(err, status.ErrNotRunning) {
			return fmt.Errorf("%w%s; --spool-dir names the spool of another", err, left(c.SpoolDir))
		}
		if err != nil {
			return err
		}
		if c.JSON {
			text := json.NewEncoder(stdout)
			text.SetIndent("", "  ")
			err = text.Encode(r)
		} else {
			err = status.Print(stdout, r, time.Now())
		}
		if err == nil && !r.Healthy {
			err = errors.New("the collector is not healthy")
		}
		return err
	})
	return cmd
}

// left says what waits in a spool whose collector does not run.
func left(dir string) string {
	segments, err := spool.Inspect(spool.Dir(dir), nil)
	if errors.Is(err, fs.ErrNotExist) || len(segments) == 0 {
		return ""
	}
	if err != nil {
		return fmt.Sprintf(" (its spool cannot be read: %v)", err)
	}
	waiting, lost := 0, 0
	for _, s := range segments {
		waiting, lost = waiting+s.Waiting, lost+s.Lost
	}
	if lost > 0 {
		return fmt.Sprintf(", where %d samples wait and %d are lost by damage (see edge spool verify)", waiting, lost)
	}
	return fmt.Sprintf(", where %d samples wait", waiting)
}
