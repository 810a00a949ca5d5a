package agent

import (
	"context"
	"log/slog"
	"reflect"
	"slices"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
)

// tuning is the configuration in force, and where it came from.
type tuning struct {
	mu      sync.Mutex
	local   config.Local
	central string // the stack's edge-config, as far as it is used
	now     config.Config
	changed chan struct{} // closed and replaced when now changes
}

func (t *tuning) init(local config.Local, c config.Config) {
	t.local, t.now, t.changed = local, c, make(chan struct{})
}

// get returns the configuration in force, and what is closed when it is not any more.
func (t *tuning) get() (config.Config, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now, t.changed
}

// set puts a configuration in force, made of local and central.
func (t *tuning) set(local config.Local, central string, c config.Config) (changed bool) {
	t.local, t.central = local, central
	if reflect.DeepEqual(t.now, c) {
		return false
	}
	t.now = c
	close(t.changed)
	t.changed = make(chan struct{})
	return true
}

// retune takes what the stack says. What is wrong with it leaves the configuration as it is.
func (a *agent) retune(central string) {
	t := &a.tuning
	t.mu.Lock()
	c, err := t.local.With(central)
	changed := false
	if err == nil {
		changed = t.set(t.local, central, c)
	}
	t.mu.Unlock()
	if err != nil {
		a.central.Failed(err)
		return
	}
	a.central.OK()
	if changed {
		a.changed(c)
	}
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
	local := a.options.Load()
	t := &a.tuning
	t.mu.Lock()
	central := t.central
	c, err := local.With(central)
	if err != nil && central != "" {
		// What the machine says comes first: it may be fine but for the stack's part.
		if alone, aloneErr := local.With(""); aloneErr == nil {
			a.central.Failed(err)
			c, central, err = alone, "", nil
		}
	}
	changed := false
	if err == nil {
		changed = t.set(local, central, c)
	}
	t.mu.Unlock()
	switch {
	case err != nil:
		a.log.LogAttrs(ctx, slog.LevelError, "the configuration is not reloaded", slog.String("error", err.Error()))
	case changed:
		a.changed(c)
	default:
		a.log.LogAttrs(ctx, slog.LevelInfo, "the configuration is reloaded; nothing has changed")
	}
}

// changed says what is in force now, and what will be at the next start only.
func (a *agent) changed(c config.Config) {
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

// collectors returns those for a configuration, the same ones as long as it does not concern them: they know the reading
// before, without which there are no rates.
func (a *agent) collectors(c config.Config) *collect.Set {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wanted := a.readings(c); !reflect.DeepEqual(wanted, a.reads) {
		if a.set != nil {
			a.failed += a.set.Failures()
		}
		a.set, a.reads = collect.NewSet(wanted), wanted
	}
	return a.set
}

// readings is what a configuration says of them.
func (a *agent) readings(c config.Config) collect.Options {
	return collect.Options{Interval: c.Interval, Interfaces: c.Interfaces, Disks: c.Disks, Log: a.log}
}
