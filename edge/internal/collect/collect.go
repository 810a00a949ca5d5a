// Package collect reads this machine into a [record.Sample]: one collector per subject, one file each. Reading is
// gopsutil's (on Linux but for what each sample needs anew, see readings), arithmetic is here and apart from it. It does
// not decide when to read (package sampler) nor what a field is called (package record).
//
// What changes slowly is not read each time: processes are counted and filesystems looked at every 15 s, the list of mounts
// and the choice of devices are made anew every minute, name, version and cores read every 10 minutes. A device that appears
// is counted from its second reading on.
//
// A sample is of the machine, in a container too: what a control group allows is neither its memory nor its cores, as for
// node_exporter and psutil. Where /proc itself shows a container's share, as lxcfs makes it, so does the sample.
//
// On macOS without cgo, gopsutil v3 knows no CPU and disk counters, and starts vm_stat and netstat for memory and network.
//
// A rate needs two readings. Where the second one does not continue the first (the first reading of all, a counter that
// went backwards, a suspended machine, a stepped clock) the field is left absent and the reading becomes the new base:
// a missing point is honest, a spike is not.
package collect

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Collector reads one subject. On an error it leaves absent what it could not read.
type Collector interface {
	Collect(ctx context.Context, at Moment, s *record.Sample) error
}

// troubled is a collector that knows of lasting troubles, which cost a part of its reading and are no failure of it. It is asked
// while it collects.
type troubled interface{ Health() []*retry.State }

// Options say what to read. The zero value reads this machine with the default choice of devices.
type Options struct {
	// Interval is the time between readings; a reading that follows much later does not continue the last one.
	Interval time.Duration
	// Roots are the places of /proc, /sys and so on.
	Roots Roots
	// Interfaces and Disks narrow the choice of devices, Mounts that of filesystems by their mount points.
	Interfaces, Disks, Mounts Filter
	// Log takes what began to fail and what works again.
	Log *slog.Logger
}

// Set is all collectors of this machine. But for its health it is not safe for concurrent use.
type Set struct {
	roots   Roots
	members []member
}

type member struct {
	Collector
	state *retry.State
}

// NewSet returns the collectors, those of rates first: they should be read as close to the sample's time as possible.
func NewSet(o Options) *Set {
	roots := o.Roots.withDefaults()
	set := &Set{roots: roots}
	from := newReadings(roots)
	logOf := func(name string) *slog.Logger { return o.Log.With(slog.String("collector", name)) }
	add := func(name string, c Collector) {
		set.members = append(set.members, member{c, retry.NewState(logOf(name), "collector")})
	}
	add("cpu", newCPU(o.Interval, from))
	add("network", newNetwork(o.Interval, from, roots, o.Interfaces))
	add("disk", newDisk(o.Interval, from, roots, o.Disks))
	add("pressure", newPressure(roots))
	add("load", load{from})
	add("memory", memory{from})
	add("host", newHost(from, roots, logOf("host")))
	add("filesystem", newFilesystem(roots, o.Mounts, logOf("filesystem")))
	return set
}

// Collect fills the sample. A collector that fails costs its own fields only; that is logged once until it recovers.
func (set *Set) Collect(ctx context.Context, at Moment, s *record.Sample) {
	ctx = set.roots.context(ctx)
	for _, m := range set.members {
		switch err := collectOne(ctx, m.Collector, at, s); {
		case err == nil:
			m.state.OK()
		case ctx.Err() == nil:
			m.state.Failed(err)
		}
	}
}

// Failures is how often a collector failed, all together.
func (set *Set) Failures() int64 {
	var n int64
	for _, m := range set.members {
		n += m.state.Failures()
	}
	return n
}

// Health is which collectors fail, and what they cannot read of their subject. It may be called while a sample is taken.
func (set *Set) Health() []*retry.State {
	states := make([]*retry.State, 0, len(set.members))
	for _, m := range set.members {
		states = append(states, m.state)
		if t, ok := m.Collector.(troubled); ok {
			states = append(states, t.Health()...)
		}
	}
	return states
}

// collectOne turns a panic into an error: gopsutil indexes the fields of kernel files without looking at their number,
// and a file that a sandbox cut short must not end the collector.
func collectOne(ctx context.Context, c Collector, at Moment, s *record.Sample) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("unreadable data: %v", p)
		}
	}()
	return c.Collect(ctx, at, s)
}
