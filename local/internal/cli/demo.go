package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/demo"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/roll"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// demoFlushEvery is the default of --flush-every in a demo.
const demoFlushEvery = 5 * time.Second

type demoFlags struct {
	stackFlags
	dashboard string
	duration  time.Duration
	interval  time.Duration
}

func newDemo(stdout, stderr io.Writer) *cobra.Command {
	var flags demoFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show this machine's metrics on a web page, through the whole pipeline",
		Long: "Run the stack, the collector edge on this machine, and the dashboard. The demo ends at an interrupt, or after --for.\n" +
			"The stack is that of the template, but it delivers after seconds and not after minutes (--flush-every).",
		Example: "  local demo\n  local demo --for 40s --dir lake --listen 127.0.0.1:0 --dashboard 127.0.0.1:0",
		Args:    program.NoArgs[*cobra.Command],
	}
	f := cmd.Flags()
	flags.declare(f, "127.0.0.1:0", demoFlushEvery)
	f.StringVar(&flags.dashboard, "dashboard", "127.0.0.1:8080",
		"address of the page; port 0 means any free port (default: any free port if 8080 is in use)")
	f.DurationVar(&flags.duration, "for", 0, "end after this time, such as 40s (default: at an interrupt)")
	f.DurationVar(&flags.interval, "interval", time.Second, "time between two samples, 1s to 1h in whole seconds")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r, err := flags.resolve(stderr)
		if err != nil {
			return err
		}
		options, err := flags.options(cmd.Flags().Changed("dashboard"))
		if err != nil {
			return err
		}
		ctx, stop := untilSignal(cmd.Context())
		defer stop()
		return runDemo(ctx, r, options, stdout)
	}
	return cmd
}

func runDemo(ctx context.Context, r resolved, o demo.Options, stdout io.Writer) error {
	edge, err := demo.FindEdge()
	if err != nil {
		return err
	}
	h, err := stack.Start(ctx, r.stack, r.options)
	if err != nil {
		return err
	}
	describe(stdout, r, h)
	stop := roll.Start(ctx, r.options.Dir, r.log)
	defer stop()
	o.Edge, o.Dir, o.Delay = edge, r.options.Dir, delay(r)
	o.Out, o.Log = stdout, r.log
	stopped := false
	o.Stop = func() error {
		stopped = true
		return shutDown(ctx, h, stdout)
	}
	err = demo.Run(ctx, h, o)
	if !stopped {
		err = errors.Join(err, o.Stop())
	}
	return err
}

// delay returns how long the stack takes at most from a record to an object.
func delay(r resolved) time.Duration {
	if r.options.FlushEvery > 0 {
		return r.options.FlushEvery
	}
	var longest time.Duration
	for _, s := range r.stack.Streams {
		d := s.Buffering.Interval
		if s.Lambda != nil {
			d += s.Lambda.Buffering.Interval
		}
		longest = max(longest, d)
	}
	return longest
}

func (f *demoFlags) options(explicit bool) (demo.Options, error) {
	if f.duration < 0 {
		return demo.Options{}, program.Refusef("--for %v: want a duration such as 40s", f.duration)
	}
	if f.interval < time.Second || f.interval > time.Hour || f.interval%time.Second != 0 {
		return demo.Options{}, program.Refusef("--interval %v: want 1s to 1h in whole seconds", f.interval)
	}
	if err := stack.CheckListen(f.dashboard, f.allowRemote); err != nil {
		return demo.Options{}, program.Refusef("--dashboard: %w", err)
	}
	return demo.Options{
		Dashboard: f.dashboard, AnyPort: !explicit, AllowRemote: f.allowRemote, For: f.duration, Interval: f.interval,
	}, nil
}
