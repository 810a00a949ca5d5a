package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fleet"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Bounds of a simulation.
const (
	maxHosts = 10_000
	maxDays  = 400
)

type fleetFlags struct {
	stackFlags
	hosts, days          int
	seed                 uint64
	interval, maxLatency time.Duration
	endpoint             string
}

func newFleet(stdout, stderr io.Writer) *cobra.Command {
	var flags fleetFlags
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Simulate many machines, in real time or for past days",
		Long: "Simulate machines that behave like real ones: daily and weekly load, batch jobs, memory leaks, noisy neighbours, disks\n" +
			"that fill, dying hosts, wrong clocks, restarts. Their samples are put in packs through Firehose's API. With --days,\n" +
			"fleet fills the lake with past days as fast as possible and ends. Without it, fleet puts samples in real time until\n" +
			"an interrupt. The same seed, hosts, days and interval give the same rows.",
		Example: "  local fleet --hosts 30 --days 14 --dir lake && dashboard --lake lake\n" +
			"  local fleet --hosts 100 --flush-every 10s",
		Args: program.NoArgs[*cobra.Command],
	}
	f := cmd.Flags()
	flags.declare(f, "127.0.0.1:0", 0)
	f.IntVar(&flags.hosts, "hosts", 30, fmt.Sprintf("number of machines, 1 to %s", humanize.Comma(maxHosts)))
	f.IntVar(&flags.days, "days", 0, fmt.Sprintf("past days to simulate, up to %d; 0 means real time", maxDays))
	f.Uint64Var(&flags.seed, "seed", 1, "seed of the simulation")
	f.DurationVar(&flags.interval, "interval", 0, "time between two samples of a machine, 1s to 1h (default: 15s with --days, else 3s)")
	f.DurationVar(&flags.maxLatency, "max-latency", 0, "how long a pack collects samples, up to 15m (default: 5m with --days, else 10s)")
	f.StringVar(&flags.endpoint, "endpoint", "",
		"put into a running stack, such as http://127.0.0.1:4566 (default: run a stack of its own)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o, err := flags.options()
		if err != nil {
			return err
		}
		r, err := flags.resolve(stderr)
		if err != nil {
			return err
		}
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		return flags.run(ctx, r, o, stdout, stderr)
	}
	return cmd
}

func (f *fleetFlags) options() (o fleet.Options, err error) {
	var problems []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	now := time.Now()
	o = fleet.Options{Hosts: f.hosts, Seed: f.seed, Interval: f.interval, MaxLatency: f.maxLatency}
	interval, latency := 3*time.Second, 10*time.Second
	if f.days > 0 {
		interval, latency = 15*time.Second, 5*time.Minute
		// It begins on a whole hour, so that a second run within the hour gives the same rows, and ends now, so that hosts report.
		o.From = now.Truncate(time.Hour).Add(-time.Duration(f.days) * 24 * time.Hour)
		o.To = now
	}
	if o.Interval == 0 {
		o.Interval = interval
	}
	if o.MaxLatency == 0 {
		o.MaxLatency = max(latency, o.Interval)
	}
	check(f.hosts >= 1 && f.hosts <= maxHosts, "--hosts %d: want 1 to %d", f.hosts, maxHosts)
	check(f.days >= 0 && f.days <= maxDays, "--days %d: want 0 to %d", f.days, maxDays)
	check(o.Interval >= time.Second && o.Interval <= time.Hour, "--interval %v: want 1s to 1h", f.interval)
	check(o.MaxLatency > 0 && (o.MaxLatency <= 15*time.Minute || f.maxLatency == 0), "--max-latency %v: want up to 15m", f.maxLatency)
	u, err := url.Parse(f.endpoint)
	check(f.endpoint == "" || err == nil && u.Scheme != "" && u.Host != "", "--endpoint %q: want an address such as http://127.0.0.1:4566", f.endpoint)
	if len(problems) > 0 {
		return o, program.Refuse(errors.Join(problems...))
	}
	return o, nil
}

func (f *fleetFlags) run(ctx context.Context, r resolved, o fleet.Options, stdout, stderr io.Writer) error {
	if len(r.stack.Streams) == 0 {
		return errors.New("put samples: the template does not have a delivery stream")
	}
	if f.endpoint != "" {
		if err := f.fitsRunningStack(r.stack.Streams[0]); err != nil {
			return err
		}
		return f.simulate(ctx, f.endpoint, r.stack.Streams[0].Name, o, stdout, stderr)
	}
	if f.days > 0 {
		r.stack.Streams = acceptDays(r.stack.Streams, f.days)
	}
	lake := folderOf(r, r.stack.Streams[0])
	if held, err := hasObjects(lake); err != nil {
		return err
	} else if held {
		fmt.Fprintf(stderr, "local: %s already has samples, and this run adds to them. Hosts of an earlier fleet have the same names, so that their "+
			"samples mix. For a fleet of its own give an empty directory with --dir.\n", lake)
	}
	h, err := stack.Start(ctx, r.stack, r.options)
	if err != nil {
		return err
	}
	describe(stdout, r, h)
	o.Deliver = h.Deliver
	err = f.simulate(ctx, h.Endpoint(), r.stack.Streams[0].Name, o, stdout, stderr)
	err = errors.Join(err, shutDown(ctx, h, stdout))
	if s := h.Stats(); f.days > 0 && s.FailedRecords+s.LostRecords > 0 {
		err = errors.Join(err, fmt.Errorf("not all samples are in the lake: %s under the error prefix, %s lost; see %s",
			counted(s.FailedRecords, "record"), counted(s.LostRecords, "record"), filepath.Join(r.options.Dir, r.stack.Streams[0].Bucket)))
	}
	if err == nil {
		fmt.Fprintf(stdout, "To see the hosts, run\n  %s --lake %s\nand open http://127.0.0.1:8080/?dashboard=hosts&range=24h. Nothing reports from now on: "+
			"after some minutes the page calls all of them silent.\n", program.Beside(os.Args[0], "dashboard"), r.options.Dir)
	}
	return err
}

// hasObjects reports whether there is a Parquet file below a folder, which need not exist.
func hasObjects(folder string) (found bool, err error) {
	err = filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case strings.HasSuffix(path, ".parquet"):
			found = true
			return fs.SkipAll
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look for samples of an earlier run: %w", err)
	}
	return found, nil
}

// acceptDays returns copies of the streams whose transforms accept samples of that many past days.
func acceptDays(streams []spec.Stream, days int) []spec.Stream {
	streams = slices.Clone(streams)
	for i := range streams {
		if streams[i].Lambda == nil {
			continue
		}
		lambda := *streams[i].Lambda
		lambda.Environment = maps.Clone(lambda.Environment)
		if lambda.Environment == nil {
			lambda.Environment = map[string]string{}
		}
		// Two days more: the history begins on a whole hour, and the clocks of some hosts are wrong.
		lambda.Environment[transform.MaxAgeVariable] = strconv.Itoa(days + 2)
		streams[i].Lambda = &lambda
	}
	return streams
}

// fitsRunningStack refuses a history that the running stack would not deliver whole. It assumes that the stack runs the template of
// the flags.
func (f *fleetFlags) fitsRunningStack(s spec.Stream) error {
	const day = 24 * time.Hour
	accepted := maxDays * day
	if s.Lambda != nil {
		var err error
		if accepted, err = transform.MaxAge(func(name string) string { return s.Lambda.Environment[name] }); err != nil {
			return fmt.Errorf("environment of function %s: %w", s.Lambda.FunctionARN, err)
		}
	}
	// One day less: the history begins on a whole hour, and putting it takes some time.
	if most := int(min(accepted, delivery.MaxPartitions*time.Hour)/day) - 1; f.days > most {
		return program.Refusef("--days %d with --endpoint: the running stack refuses samples older than %d days and delivers at most %d hours "+
			"at a time; want --days %d or less, or no --endpoint", f.days, accepted/day, delivery.MaxPartitions, most)
	}
	return nil
}

func (f *fleetFlags) simulate(ctx context.Context, endpoint, stream string, o fleet.Options, stdout, stderr io.Writer) error {
	to := fleet.NewStream(aws.Config{
		Region: f.region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}, stream)
	began := time.Now()
	simulation := fleet.Live
	if f.days > 0 {
		simulation = fleet.History
		var finish func()
		o.Progress, finish = progress(o, stderr)
		defer finish()
		fmt.Fprintf(stdout, "Simulating %s for %s, a sample every %v.\n", counted(int64(o.Hosts), "host"), counted(int64(f.days), "day"), o.Interval)
	} else {
		fmt.Fprintf(stdout, "Simulating %s in real time, a sample every %v, until interrupted.\n", counted(int64(o.Hosts), "host"), o.Interval)
	}
	samples, err := simulation(ctx, to, o)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil // an interrupt is the usual end
	}
	took := time.Since(began)
	fmt.Fprintf(stdout, "Put %s in %v, %s a second.\n", counted(samples, "sample"), took.Round(time.Second/10),
		humanize.Comma(int64(float64(samples)/took.Seconds())))
	return err
}

// progress shows the progress of a history: on a terminal a bar with rate and estimated end, otherwise a line every 10 seconds.
func progress(o fleet.Options, w io.Writer) (show func(time.Time, int64), finish func()) {
	total := o.To.Sub(o.From)
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		const every = 10 * time.Second
		last := time.Now()
		return func(t time.Time, samples int64) {
			if time.Since(last) >= every {
				last = time.Now()
				fmt.Fprintf(w, "%3.0f%%: %s put, up to %s\n", 100*float64(t.Sub(o.From))/float64(total), counted(samples, "sample"), t.Format(time.DateTime))
			}
		}, func() {}
	}
	bar := progressbar.NewOptions64(int64(total/time.Second),
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	began := time.Now()
	return func(t time.Time, samples int64) {
		bar.Describe(fmt.Sprintf("%s samples, %s/s", humanize.Comma(samples), humanize.Comma(int64(float64(samples)/time.Since(began).Seconds()))))
		_ = bar.Set64(int64(t.Sub(o.From) / time.Second)) // fails if the terminal has gone
	}, func() { _ = bar.Finish() }
}
