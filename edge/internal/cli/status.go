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
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

func newStatus(environ []string, stdout io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the running collector does",
		Long: "Show how many samples the collector on this machine took, delivered, keeps and dropped, and what fails. It is asked\n" +
			"through the socket in its spool's directory. Exit code 1 if no collector answers or it is not healthy.",
		Args: program.NoArgs[*cobra.Command],
	}
	source := config.Declare(cmd, config.ForStatus, environ)
	cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
		r, err := status.Fetch(cmd.Context(), status.Socket(c.SpoolDir))
		if errors.Is(err, status.ErrNotRunning) {
			return fmt.Errorf("%w%s; if it uses another spool, name it with --spool-dir", err, left(c.SpoolDir))
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

// left says how many samples wait in a spool whose collector is not running.
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
		waiting, lost = waiting+s.Waiting, lost+s.Unreadable
	}
	if lost > 0 {
		return fmt.Sprintf("; %d samples wait in its spool, and %d are lost by damage (see edge spool verify)", waiting, lost)
	}
	return fmt.Sprintf("; %d samples wait in its spool", waiting)
}
