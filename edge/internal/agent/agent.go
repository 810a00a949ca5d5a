// Package agent is a running collector: configuration, sampler, spool, discovery, shipper and status put together, from start
// over changes of the configuration to graceful stop. It holds no policy of its own; each part documents its part.
package agent

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// Options say how to run. Load, StopWithin and Log are required.
type Options struct {
	// Load reads what this machine says, again after each signal on Reload.
	Load   func() config.Local
	Reload <-chan os.Signal
	// StopWithin bounds how long a stop may take to deliver what is left.
	StopWithin time.Duration
	Version    string
	Log        *slog.Logger
	// Level follows the configuration; it may be nil.
	Level *slog.LevelVar
}

// agent is one run. Sampler, shipper and destination live as long as it; a change of the configuration tunes them.
type agent struct {
	options     Options
	log         *slog.Logger
	began       time.Time
	tuning      tuning
	start       config.Config // what holds until the next start is taken from here
	queue       *spool.Queue
	sampler     *sampler.Sampler
	shipper     *ship.Shipper
	destination *cloud.Destination

	dropping, serving, central, shipping *retry.State

	readings readings
}

// Run collects and ships until the context ends, then delivers what is fresh within Options.StopWithin; the rest waits on
// disk for the next start. It fails only if it cannot start; later trouble is logged and tried again.
func Run(ctx context.Context, o Options) error {
	saveMemory()
	a := &agent{options: o, log: o.Log, began: time.Now(), readings: readings{log: o.Log}}
	a.dropping = retry.NewState(o.Log, "keeping samples in the full spool")
	a.serving = retry.NewState(o.Log, "answering edge status")
	a.central = retry.NewState(o.Log, "using the stack's edge-config")
	a.shipping = retry.NewState(o.Log, "shipping")
	local := o.Load()
	c, err := local.With("")
	if err != nil {
		return err
	}
	a.start = c
	a.tuning.init(local, c)
	if a.queue, err = a.openSpool(c); err != nil {
		return err
	}
	err = a.begin(ctx, c)
	if closeErr := a.queue.Close(); closeErr != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "closing the spool", slog.String("error", closeErr.Error()))
	}
	return err
}

// begin makes the parts, tunes them by the stack's edge-config if the last one is kept, and runs them.
func (a *agent) begin(ctx context.Context, c config.Config) error {
	a.destination = cloud.NewDestination(cloud.Options{Cache: cloud.CacheIn(c.SpoolDir), EdgeConfig: a.retune, Log: a.log})
	a.sampler = sampler.New(c.Interval, c.Labels, a.readings.set(c), a.log)
	a.shipper = ship.New(a.queue, a.destination, ship.Options{Pace: pace(c), Log: a.log})
	if err := a.destination.Tune(ctx, target(c)); err != nil {
		return err
	}
	c = a.tuning.get()
	a.log.LogAttrs(ctx, slog.LevelInfo, "started",
		slog.String("version", a.options.Version), slog.String("session_id", a.sampler.Session()),
		slog.Duration("interval", c.Interval), slog.Duration("max_latency", c.MaxLatency), slog.String("spool", c.SpoolDir),
		slog.Int64("waiting", a.queue.Stats().Lines), slog.String("stack", c.Stack), slog.String("stream", c.Stream))
	err := a.run(ctx)
	a.logStopped()
	return err
}

func (a *agent) openSpool(c config.Config) (*spool.Queue, error) {
	q, err := spool.Open(spool.Options{
		FS: spool.Dir(c.SpoolDir), MaxBytes: c.SpoolBytes, Sync: c.Sync, Log: a.log,
		Dropped: func(n int) { a.dropping.Failed(fmt.Errorf("dropping the oldest, %d at first", n)) },
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w; another edge runs here, or give this one a --spool-dir of its own", c.SpoolDir, err)
	}
	return q, nil
}

// run lets the parts work until the context ends, and stops them in the order of the data's path. It fails if it cannot listen
// on the address for health and metrics.
func (a *agent) run(ctx context.Context) error {
	served, err := a.serve(ctx)
	if err != nil {
		return err
	}
	flush, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stop := make(chan struct{})
	var parts sync.WaitGroup
	parts.Go(func() { a.deliver(ctx, flush, stop) })
	parts.Go(func() { a.reloads(ctx) })
	parts.Go(func() { a.watchdog(ctx) })
	a.notify(ready)
	a.sampler.Run(ctx, a.queue)
	a.notify(stopping)
	close(stop)
	timer := time.AfterFunc(a.options.StopWithin, giveUp)
	defer timer.Stop()
	parts.Wait()
	served.Wait()
	return nil
}

// logStopped accounts for every sample that was taken, now or before an earlier stop.
func (a *agent) logStopped() {
	r := a.report()
	level := slog.LevelInfo
	if r.Samples.Waiting > 0 {
		level = slog.LevelWarn
	}
	var dropped int64
	for _, n := range r.Samples.Dropped {
		dropped += n
	}
	a.log.LogAttrs(context.Background(), level, "stopped",
		slog.Int64("samples", r.Samples.Taken), slog.Int64("delivered", r.Samples.Delivered),
		slog.Int64("undelivered", r.Samples.Waiting), slog.Int64("dropped", dropped), slog.Int64("records", r.Delivery.Records),
		slog.Int64("requests", r.Delivery.Requests), slog.Int64("collector_failures", r.CollectorFailures))
}
