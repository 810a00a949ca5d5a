package cli

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// failedGroup is a line of the list: failed records that have much in common.
type failedGroup struct{ reason, code, day, host string }

// failedCount counts the records of a group.
type failedCount struct {
	records, doubt, bytes int64
	example, message      string
}

// unreadable stands in place of an error code for a part of an object that is not a record, or that cannot be sent.
const unreadable = "(unreadable)"

func newFailedList() *cobra.Command {
	var o failedOptions
	var format string
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List failed records by reason, day and host",
		Long: "List the records that Firehose gave up and that were not sent again, by reason, error code, day of arrival (UTC) and host,\n" +
			"with one example and its message. A host is there if the record can be read. Parts of objects that are not records\n" +
			"have the code " + unreadable + ". Records are in doubt if a replay sent them and did not learn whether they were accepted.",
		Example: `  dashboard failed ls --s3
  dashboard failed ls --lake ./lake --reason format-conversion-failed --from 2026-02-03`,
		Args: program.NoArgs[*cobra.Command],
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(format, cmd.OutOrStdout()); err != nil {
				return err
			}
			groups := map[failedGroup]*failedCount{}
			err := o.walk(cmd, func(f failed.Found) error {
				g := failedGroup{f.Type(), f.Entry.Code, f.Arrival().Format(time.DateOnly), f.Sample.Host}
				message := f.Entry.Message
				if f.Entry.Problem != nil {
					g.code, message = unreadable, f.Entry.Problem.Error()
				}
				c := groups[g]
				if c == nil {
					c = &failedCount{example: f.Name(), message: message}
					groups[g] = c
				}
				c.records++
				c.bytes += int64(len(f.Entry.Data))
				if f.Doubt {
					c.doubt++
				}
				return nil
			})
			if err != nil {
				return err
			}
			out, err := output.New(format, cmd.OutOrStdout())
			if err != nil {
				return err
			}
			return output.Copy(out, listed(groups))
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&format, "format", output.Table, formatUsage)
	return cmd
}

func listed(groups map[failedGroup]*failedCount) panels.Result {
	text, number := panels.Column{Type: "VARCHAR"}, panels.Column{Type: "BIGINT"}
	columns := []panels.Column{text, text, text, text, number, number, number, text, text}
	for i, name := range []string{"reason", "code", "day", "host", "records", "in_doubt", "bytes", "example", "message"} {
		columns[i].Name = name
	}
	r := panels.Result{Columns: columns, Data: make([][]any, len(columns))}
	keys := make([]failedGroup, 0, len(groups))
	for g := range groups {
		keys = append(keys, g)
	}
	slices.SortFunc(keys, func(a, b failedGroup) int {
		return cmp.Or(cmp.Compare(a.reason, b.reason), cmp.Compare(a.code, b.code), cmp.Compare(a.day, b.day), cmp.Compare(a.host, b.host))
	})
	for _, g := range keys {
		c := groups[g]
		for i, v := range []any{g.reason, g.code, g.day, g.host, c.records, c.doubt, c.bytes, c.example, c.message} {
			if v == "" {
				v = nil
			}
			r.Data[i] = append(r.Data[i], v)
		}
	}
	return r
}

// walk calls each for the chosen records.
func (o *failedOptions) walk(cmd *cobra.Command, each func(failed.Found) error) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	selection, err := o.selection()
	if err != nil {
		return err
	}
	storage, _, _, err := o.open(cmd.Context())
	if err != nil {
		return err
	}
	found := false
	err = failed.Walk(cmd.Context(), storage, selection, func(f failed.Found) error {
		found = true
		return each(f)
	})
	if err == nil && !found && !o.s3 {
		sayNoSamples(cmd, o.lake)
	}
	return err
}

func newFailedShow() *cobra.Command {
	var o failedOptions
	var lines int
	cmd := &cobra.Command{
		Use:   "show [flags] OBJECT#NUMBER",
		Short: "Show one failed record: why it failed, and what it holds",
		Long: "Show one failed record: why it failed, and the beginning of what it holds, expanded if it is a pack. dashboard failed ls names\n" +
			"an example of each kind.",
		Example: `  dashboard failed show --s3 'errors/processing-failed/2026/02/03/Stream-1-2026-02-03-04-05-06-…#0'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return program.Refusef("want one record, as dashboard failed ls names its examples; got %d arguments", len(args))
			}
			key, number, found := strings.Cut(args[0], "#")
			index, err := strconv.Atoi(number)
			if !found || err != nil || index < 0 {
				return program.Refusef("%q: want the object and the number of the record, as in errors/processing-failed/2026/02/03/name#0", args[0])
			}
			if err := o.check(cmd); err != nil {
				return err
			}
			storage, _, _, err := o.open(cmd.Context())
			if err != nil {
				return err
			}
			f, err := failed.Find(cmd.Context(), storage, key, index)
			if err != nil {
				return err
			}
			return show(cmd, f, lines)
		},
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&lines, "lines", 10, "how many lines of the record to show")
	return cmd
}

func show(cmd *cobra.Command, f failed.Found, lines int) error {
	out := cmd.OutOrStdout()
	e := f.Entry
	fmt.Fprintf(out, "record    %s\nreason    %s\ncode      %s\nmessage   %s\nreceived  %s\nattempts  %d\nbytes     %d\n",
		f.Name(), f.Type(), e.Code, strconv.Quote(e.Message), f.Arrival().Format(time.RFC3339), e.Attempts, len(e.Data))
	if e.Problem != nil {
		fmt.Fprintf(out, "unusable  %v\n", e.Problem)
		return nil
	}
	text := e.Data
	if record.IsPack(e.Data) {
		var r record.PackReader
		expanded, err := r.AppendLines(nil, e.Data)
		if err != nil {
			fmt.Fprintf(out, "a pack that cannot be expanded: %v\n", err)
			return nil
		}
		text = expanded
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if n++; n > lines {
			fmt.Fprintf(out, "… (--lines shows more)\n")
			break
		}
		fmt.Fprintln(out, printable(strings.TrimSuffix(line, "\n")))
	}
	return nil
}

// printable returns a text that does nothing to a terminal.
func printable(s string) string {
	quoted := strconv.Quote(s)
	if quoted == `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s)+`"` {
		return s
	}
	return quoted
}

func newFailedExport() *cobra.Command {
	var o failedOptions
	var dir string
	cmd := &cobra.Command{
		Use:   "export [flags] --out DIR",
		Short: "Write the original bytes of failed records into files",
		Long: "Write the original bytes of each chosen record into a file of its own in DIR: a pack with the ending .gz, any other record\n" +
			"with .json. The file has the name of the object, with _ for each slash, and the number of the record in it.",
		Example: `  dashboard failed export --s3 --host web-1 --out web-1`,
		Args:    program.NoArgs[*cobra.Command],
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				return program.Refusef("--out is missing: want the directory for the files")
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			files, left := 0, 0
			err := o.walk(cmd, func(f failed.Found) error {
				if f.Entry.Problem != nil {
					left++
					return nil
				}
				files++
				return os.WriteFile(filepath.Join(dir, exportName(f)), f.Entry.Data, 0o644)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "dashboard: wrote %s into %s; left out %s that cannot be read\n",
				english.Plural(files, "record", ""), dir, english.Plural(left, "part of an object", "parts of objects"))
			return nil
		},
	}
	o.flags(cmd)
	cmd.Flags().StringVar(&dir, "out", "", "directory for the files; it is created")
	return cmd
}

// exportName returns a file name for a record: the object's key without slashes, and the number.
func exportName(f failed.Found) string {
	ending := ".json"
	if record.IsPack(f.Entry.Data) {
		ending = ".gz"
	}
	return strings.ReplaceAll(strings.TrimPrefix(f.Object.Key, failed.Errors), "/", "_") + "-" + strconv.Itoa(f.Entry.Index) + ending
}
