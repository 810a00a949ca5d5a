package agent

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

// tuning is the configuration in force, and where it came from.
type tuning struct {
	mu      sync.Mutex // guards the fields below, and is held while the parts are tuned, so that they all have the same configuration
	local   config.Local
	central string // the stack's edge-config, as far as it is used
	now     config.Config
}

func (t *tuning) init(local config.Local, c config.Config) { t.local, t.now = local, c }

// get returns the configuration in force.
func (t *tuning) get() config.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// tuneLocked puts a configuration in force, made of local and central. It returns whether it differs from the one before.
func (a *agent) tuneLocked(local config.Local, central string, c config.Config) (changed bool) {
	t := &a.tuning
	t.local, t.central = local, central
	if reflect.DeepEqual(t.now, c) {
		return false
	}
	t.now = c
	a.sampler.Tune(c.Interval, c.Labels, a.readings.set(c))
	a.shipper.Tune(pace(c))
	a.say(c)
	return true
}

// retune takes what the stack says. What is wrong with it leaves the configuration as it is.
func (a *agent) retune(central string) {
	t := &a.tuning
	t.mu.Lock()
	defer t.mu.Unlock()
	c, err := t.local.With(central)
	if err != nil {
		a.central.Failed(err)
		return
	}
	a.central.OK()
	a.tuneLocked(t.local, central, c)
}

// reloads takes what this machine says after each signal to do so, until the context ends. What is wrong with it leaves the
// configuration as it is.
func (a *agent) reloads(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.options.Reload:
		}
		a.notify(reloading)
		a.reload(ctx)
		a.notify(ready)
	}
}

func (a *agent) reload(ctx context.Context) {
	changed, err := a.reloadSettings()
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "the configuration is not reloaded", slog.String("error", err.Error()))
		return
	}
	// Also if no setting has changed: the credentials, or what else the AWS configuration says, may have.
	c := a.tuning.get()
	if err = a.destination.Tune(ctx, target(c)); err == nil {
		a.shipper.Tune(pace(c)) // so that a pause ends that was to wait for what has changed
	}
	switch {
	case err != nil:
		a.log.LogAttrs(ctx, slog.LevelError, "the AWS configuration is not reloaded", slog.String("error", err.Error()))
	case !changed:
		a.log.LogAttrs(ctx, slog.LevelInfo, "the configuration is reloaded, and the AWS configuration too; no setting has changed")
	}
}

func (a *agent) reloadSettings() (changed bool, err error) {
	local := a.options.Load()
	t := &a.tuning
	t.mu.Lock()
	defer t.mu.Unlock()
	central := t.central
	c, err := local.With(central)
	if err != nil && central != "" {
		// What the machine says comes first: it may be fine but for the stack's part.
		if alone, aloneErr := local.With(""); aloneErr == nil {
			a.central.Failed(err)
			c, central, err = alone, "", nil
		}
	}
	if err != nil {
		return false, err
	}
	return a.tuneLocked(local, central, c), nil
}

// say logs what is in force now, and what will be at the next start only.
func (a *agent) say(c config.Config) {
	if a.options.Level != nil {
		a.options.Level.Set(c.LogLevel)
	}
	a.log.LogAttrs(context.Background(), slog.LevelInfo, "the configuration has changed",
		slog.Duration("interval", c.Interval), slog.Duration("max_latency", c.MaxLatency), slog.Any("tags", c.Labels.Tags),
		slog.String("stack", c.Stack), slog.String("stream", c.Stream), slog.String("region", c.Region))
	var later []string
	for name, differs := range map[string]bool{
		"spool_dir": c.SpoolDir != a.start.SpoolDir, "spool_max": c.SpoolBytes != a.start.SpoolBytes, "sync": c.Sync != a.start.Sync,
		"listen": c.Listen != a.start.Listen, "log_format": c.LogFormat != a.start.LogFormat,
	} {
		if differs {
			later = append(later, name)
		}
	}
	if len(later) > 0 {
		slices.Sort(later)
		a.log.LogAttrs(context.Background(), slog.LevelWarn, "these take effect at the next start", slog.Any("settings", later))
	}
}

// pace is what a configuration says of shipping.
func pace(c config.Config) ship.Pace {
	return ship.Pace{Interval: c.Interval, MaxLatency: c.MaxLatency, BacklogRate: c.BacklogRate}
}

// target is what a configuration says of where to send.
func target(c config.Config) cloud.Settings {
	return cloud.Settings{Stack: c.Stack, Stream: c.Stream, Region: c.Region}
}
