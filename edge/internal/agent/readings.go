package agent

import (
	"log/slog"
	"reflect"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// readings is the set of collectors in use. It stays the same set as long as the configuration of reading does: the collectors
// know the reading before, without which there are no rates.
type readings struct {
	log *slog.Logger

	mu      sync.Mutex // guards the fields below
	current *collect.Set
	options collect.Options // what current reads
	before  int64           // failures of the sets before
}

// set returns the collectors for a configuration.
func (r *readings) set(c config.Config) *collect.Set {
	wanted := collect.Options{Interval: c.Interval, Interfaces: c.Interfaces, Disks: c.Disks, Mounts: c.Mounts, Log: r.log}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil && reflect.DeepEqual(wanted, r.options) {
		return r.current
	}
	if r.current != nil {
		r.before += r.current.Failures()
	}
	r.current, r.options = collect.NewSet(wanted), wanted
	return r.current
}

// report is how often readings failed, and which fail now.
func (r *readings) report() (failures int64, states []*retry.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.before + r.current.Failures(), r.current.Health()
}
