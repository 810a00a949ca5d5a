package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

// A shell asks for completions while someone types. So a completion that reads the lake has little time, and one over Athena, which
// takes seconds and costs money, is not offered.
const completionTime = 2 * time.Second

// complete makes the completion of a flag. It panics if the command does not have the flag: that is a mistake in the program.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(fmt.Sprintf("complete --%s: %v", flag, err))
	}
}

// fixed completes from a list, and never with the names of files.
func fixed(choices ...cobra.Completion) cobra.CompletionFunc {
	return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
}

func completeFormat(cmd *cobra.Command) {
	complete(cmd, "format", fixed(output.Table, output.CSV, output.JSON, output.Parquet))
}

// panelIDs are the ids of all panels, each with its question.
func panelIDs() []cobra.Completion {
	var ids []cobra.Completion
	for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
		for _, p := range d.Panels {
			ids = append(ids, cobra.CompletionWithDesc(p.ID, p.Question))
		}
	}
	return ids
}

// completeChoices completes the flags of a panel's choices.
func (o *panelsOptions) completeChoices(cmd *cobra.Command) {
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return panelIDs(), cobra.ShellCompDirectiveNoFileComp
	}
	var metrics []cobra.Completion
	for _, m := range panels.Metrics() {
		metrics = append(metrics, cobra.CompletionWithDesc(m.Column, m.Label))
	}
	complete(cmd, "metric", fixed(metrics...))
	complete(cmd, "range", fixed("5m", "15m", "1h", "6h", "24h", "7d", "30d"))
	for flag, column := range map[string]string{"host": "host", "env": "env", "role": "role"} {
		complete(cmd, flag, o.fromLake("filters-hosts", column))
	}
	complete(cmd, "tag", o.fromLake("filters-tags", "tag"))
	for _, flag := range []string{"from", "to", "buckets", "offset", "delay"} {
		complete(cmd, flag, cobra.NoFileCompletions)
	}
}

// fromLake completes with the values of a column of a panel, over the day before the newest sample. With tags it completes key=value.
func (o *panelsOptions) fromLake(id, column string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		values, err := o.valuesOf(cmd.Context(), id, column)
		if err != nil {
			cobra.CompDebugln(err.Error(), false)
		}
		return values, cobra.ShellCompDirectiveNoFileComp
	}
}

func (o *panelsOptions) valuesOf(ctx context.Context, id, column string) (values []cobra.Completion, err error) {
	if o.athena {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	src, err := o.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed := src.Close(); err == nil {
			err = failed
		}
	}()
	newest, ok, err := src.Newest(ctx, time.Now())
	if err != nil || !ok {
		return nil, err
	}
	params, err := server.Params(map[string][]string{"range": {"24h"}}, newest.Add(time.Millisecond), o.delay)
	if err != nil {
		return nil, err
	}
	return valuesOf(ctx, src, id, column, params, io.Discard)
}
