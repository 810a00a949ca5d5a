package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

const formatUsage = "table, csv, json (one object a line) or parquet"

// checkFormat refuses an unknown format, and Parquet if standard output is a terminal.
func checkFormat(format string, stdout io.Writer) error {
	formats := []string{output.Table, output.CSV, output.JSON, output.Parquet}
	if !slices.Contains(formats, format) {
		return program.Refusef("--format %s: want one of %s", format, strings.Join(formats, ", "))
	}
	if file, ok := stdout.(*os.File); ok && format == output.Parquet {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return program.Refusef("--format parquet: standard output is a terminal: send it into a file (> result.parquet)")
		}
	}
	return nil
}

// stream runs a query and prints its rows as they come. It prints the notes, about files that were left out and about the cost, to
// standard error.
func stream(cmd *cobra.Command, e engine, q panels.Query, out output.Output) error {
	notes, err := e.Stream(cmd.Context(), q, out)
	if err != nil {
		return err
	}
	for _, w := range notes.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "dashboard: warning: %s\n", w)
	}
	if c := notes.Cost; c != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "dashboard: %s\n", costText(*c))
	}
	return out.End()
}

func costText(c panels.Cost) string {
	if c.Reused {
		return "an earlier answer of the same query was reused, free of charge (--reuse 0 runs it anew)"
	}
	return fmt.Sprintf("%.1f MB scanned, about %s USD", float64(c.ScannedBytes)/1e6, strconv.FormatFloat(c.USD, 'f', 5, 64))
}
