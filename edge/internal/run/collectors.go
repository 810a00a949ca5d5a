package run

import (
	"log/slog"
	"reflect"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// collectors keeps the set of collectors in use. The set is replaced only if the options change, because it holds the last readings, from
// which the next rates are computed.
type collectors struct {
	log *slog.Logger

	mu              sync.Mutex // guards the fields below
	current         *collect.Set
	options         collect.Options // of current
	earlierFailures int64           // of earlier sets
}

// set returns the collectors for a configuration.
func (cs *collectors) set(c config.Config) *collect.Set {
	wanted := collect.Options{
		Interval: c.Interval, Details: c.Details, NoProcesses: c.NoProcesses,
		Interfaces: c.Interfaces, Disks: c.Disks, Mounts: c.Mounts, Log: cs.log,
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.current != nil && reflect.DeepEqual(wanted, cs.options) {
		return cs.current
	}
	if cs.current != nil {
		cs.earlierFailures += cs.current.Failures()
	}
	cs.current, cs.options = collect.NewSet(wanted), wanted
	return cs.current
}

// report returns how often collectors failed, and their states.
func (cs *collectors) report() (failures int64, states []*retry.State) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.earlierFailures + cs.current.Failures(), cs.current.Health()
}
