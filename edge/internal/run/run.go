// Package run is the command edge run: the collector. It makes its parts from the configuration and connects them: sampler, spool, shipper,
// destination and status. It tunes them if the configuration changes, and stops them in the order of the data's path. The packages of the
// parts say what each does.
package run

import (
	"context"
	"errors"
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
	// Load reads this machine's settings: at the start, and after each signal on Reload.
	Load   func() config.Local
	Reload <-chan os.Signal
	// StopWithin is how long a stop may take to deliver the fresh samples.
	StopWithin time.Duration
	Version    string
	Log        *slog.Logger
	// Run sets the level in Level after each change of the configuration. Before Run, the caller sets the first level. Level may be nil.
	Level *slog.LevelVar
}

// edge is one run of the collector. Its parts live as long as it does.
type edge struct {
	options     Options
	log         *slog.Logger
	began       time.Time
	tuning      tuning
	atStart     config.Config // for the settings that change only at a start
	queue       *spool.Queue
	sampler     *sampler.Sampler
	shipper     *ship.Shipper
	destination *cloud.Destination

	serving, usingEdgeConfig *retry.State

	readers readers
}

// Run collects and ships until the context ends. Then it delivers the fresh samples, and all that are only in memory, within
// Options.StopWithin. The others wait on disk for the next start. Run fails only if it cannot start. It logs later trouble and tries again,
// except that it does not listen on [config.Config].Listen again.
func Run(ctx context.Context, o Options) error {
	saveMemory()
	e := newEdge(o)
	local := o.Load()
	c, err := local.With("")
	if err != nil {
		return err
	}
	e.atStart = c
	e.tuning.init(local, c)
	if e.queue, err = e.openSpool(c); err != nil {
		return err
	}
	err = e.begin(ctx, c)
	if closeErr := e.queue.Close(); closeErr != nil {
		e.log.LogAttrs(ctx, slog.LevelError, "closing the spool failed", slog.String("error", closeErr.Error()))
	}
	return err
}

// newEdge returns a collector without parts.
func newEdge(o Options) *edge {
	return &edge{
		options: o, log: o.Log, began: time.Now(), readers: readers{log: o.Log},
		serving:         retry.NewState(o.Log, "answering edge status"),
		usingEdgeConfig: retry.NewState(o.Log, "using the stack's edge-config"),
	}
}

// begin makes the parts and runs them. If the disk has the stack's last answer, the edge-config in it applies before
// the first sample.
func (e *edge) begin(ctx context.Context, c config.Config) error {
	e.destination = cloud.NewDestination(cloud.Options{Cache: cloud.CacheIn(c.SpoolDir), EdgeConfig: e.retune, Log: e.log})
	e.sampler = sampler.New(c.Interval, c.Labels, e.readers.set(c), e.log)
	e.shipper = ship.New(e.queue, e.destination, ship.Options{Pace: pace(c), Log: e.log})
	if err := e.destination.Tune(ctx, destinationSettings(c)); err != nil {
		return err
	}
	c = e.tuning.get()
	e.log.LogAttrs(ctx, slog.LevelInfo, "started",
		slog.String("version", e.options.Version), slog.String("session_id", e.sampler.Session()),
		slog.Duration("interval", c.Interval), slog.Duration("max_latency", c.MaxLatency), slog.String("spool", c.SpoolDir),
		slog.Int64("waiting", e.queue.Stats().Lines), slog.String("stack", c.Stack), slog.String("stream", c.Stream))
	err := e.run(ctx)
	e.logStopped()
	return err
}

func (e *edge) openSpool(c config.Config) (*spool.Queue, error) {
	q, err := spool.Open(spool.Options{
		FS: spool.Dir(c.SpoolDir), MaxBytes: c.SpoolBytes, Sync: c.Sync, Log: e.log,
	})
	if errors.Is(err, spool.ErrInUse) {
		return nil, fmt.Errorf("spool %s: %w: another edge is running here; use a different --spool-dir", c.SpoolDir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("spool %s: %w", c.SpoolDir, err)
	}
	return q, nil
}

// run runs the parts until the context ends and stops them in the order of the data's path. It fails if it cannot listen on the
// address for health and metrics.
func (e *edge) run(ctx context.Context) error {
	served, err := e.serve(ctx)
	if err != nil {
		return err
	}
	flush, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	stop := make(chan struct{})
	var parts sync.WaitGroup
	parts.Go(func() { e.deliver(ctx, flush, stop) })
	parts.Go(func() { e.reloads(ctx) })
	parts.Go(func() { e.watchdog(ctx) })
	e.notify(ready)
	e.sampler.Run(ctx, e.queue)
	e.notify(stopping)
	close(stop)
	timer := time.AfterFunc(e.options.StopWithin, giveUp)
	defer timer.Stop()
	parts.Wait()
	served.Wait()
	return nil
}

// logStopped logs what became of all samples: those taken by this process and those that waited at its start.
func (e *edge) logStopped() {
	r := e.report()
	level := slog.LevelInfo
	if r.Samples.Waiting > 0 {
		level = slog.LevelWarn
	}
	var dropped int64
	for _, n := range r.Samples.Dropped {
		dropped += n
	}
	e.log.LogAttrs(context.Background(), level, "stopped",
		slog.Int64("samples", r.Samples.Taken), slog.Int64("delivered", r.Samples.Delivered),
		slog.Int64("undelivered", r.Samples.Waiting), slog.Int64("dropped", dropped), slog.Int64("records", r.Delivery.Records),
		slog.Int64("requests", r.Delivery.Requests), slog.Int64("collector_failures", r.CollectorFailures))
}
