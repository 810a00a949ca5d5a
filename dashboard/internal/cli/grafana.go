package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/grafana"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type grafanaOptions struct {
	engine, table, lake, out string
	delay                    time.Duration
}

func newGrafana() *cobra.Command {
	var o grafanaOptions
	cmd := &cobra.Command{
		Use:   "grafana",
		Short: "Write the dashboards for Grafana",
		Long: "Write the dashboards as files that Grafana imports, for its data source Amazon Athena or for MotherDuck's DuckDB. For\n" +
			"DuckDB, " + grafana.Views + " has the statements that the data source has to run when it connects.",
		Example: `  dashboard grafana --engine athena
  dashboard grafana --engine duckdb --lake ./lake --out ./dashboards`,
		Args: cobra.NoArgs,
		RunE: o.run,
	}
	f := cmd.Flags()
	f.StringVar(&o.engine, "engine", grafana.Athena.Name, "what the data source asks: athena or duckdb")
	f.StringVar(&o.table, "table", panels.Samples, "table of the samples in Athena")
	f.StringVar(&o.lake, "lake", defaultLake, "directory of the lake, for DuckDB")
	f.StringVar(&o.out, "out", "grafana", "directory to write into")
	f.DurationVar(&o.delay, "delay", server.DefaultDelay, "how long samples normally take from a machine into the lake")
	complete(cmd, "engine", fixed(grafana.Athena.Name, grafana.DuckDB.Name))
	return cmd
}

var tableName = regexp.MustCompile(`^[a-z0-9_]+$`)

func (o *grafanaOptions) run(cmd *cobra.Command, _ []string) error {
	engine, err := grafana.EngineOf(o.engine)
	if err != nil {
		return program.Refuse(err)
	}
	if o.delay < 0 {
		return program.Refuse(errors.New("--delay must not be negative"))
	}
	if !tableName.MatchString(o.table) {
		return program.Refusef("--table %q: want the name of a table in Glue, of a-z 0-9 _", o.table)
	}
	lake, err := filepath.Abs(o.lake)
	if err != nil {
		return err
	}
	files, err := grafana.Files(grafana.Options{Engine: engine, Table: o.table, Delay: o.delay, Lake: lake})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("write the dashboards: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(o.out, f.Name)
		if err := os.WriteFile(path, f.Text, 0o644); err != nil {
			return fmt.Errorf("write the dashboards: %w", err)
		}
		fmt.Fprintln(cmd.OutOrStdout(), path)
	}
	return nil
}
