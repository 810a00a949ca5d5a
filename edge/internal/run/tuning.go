package run

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// tuning is the configuration in use and its sources.
type tuning struct {
	// mu guards the fields below. It is held while the parts are tuned, so that they all get the same configuration.
	mu         sync.Mutex
	local      config.Local
	fromStack  string // the stack's edge-config, also if it is wrong together with the machine's settings
	edgeConfig string // the edge-config in use; empty if none is
	inUse      config.Config
}

func (t *tuning) init(local config.Local, c config.Config) { t.local, t.inUse = local, c }

// get returns the configuration in use.
func (t *tuning) get() config.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.inUse
}

// tuneLocked applies the configuration c, which was made from local and edgeConfig. It returns whether c differs from the last one.
func (e *edge) tuneLocked(local config.Local, edgeConfig string, c config.Config) (changed bool) {
	t := &e.tuning
	t.local, t.edgeConfig = local, edgeConfig
	if reflect.DeepEqual(t.inUse, c) {
		return false
	}
	t.inUse = c
	e.sampler.Tune(c.Interval, c.Labels, e.readers.set(c))
	e.shipper.Tune(pace(c))
	if e.options.Level != nil {
		e.options.Level.Set(c.LogLevel)
	}
	e.logChange(c)
	return true
}

// retune applies the stack's edge-config. If that is wrong, the configuration stays as it is.
func (e *edge) retune(edgeConfig string) {
	t := &e.tuning
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fromStack = edgeConfig
	c, err := t.local.With(edgeConfig)
	if err != nil {
		e.usingEdgeConfig.Failed(err)
		return
	}
	e.usingEdgeConfig.OK()
	e.tuneLocked(t.local, edgeConfig, c)
}

// reloads reads and applies this machine's settings after each signal, until the context ends. If they are wrong, the configuration
// stays as it is.
func (e *edge) reloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.options.Reload:
		}
		e.notify(reloading)
		e.reload(ctx)
		e.notify(ready)
	}
}

func (e *edge) reload(ctx context.Context) {
	changed, err := e.reloadSettings()
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelError, "the configuration cannot be reloaded; the old one stays in use", slog.String("error", err.Error()))
		return
	}
	// Tune the destination also if no setting has changed: credentials and other AWS settings may have.
	if err = e.destination.Tune(ctx, destinationSettings(e.tuning.get())); err == nil {
		e.tuning.mu.Lock()
		e.shipper.Tune(pace(e.tuning.inUse)) // ends a pause: the next attempt may work now
		e.tuning.mu.Unlock()
	}
	switch {
	case err != nil:
		e.log.LogAttrs(ctx, slog.LevelError, "the AWS configuration cannot be reloaded; the old one stays in use", slog.String("error", err.Error()))
	case !changed:
		e.log.LogAttrs(ctx, slog.LevelInfo, "the settings were read again; no setting has changed")
	}
}

// reloadSettings reads the machine's settings and applies them together with the stack's edge-config. If the two do not fit together, it
// keeps the edge-config in use, or uses the machine's settings alone.
func (e *edge) reloadSettings() (changed bool, err error) {
	local := e.options.Load()
	t := &e.tuning
	t.mu.Lock()
	defer t.mu.Unlock()
	c, fromStackErr := local.With(t.fromStack)
	if fromStackErr == nil {
		e.usingEdgeConfig.OK()
		return e.tuneLocked(local, t.fromStack, c), nil
	}
	for _, edgeConfig := range []string{t.edgeConfig, ""} {
		if c, err = local.With(edgeConfig); err == nil {
			e.usingEdgeConfig.Failed(fromStackErr)
			return e.tuneLocked(local, edgeConfig, c), nil
		}
	}
	return false, err
}

// logChange logs the new configuration, and the changed settings that need a restart.
func (e *edge) logChange(c config.Config) {
	e.log.LogAttrs(context.Background(), slog.LevelInfo, "the configuration has changed",
		slog.Duration("interval", c.Interval), slog.Duration("max_latency", c.MaxLatency),
		slog.Duration("detail_interval", c.Details), slog.Any("tags", c.Labels.Tags),
		slog.String("stack", c.Stack), slog.String("stream", c.Stream), slog.String("region", c.Region))
	var later []string
	for name, differs := range map[string]bool{
		"spool_dir": c.SpoolDir != e.atStart.SpoolDir, "spool_max": c.SpoolBytes != e.atStart.SpoolBytes, "sync": c.Sync != e.atStart.Sync,
		"listen": c.Listen != e.atStart.Listen, "log_format": c.LogFormat != e.atStart.LogFormat,
	} {
		if differs {
			later = append(later, name)
		}
	}
	if len(later) > 0 {
		slices.Sort(later)
		e.log.LogAttrs(context.Background(), slog.LevelWarn, "some changed settings need a restart", slog.Any("settings", later))
	}
}

// pace returns the shipper's settings.
func pace(c config.Config) ship.Pace {
	return ship.Pace{Interval: c.Interval, MaxLatency: c.MaxLatency, BacklogRate: c.BacklogRate}
}

// destinationSettings are the settings that the destination needs.
func destinationSettings(c config.Config) cloud.Settings {
	return cloud.Settings{Stack: c.Stack, Stream: c.Stream, Region: c.Region}
}
