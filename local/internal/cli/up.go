package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/roll"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// closeWithin is how long the delivery of the remaining records may take at the end.
const closeWithin = time.Minute

func newUp(stdout, stderr io.Writer) *cobra.Command {
	var flags stackFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the stack until an interrupt",
		Long: "Run the stack of a template: Firehose (PutRecord, PutRecordBatch, DescribeDeliveryStream, ListDeliveryStreams) and SSM\n" +
			"parameters (GetParameter, GetParameters, GetParametersByPath, PutParameter) on one port, the transform, and delivery\n" +
			"into files. Accepted records are durable. Each hour the stack also rolls up the lake, as the command rollup does. An\n" +
			"interrupt delivers the remaining records and ends the stack; a second one ends it at once.",
		Example: "  local up --dir lake --flush-every 10s\n" +
			"  local up --template cdk.out/MetricsDashboard.template.json --transform bootstrap",
		Args: program.NoArgs[*cobra.Command],
	}
	flags.declare(cmd.Flags(), "127.0.0.1:4566", 0)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r, err := flags.resolve(stderr)
		if err != nil {
			return err
		}
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		return up(ctx, r, stdout)
	}
	return cmd
}

func up(ctx context.Context, r resolved, stdout io.Writer) error {
	h, err := stack.Start(ctx, r.stack, r.options)
	if err != nil {
		return err
	}
	describe(stdout, r, h)
	stop := roll.Start(ctx, r.options.Dir, r.log)
	select {
	case err = <-h.Failed():
		err = fmt.Errorf("the endpoint ended: %w", err)
	case <-ctx.Done():
	}
	stop()
	if closeErr := shutDown(ctx, h, stdout); err == nil {
		err = closeErr
	}
	return err
}

// shutDown delivers the remaining records and ends the stack, even if the context has ended.
func shutDown(ctx context.Context, h *stack.Stack, stdout io.Writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeWithin)
	defer cancel()
	fmt.Fprintf(stdout, "Stopping: %s to deliver.\n", counted(h.Stats().Pending, "record"))
	err := h.Close(ctx)
	s := h.Stats()
	fmt.Fprintf(stdout, "Took %s, delivered %s in %s", counted(s.Records, "record"), counted(s.Rows, "row"), counted(s.Objects, "object"))
	if s.FailedRecords > 0 {
		fmt.Fprintf(stdout, ", and %s under the error prefix", counted(s.FailedRecords, "record"))
	}
	if s.LostRecords > 0 {
		fmt.Fprintf(stdout, "; %s found damaged in the journal and lost", counted(s.LostRecords, "record"))
	}
	fmt.Fprintln(stdout, ".")
	return err
}

// counted returns a number with its noun: "1 row", "1,200 rows".
func counted(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return humanize.Comma(n) + " " + noun
}

// describe prints what runs, where its files are, and how to reach it.
func describe(w io.Writer, r resolved, h *stack.Stack) {
	fmt.Fprintf(w, "Local stack %s on %s\n", r.stack.Name, h.Endpoint())
	for _, s := range r.stack.Streams {
		fmt.Fprintf(w, "  stream      %s\n", s.Name)
		fmt.Fprintf(w, "  objects     %s\n", folderOf(r, s))
		fmt.Fprintf(w, "  buffering   %s\n", buffering(s, r.options.FlushEvery))
		fmt.Fprintf(w, "  transform   %s\n", transformOf(s, r.options.Transform))
	}
	if path := h.ParameterPath(); path != "" {
		fmt.Fprintf(w, "  parameters  %s/\n", path)
	}
	if r.options.Faults != (stack.Options{}).Faults {
		fmt.Fprintf(w, "  faults      %v, seed %d\n", r.options.Faults, r.options.FaultSeed)
	}
	fmt.Fprintf(w, "To put records with any AWS SDK or CLI, first run\n  export %s\n", strings.Join(h.Environment(), " "))
}

// folderOf is where the objects of a stream are.
func folderOf(r resolved, s spec.Stream) string {
	prefix, _ := template.ParsePrefix(s.Prefix) // it was checked when the template was read
	return filepath.Join(r.options.Dir, s.Bucket, prefix.Folder())
}

func buffering(s spec.Stream, flushEvery time.Duration) string {
	b := s.Buffering
	text := fmt.Sprintf("%s or %v", humanize.IBytes(uint64(max(0, b.Bytes))), b.Interval)
	if s.Lambda != nil {
		l := s.Lambda.Buffering
		text = fmt.Sprintf("%s or %v before the transform, then %s", humanize.IBytes(uint64(max(0, l.Bytes))), l.Interval, text)
	}
	if flushEvery > 0 {
		return fmt.Sprintf("at most %v from a record to its object (--flush-every); the template has %s", flushEvery, text)
	}
	return text + ", as in the template"
}

func transformOf(s spec.Stream, path string) string {
	switch {
	case s.Lambda == nil:
		return "none"
	case path != "":
		return path + ", over the Lambda Runtime API"
	}
	return "in this process"
}
