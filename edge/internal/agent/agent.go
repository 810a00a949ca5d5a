// Package agent is a running collector: sampler, queue, discovery and shipper put together, from start to graceful stop. It
// holds no policy of its own; each part documents its part.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/awsconf"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/discover"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// Options configure a collector. All but Stream and Region are required.
type Options struct {
	Stack  string
	Stream string // empty: discovered
	Region string // empty: the default one; of the stream: discovered

	Interval   time.Duration
	MaxLatency time.Duration
	// SpoolDir is where samples wait; SpoolBytes bounds the files there, Sync says when they are made durable, see package
	// spool. BacklogRate is how many times faster than they were taken they are sent after an outage.
	SpoolDir    string
	SpoolBytes  int64
	Sync        time.Duration
	BacklogRate float64
	// StopWithin bounds how long a stop may take to deliver what is left.
	StopWithin time.Duration

	Labels            sampler.Labels
	Interfaces, Disks collect.Filter
	Log               *slog.Logger
}

// agent is one run.
type agent struct {
	options Options
	log     *slog.Logger
	aws     aws.Config
	queue   *spool.Queue
	set     *collect.Set
	sampler *sampler.Sampler
	shipper atomic.Pointer[ship.Shipper] // nil until the target is known
}

// Run collects and ships until the context ends, then delivers what is fresh within Options.StopWithin; the rest waits on
// disk for the next start. It fails only where it cannot start; later trouble is logged and tried again.
func Run(ctx context.Context, o Options) error {
	saveMemory()
	cfg, err := awsconf.Load(ctx, o.Region)
	if err != nil {
		return err
	}
	dropping := health.NewState(o.Log, "keeping samples in the full spool")
	queue, err := spool.Open(spool.Options{
		FS: spool.Dir(o.SpoolDir), MaxBytes: o.SpoolBytes, Sync: o.Sync, Log: o.Log,
		Dropped: func(n int) { dropping.Failed(fmt.Errorf("dropping the oldest, %d at first", n)) },
	})
	if err != nil {
		return fmt.Errorf("%s: %w; another edge runs here, or give this one a --spool-dir of its own", o.SpoolDir, err)
	}
	set := collect.NewSet(collect.Options{
		Interval: o.Interval, Interfaces: o.Interfaces, Disks: o.Disks, Log: o.Log,
	})
	a := &agent{
		options: o, log: o.Log, aws: cfg, queue: queue, set: set,
		sampler: sampler.New(o.Interval, o.Labels, set, o.Log),
	}
	a.log.LogAttrs(ctx, slog.LevelInfo, "started",
		slog.String("session_id", a.sampler.Session()),
		slog.Duration("interval", o.Interval), slog.Duration("max_latency", o.MaxLatency),
		slog.String("spool", o.SpoolDir), slog.Int64("waiting", queue.Stats().Lines), slog.String("stack", o.Stack), slog.String("stream", o.Stream), slog.String("region", cfg.Region))
	a.run(ctx)
	a.logStopped()
	if err := queue.Close(); err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "closing the spool", slog.String("error", err.Error()))
	}
	return nil
}

// run lets the parts work until the context ends, and stops them in the order of the data's path.
func (a *agent) run(ctx context.Context) {
	flush, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stop := make(chan struct{})
	shipped := make(chan struct{})
	go func() {
		defer close(shipped)
		if err := a.ship(ctx, flush, stop); err != nil && !errors.Is(err, context.Canceled) {
			a.log.LogAttrs(ctx, slog.LevelError, "shipping ended", slog.String("error", err.Error()))
		}
	}()
	a.sampler.Run(ctx, a.queue)
	close(stop)
	timer := time.AfterFunc(a.options.StopWithin, giveUp)
	defer timer.Stop()
	<-shipped
}

// ship finds the target and ships there. Until the target is found samples wait in the queue.
func (a *agent) ship(ctx, flush context.Context, stop <-chan struct{}) error {
	target, err := a.target(ctx, flush)
	if err != nil {
		return err
	}
	cfg := a.aws.Copy()
	cfg.Region = target.Region
	a.log.LogAttrs(ctx, slog.LevelInfo, "shipping",
		slog.String("stream", target.Stream), slog.String("region", target.Region))
	a.shipper.Store(ship.New(a.queue, newStream(a, cfg, target), ship.Options{
		Interval: a.options.Interval, MaxLatency: a.options.MaxLatency, BacklogRate: a.options.BacklogRate, Log: a.log,
	}))
	return a.shipper.Load().Run(flush, stop)
}

// target returns where to send, asking until there is an answer. When ctx ends, the question under way may still be
// answered, as long as flush lasts, but none is asked any more.
func (a *agent) target(ctx, flush context.Context) (discover.Target, error) {
	if a.options.Stream != "" {
		return discover.Target{Stream: a.options.Stream, Region: a.aws.Region}, nil
	}
	state := health.NewState(a.log, "discovery")
	policy := backoff.Policy{Base: time.Second, Cap: time.Minute}
	for failures := 1; ; failures++ {
		target, err := discover.Find(flush, a.aws, a.options.Stack)
		if err == nil {
			state.OK()
			return target, nil
		}
		if ctx.Err() != nil {
			return target, ctx.Err()
		}
		state.Failed(err)
		if !backoff.Sleep(ctx, nil, policy.Delay(failures)) {
			return target, ctx.Err()
		}
	}
}

// logStopped accounts for every sample that was taken, now or before an earlier stop.
func (a *agent) logStopped() {
	var s ship.Stats
	if shipper := a.shipper.Load(); shipper != nil {
		s = shipper.Stats()
	}
	q := a.queue.Stats()
	taken, lost := a.sampler.Taken(), a.sampler.Lost()
	level := slog.LevelInfo
	if q.Lines > 0 {
		level = slog.LevelWarn
	}
	a.log.LogAttrs(context.Background(), level, "stopped",
		slog.Int64("samples", taken), slog.Int64("delivered", s.Samples), slog.Int64("undelivered", q.Lines),
		slog.Int64("dropped", q.Dropped+q.Damaged+lost+s.Unusable), slog.Int64("records", s.Records),
		slog.Int64("requests", s.Requests), slog.Int64("collector_failures", a.set.Failures()))
}
