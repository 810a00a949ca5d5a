package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type panelsOptions struct {
	queryOptions
	delay  time.Duration
	sql    bool
	once   bool
	params map[string]*string // by their names in the page's address
}

func newPanels() *cobra.Command {
	o := panelsOptions{params: map[string]*string{}}
	cmd := &cobra.Command{
		Use:   "panels [flags] [ID]",
		Short: "List the panels of the dashboards, or run one",
		Long: "List the panels of the dashboards, or run the panel with the given ID and print its rows. With --sql, print its\n" +
			"query instead: for DuckDB (dashboard query), or with --athena for Athena over the stack's table.",
		Example: `  dashboard panels
  dashboard panels --lake ./lake --range 24h hosts-summary
  dashboard panels --athena --once --range 24h hosts-summary
  dashboard panels --sql --range 7d --env prod --metric ram_pct patterns-week`,
		RunE: o.run,
	}
	o.flags(cmd)
	o.rulesFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", output.Table, formatUsage)
	f.DurationVar(&o.delay, "delay", server.DefaultDelay, "how long samples normally take from a machine into the lake")
	f.BoolVar(&o.sql, "sql", false, "print the query instead of running it")
	f.BoolVar(&o.once, "once", false, "count a sample only once if it was delivered twice: read samples_once in place of samples")
	for name, usage := range map[string]string{
		"range":   "time up to now, such as 15m, 6h or 7d (default 15m)",
		"from":    "begin of the time range, RFC 3339 or Unix seconds; needs --to",
		"to":      "end of the time range; needs --from",
		"host":    "only this host",
		"env":     "only this environment",
		"role":    "only this role",
		"tag":     "only hosts with this tag, key=value",
		"process": "only this process, as the panels of processes name it",
		"metric":  "column for the panels that show a metric of your choice, such as ram_pct (default cpu_pct)",
		"buckets": "greatest number of points over time, 10 to 2000 (default 300)",
		"offset":  "how many seconds your clock is ahead of UTC, for the panels by hour and day (default 0); 7200,1792890000:3600 if it changes at a Unix time",
	} {
		o.params[name] = f.String(name, "", usage)
	}
	completeFormat(cmd)
	o.completeChoices(cmd)
	return cmd
}

func (o *panelsOptions) run(cmd *cobra.Command, args []string) (err error) {
	if err := errors.Join(checkFormat(o.format, cmd.OutOrStdout()), o.check(cmd)); err != nil {
		return err
	}
	if len(args) == 0 {
		return o.list(cmd)
	}
	if len(args) > 1 {
		return program.Refusef("want one panel at a time, got %s", strings.Join(args, " "))
	}
	panel, ok := panels.Find(args[0])
	if !ok {
		return program.Refusef("there is no panel %q: dashboard panels lists them", args[0])
	}
	values := url.Values{}
	for name, value := range o.params {
		if cmd.Flags().Changed(name) {
			values.Set(name, *value)
		}
	}
	now := time.Now()
	if o.athena {
		now = now.Truncate(stepOfAthena)
	}
	params, err := server.Params(values, now, o.delay)
	if err != nil {
		return program.Refuse(err)
	}
	params.Once = o.once
	if o.sql && !o.athena {
		if params.Rules, err = o.fileRules(); err != nil {
			return err
		}
		return printSQL(cmd, panel, params, panels.DuckDB())
	}
	src, err := o.openFor(cmd)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	params.Rules = src.settings.Rules
	if o.sql {
		return printSQL(cmd, panel, params, src.Form(cmd.Context()))
	}
	if err := checkChosen(cmd.Context(), src, params, now, cmd.ErrOrStderr()); err != nil {
		return err
	}
	query, err := panels.Bind(panel, params, src.Form(cmd.Context()))
	if err != nil {
		return err
	}
	out, err := output.New(o.format, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	if o.format == output.Table {
		out = output.People(cmd.OutOrStdout(), panel, params)
	}
	return stream(cmd, src, query, out)
}

func printSQL(cmd *cobra.Command, panel panels.Panel, params panels.Params, form panels.Form) error {
	text, err := panels.Literal(panel, params, form)
	if err == nil {
		_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
	}
	return err
}

func (o *panelsOptions) list(cmd *cobra.Command) error {
	text := panels.Column{Type: "VARCHAR"}
	columns := make([]panels.Column, 5)
	for i, name := range []string{"id", "dashboard", "title", "kind", "question"} {
		columns[i] = text
		columns[i].Name = name
	}
	r := panels.Result{Columns: columns, Data: make([][]any, len(columns))}
	for _, d := range append(panels.All(), panels.Dashboard{Title: "(no page)", Panels: panels.Questions()}) {
		for _, p := range d.Panels {
			for i, value := range []string{p.ID, d.Title, p.Title, string(p.Kind), p.Question} {
				r.Data[i] = append(r.Data[i], value)
			}
		}
	}
	out, err := output.New(o.format, cmd.OutOrStdout())
	if err != nil {
		return err
	}
	return output.Copy(out, r)
}
