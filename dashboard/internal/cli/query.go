package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type queryOptions struct {
	sourceOptions
	format string
}

func newQuery() *cobra.Command {
	var o queryOptions
	cmd := &cobra.Command{
		Use:   `query [flags] "SQL"`,
		Short: "Run a query over the lake",
		Long: "Run a query, in DuckDB's SQL or with --athena in Athena's. The view samples has one row for each sample, with the\n" +
			"partition keys year, month, day and hour (strings, UTC). A query with a condition on them reads only the files of\n" +
			"these partitions. The view samples_once has one row for a sample that was delivered twice. Over weeks, name samples_1m,\n" +
			"over months samples_1h and over years samples_1d: a row of a machine and minute, hour or day. The query does not choose\n" +
			"between them by itself. If SQL is -, it is read from standard input. A query never writes.",
		Example: `  dashboard query --lake ./lake "SELECT hostname, avg(cpu_pct) FROM samples GROUP BY 1 ORDER BY 2 DESC"
  dashboard query --format csv - < report.sql
  dashboard query --format parquet "SELECT * FROM samples WHERE day = '03'" > day.parquet
  dashboard query --athena --stack MetricsDashboard "SELECT count(*) FROM samples_once WHERE year = '2026' AND month = '02'"`,
		RunE: o.run,
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&o.format, "format", output.Table, formatUsage)
	completeFormat(cmd)
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// maxSQL is the greatest length of SQL from standard input, in bytes.
const maxSQL = 1 << 20

func (o *queryOptions) run(cmd *cobra.Command, args []string) (err error) {
	if len(args) != 1 {
		return program.Refusef(`want one argument, the SQL in quotes, or - to read it from standard input; got %d`, len(args))
	}
	if err := errors.Join(checkFormat(o.format, cmd.OutOrStdout()), o.check(cmd)); err != nil {
		return err
	}
	text := args[0]
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxSQL+1))
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		if len(b) > maxSQL {
			return program.Refusef("the SQL on standard input is longer than %d bytes", maxSQL)
		}
		text = string(b)
	}
	if strings.TrimSpace(text) == "" {
		return program.Refusef("the SQL is empty")
	}
	src, err := o.openFor(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	out, err := output.New(o.format, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	return stream(cmd, src, src.Own(text, panels.Range{}), out)
}
