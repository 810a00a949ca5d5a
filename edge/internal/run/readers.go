package run

import (
	"log/slog"
	"reflect"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// readers keeps the set of readers in use, which package collect calls its collectors. The set is replaced only if the options change,
// because it holds the last readings, from which the next rates are computed.
type readers struct {
	log *slog.Logger

	mu              sync.Mutex // guards the fields below
	current         *collect.Set
	options         collect.Options // of current
	earlierFailures int64           // of earlier sets
}

// set returns the readers for a configuration.
func (rs *readers) set(c config.Config) *collect.Set {
	wanted := collect.Options{
		Interval: c.Interval, Details: c.Details, NoProcesses: c.NoProcesses,
		Interfaces: c.Interfaces, Disks: c.Disks, Mounts: c.Mounts, Log: rs.log,
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.current != nil && reflect.DeepEqual(wanted, rs.options) {
		return rs.current
	}
	if rs.current != nil {
		rs.earlierFailures += rs.current.Failures()
	}
	rs.current, rs.options = collect.NewSet(wanted), wanted
	return rs.current
}

// report returns how often readers failed, and their states.
func (rs *readers) report() (failures int64, states []*retry.State) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return rs.earlierFailures + rs.current.Failures(), rs.current.Health()
}
