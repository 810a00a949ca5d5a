package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

type replayOptions struct {
	failedOptions
	dryRun   bool
	doubt    string
	rate     float64
	endpoint string
}

// inDoubt are the values of --in-doubt.
var inDoubt = []string{failed.Keep, failed.Check, failed.Resend, failed.Skip}

// defaultRate is half of what a stream takes in most regions (Firehose developer guide, "Amazon Data Firehose Quota"), so that fresh
// samples still get through.
const defaultRate = 0.5

func newFailedReplay() *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Send failed records to the delivery stream again",
		Long: "Send the original bytes of failed records to the delivery stream again. When each record of an object was accepted, the object\n" +
			"moves from errors/ to replayed/. Another run goes on where one has ended, however it ended, and sends no accepted record again.\n\n" +
			"If a run dies while a request is under way, it is not known whether Firehose accepted its records, at most 500. They are in\n" +
			"doubt, and no run sends them by itself. --in-doubt says what to do about them:\n" +
			"  keep    nothing (the default)\n" +
			"  check   ask the lake: a record that is there has arrived; a record that is missing after 25 hours is sent again\n" +
			"  resend  send them again; some may arrive twice, with the same session_id and seq\n" +
			"  skip    do not send them; some may never arrive",
		Example: `  dashboard failed replay --s3 --dry-run
  dashboard failed replay --s3 --reason processing-failed --from 2026-02-03
  dashboard failed replay --lake ./lake --endpoint http://127.0.0.1:4566
  dashboard failed replay --s3 --in-doubt check`,
		Args: program.NoArgs[*cobra.Command],
		RunE: o.run,
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be sent, and send nothing")
	f.StringVar(&o.doubt, "in-doubt", failed.Keep, "what to do about records in doubt: "+strings.Join(inDoubt, ", "))
	f.Float64Var(&o.rate, "max-rate", defaultRate, "MiB to send per second at most")
	f.StringVar(&o.endpoint, "endpoint", "", "with --lake: address of the local stack that gets the records, as local up prints it")
	return cmd
}

func (o *replayOptions) check(cmd *cobra.Command) error {
	var errs []error
	if !slices.Contains(inDoubt, o.doubt) {
		errs = append(errs, fmt.Errorf("--in-doubt %s: want one of %s", o.doubt, strings.Join(inDoubt, ", ")))
	}
	if math.IsNaN(o.rate) || o.rate <= 0 || o.rate > 1000 {
		errs = append(errs, fmt.Errorf("--max-rate %v: want MiB per second, more than 0 and at most 1000", o.rate))
	}
	switch {
	case o.s3 && o.endpoint != "":
		errs = append(errs, errors.New("--endpoint is for --lake, not for --s3: leave out one of them"))
	case !o.s3 && o.endpoint == "" && !o.dryRun:
		errs = append(errs, errors.New("--endpoint is missing: want the address of the local stack that gets the records, as local up prints it; "+
			"with --s3 the deployed stack gets them"))
	}
	return errors.Join(program.Refuse(errors.Join(errs...)), o.failedOptions.check(cmd))
}

func (o *replayOptions) run(cmd *cobra.Command, _ []string) (err error) {
	if err := o.check(cmd); err != nil {
		return err
	}
	selection, err := o.selection()
	if err != nil {
		return err
	}
	ctx, stderr := cmd.Context(), cmd.ErrOrStderr()
	storage, cfg, stream, err := o.open(ctx)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.plan(ctx, storage, selection, cmd.OutOrStdout())
	}
	if !o.s3 {
		if cfg, stream, err = o.localStream(ctx, o.endpoint); err != nil {
			return err
		}
	}
	release, exclusive, err := storage.Lock()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := o.settle(ctx, storage, exclusive, stderr); err != nil {
		return err
	}
	total, err := count(ctx, storage, selection)
	if err != nil {
		return err
	}
	return o.replay(ctx, storage, selection, total, cfg, stream, stderr)
}

func (o *replayOptions) replay(
	ctx context.Context, storage failed.Storage, selection failed.Selection, total plan, cfg aws.Config, stream string, stderr io.Writer,
) error {
	show, finish := replayProgress(total, stderr)
	replay := failed.Replay{
		Storage: storage, Stream: cloud.NewStream(cfg, stream), Selection: selection, Progress: show,
		Pace: failed.Pace{BytesPerSecond: o.rate * (1 << 20), Now: time.Now, Sleep: pause.For},
	}
	report, err := replay.Run(ctx)
	finish()
	fmt.Fprintf(stderr, "dashboard: %s accepted %s (%s); %s moved to %s\n",
		stream, english.Plural(report.Accepted, "record", ""), humanize.IBytes(uint64(report.Bytes)), english.Plural(report.Moved, "object", ""), failed.Replayed)
	if report.Unreadable > 0 {
		fmt.Fprintf(stderr, "dashboard: left below %s: %s that cannot be sent; dashboard failed ls shows why\n", failed.Errors, english.Plural(report.Unreadable, "part of an object", "parts of objects"))
	}
	if report.Doubt > 0 {
		fmt.Fprintf(stderr, "dashboard: %s in doubt: it is not known whether Firehose accepted them; they were not sent again "+
			"(dashboard failed replay --help says what --in-doubt does about them)\n", english.Plural(report.Doubt, "record", ""))
	}
	if report.Changed > 0 {
		err = errors.Join(err, fmt.Errorf("%d objects have changed since a part of them was sent, so their records cannot be told apart; "+
			"dashboard failed export writes them to files", report.Changed))
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return errors.New("interrupted; another run goes on from here")
	}
	return err
}

// plan is what a replay would send.
type plan struct {
	records, doubt, unreadable int
	bytes                      int64
	objects                    map[string]bool
	from, to                   time.Time
}

func count(ctx context.Context, storage failed.Storage, selection failed.Selection) (plan, error) {
	p := plan{objects: map[string]bool{}}
	err := failed.Walk(ctx, storage, selection, func(f failed.Found) error {
		switch {
		case f.Doubt:
			p.doubt++
			return nil
		case f.Entry.Problem != nil:
			p.unreadable++
			return nil
		}
		p.records++
		p.bytes += int64(len(f.Entry.Data))
		p.objects[f.Object.Key] = true
		at := f.Arrival()
		if p.from.IsZero() || at.Before(p.from) {
			p.from = at
		}
		if at.After(p.to) {
			p.to = at
		}
		return nil
	})
	return p, err
}

func (o *replayOptions) plan(ctx context.Context, storage failed.Storage, selection failed.Selection, stdout io.Writer) error {
	p, err := count(ctx, storage, selection)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "would send   %s, %s, of %s\n", english.Plural(p.records, "record", ""), humanize.IBytes(uint64(p.bytes)), english.Plural(len(p.objects), "object", ""))
	if p.records > 0 {
		fmt.Fprintf(stdout, "received     %s to %s\n", p.from.Format(time.RFC3339), p.to.Format(time.RFC3339))
		fmt.Fprintf(stdout, "takes        about %v\n", time.Duration(float64(p.bytes)/(o.rate*(1<<20))*float64(time.Second)).Round(time.Second))
	}
	fmt.Fprintf(stdout, "in doubt     %s (--in-doubt %s)\nunreadable   %s\n",
		english.Plural(p.doubt, "record", ""), o.doubt, english.Plural(p.unreadable, "part of an object", "parts of objects"))
	return nil
}

// settle does about records in doubt what --in-doubt says.
func (o *replayOptions) settle(ctx context.Context, storage failed.Storage, exclusive bool, stderr io.Writer) error {
	doubts := failed.Doubts{Storage: storage, Exclusive: exclusive, Now: time.Now(), Delivered: o.delivered}
	done, err := doubts.Settle(ctx, o.doubt)
	if err != nil {
		return err
	}
	if done != (failed.Settled{}) {
		fmt.Fprintf(stderr, "dashboard: of the records in doubt %d have arrived, %d are skipped, %d are sent again, %d are still in doubt\n",
			done.Arrived, done.Skipped, done.Freed, done.Left)
	}
	return nil
}

// delivered asks the lake which samples are there.
func (o *replayOptions) delivered(ctx context.Context, samples []failed.Sample) (there map[failed.SampleID]bool, err error) {
	there = map[failed.SampleID]bool{}
	if len(samples) == 0 {
		return there, nil
	}
	where := sourceOptions{lake: o.lake, athena: o.s3, stack: o.stack, region: o.region}
	src, err := where.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	hours := map[record.Hour][]failed.Sample{}
	for _, s := range samples {
		hour := record.HourOf(record.TS(s.Time))
		hours[hour] = append(hours[hour], s)
	}
	const atOnce = 100 // samples in one query
	for hour, samples := range hours {
		for part := range slices.Chunk(samples, atOnce) {
			r, err := src.Query(ctx, isThere(src, hour, part))
			if err != nil {
				return nil, fmt.Errorf("ask the lake which records have arrived: %w", err)
			}
			for i := range r.Rows() {
				session, _ := r.Data[0][i].(string)
				seq, _ := r.Data[1][i].(int64)
				there[failed.SampleID{Session: session, Seq: seq}] = true
			}
		}
	}
	return there, nil
}

// isThere returns the query for the samples of one hour that are in the lake.
func isThere(src source, hour record.Hour, samples []failed.Sample) panels.Query {
	same := make([]string, len(samples))
	var args []any
	for i, s := range samples {
		same[i] = "session_id = ? AND seq = ?"
		args = append(args, s.Session, s.Seq)
	}
	q := src.Own("SELECT DISTINCT session_id, seq FROM samples WHERE "+strings.Join(same, " OR "),
		panels.Range{From: hour.Time(), To: hour.Time().Add(time.Hour)})
	q.Args = args
	return q
}

// replayProgress shows the progress of a replay: on a terminal a bar with the estimated end, otherwise a line every 10 seconds.
func replayProgress(total plan, stderr io.Writer) (show func(failed.Report), finish func()) {
	if file, ok := stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		bar := progressbar.NewOptions64(int64(total.records), progressbar.OptionSetWriter(file), progressbar.OptionSetPredictTime(true),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("records"))
		return func(r failed.Report) { _ = bar.Set(r.Accepted) }, func() { _ = bar.Finish() } // they fail if the terminal has gone
	}
	const every = 10 * time.Second
	last := time.Now()
	return func(r failed.Report) {
		if time.Since(last) >= every {
			last = time.Now()
			fmt.Fprintf(stderr, "dashboard: %d of %d records accepted\n", r.Accepted, total.records)
		}
	}, func() {}
}
