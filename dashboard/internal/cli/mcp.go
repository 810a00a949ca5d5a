package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/assistant"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type mcpOptions struct {
	sourceOptions
	rows    int
	scanGB  float64
	timeout time.Duration
	delay   time.Duration
	zone    string
}

const (
	maxAssistantRows = 10_000
	bytesOfGB        = 1e9
)

func newMCP() *cobra.Command {
	var o mcpOptions
	cmd := &cobra.Command{
		Use:   "mcp",
		Short: "Let an assistant ask: a server of the Model Context Protocol on standard input and output",
		Long: "Serve the Model Context Protocol on standard input and output. An assistant starts the program itself. It can list the\n" +
			"dashboards, run a panel, read what the columns mean, and run a query that only reads. Each answer is limited.",
		Example: `  dashboard mcp --lake ./lake
  dashboard mcp --athena --stack MetricsDashboard --scan-limit-gb 0.5`,
		Args: program.NoArgs[*cobra.Command],
		RunE: o.run,
	}
	o.flags(cmd)
	o.rulesFlag(cmd)
	f := cmd.Flags()
	f.IntVar(&o.rows, "row-limit", 200, "how many rows an answer has at most")
	f.Float64Var(&o.scanGB, "scan-limit-gb", 2, "how many GB a query may read; with files, how many GB the files that it reads in its time range may have")
	f.DurationVar(&o.timeout, "time-limit", time.Minute, "how long a query may take")
	f.DurationVar(&o.delay, "delay", server.DefaultDelay, "how long samples normally take from a machine into the lake")
	f.StringVar(&o.zone, "zone", "UTC", "time zone for the panels by hour and day, such as Europe/Berlin, unless a call names another")
	return cmd
}

func (o *mcpOptions) run(cmd *cobra.Command, _ []string) (err error) {
	var problems []error
	if o.rows < 1 || o.rows > maxAssistantRows {
		problems = append(problems, program.Refusef("--row-limit %d: want a number from 1 to %d", o.rows, maxAssistantRows))
	}
	if !(o.scanGB > 0 && o.scanGB <= 1e6) {
		problems = append(problems, program.Refusef("--scan-limit-gb %v: want a number above 0", o.scanGB))
	}
	if o.timeout <= 0 {
		problems = append(problems, program.Refusef("--time-limit %v: want a duration above 0s", o.timeout))
	}
	if o.delay < 0 {
		problems = append(problems, program.Refusef("--delay %v: want a duration of 0s or more", o.delay))
	}
	zone, err := assistant.ZoneOf(o.zone)
	if err != nil {
		problems = append(problems, program.Refusef("--zone: %w", err))
	}
	if err := errors.Join(append(problems, o.check(cmd))...); err != nil {
		return err
	}
	src, err := o.openFor(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dialect := "DuckDB"
	if o.athena {
		dialect = "Athena (Trino)"
	}
	s := assistant.New(src, assistant.Options{
		Rows: o.rows, MaxScan: int64(o.scanGB * bytesOfGB), Timeout: o.timeout, Delay: cmp.Or(o.delay, time.Nanosecond), Step: src.settings.Step,
		Rules: src.settings.Rules, Zone: zone,
		Dialect: dialect, Version: cmd.Root().Version,
	})
	err = s.Run(cmd.Context(), &mcp.IOTransport{Reader: io.NopCloser(cmd.InOrStdin()), Writer: unclosed{cmd.OutOrStdout()}})
	if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
		return nil
	}
	return err
}

// unclosed is a writer that stays open: standard output belongs to the caller.
type unclosed struct{ io.Writer }

// Close does nothing.
func (unclosed) Close() error { return nil }
