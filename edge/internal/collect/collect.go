// Package collect reads this machine into a [record.Sample]: one collector per subject, one file each. gopsutil does the
// reading; only what each sample reads anew is read here on Linux (see readings). The arithmetic is apart from the reading.
// Package sampler decides when to read, and package record names the fields.
//
// Some things change slowly and are not read for each sample. Processes are counted and filesystems read every 15 s. Mounts are
// listed and devices chosen every minute. Name, version and cores are read every 10 minutes. A new device counts from its second
// reading on.
//
// Once a detail interval a sample also has lists: each filesystem, disk, interface and sensor, and the processes and units that use
// the most. Their rates are means over the time since the previous list.
//
// A sample describes the whole machine, in a container too: limits of control groups do not change memory and cores.
// node_exporter and psutil do the same. If /proc itself shows only a container's share, as with lxcfs, the sample has that share.
//
// On macOS without cgo, gopsutil v3 has no CPU and disk counters. It starts vm_stat and netstat for memory and network. A release has edge
// for macOS with cgo.
//
// A rate needs two readings, and the second must continue the first. It does not if a counter went backwards, the machine was
// suspended or a clock was stepped. Then the field is absent, and the reading becomes the new base: a gap in a chart is correct,
// a false spike is not.
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

// troubled is a collector that can miss a part of its readings for long without failing as a whole. Health may be called while it
// collects.
type troubled interface{ Health() []*retry.State }

// Options say what to read. The zero value reads this machine with the default choice of devices.
type Options struct {
	// Interval is the time between readings. A reading that comes much later does not continue the last one.
	Interval time.Duration
	// Details is the time between samples with details: lists of filesystems, disks, interfaces, processes, units and sensors. If it
	// is 0, no sample has them.
	Details time.Duration
	// NoProcesses leaves processes out of the details.
	NoProcesses bool
	// Roots are the paths of /proc, /sys and so on.
	Roots Roots
	// Interfaces and Disks choose devices. Mounts chooses filesystems by their mount points.
	Interfaces, Disks, Mounts Filter
	// Log gets one line if something begins to fail, and one if it works again.
	Log *slog.Logger
}

// Set is all collectors of this machine. Only Health and Failures are safe for concurrent use.
type Set struct {
	roots   Roots
	details *details
	members []member
}

// named is a collector with its name.
type named struct {
	name string
	Collector
}

type member struct {
	Collector
	state *retry.State
}

// NewSet returns the collectors. Those of rates come first: they should read as close to the sample's time as possible.
func NewSet(o Options) *Set {
	roots := o.Roots.withDefaults()
	d := newDetails(o)
	set := &Set{roots: roots, details: d}
	from := newReadings(roots)
	logOf := func(name string) *slog.Logger { return o.Log.With(slog.String("collector", name)) }
	add := func(name string, c Collector) {
		set.members = append(set.members, member{c, retry.NewState(logOf(name), "collector")})
	}
	add("cpu", newCPU(o.Interval, from))
	add("network", newNetwork(o.Interval, from, roots, o.Interfaces, d))
	add("disk", newDisk(o.Interval, from, roots, o.Disks, d))
	add("pressure", newPressure(roots))
	add("load", load{from})
	add("memory", memory{from})
	add("host", newHost(from, roots, logOf("host")))
	if o.Details > 0 {
		for _, c := range culprits(o, roots, d, logOf) {
			add(c.name, c.Collector)
		}
		add("sensors", newSensors(roots, d))
	}
	add("filesystem", newFilesystem(roots, o.Mounts, d, logOf("filesystem")))
	return set
}

// Collect fills the sample. If a collector fails, only its own fields are absent; the log says so once until it recovers.
func (set *Set) Collect(ctx context.Context, at Moment, s *record.Sample) {
	ctx = set.roots.context(ctx)
	set.details.begin(at)
	for _, m := range set.members {
		switch err := collectOne(ctx, m.Collector, at, s); {
		case err == nil:
			m.state.OK()
		case ctx.Err() == nil:
			m.state.Failed(err)
		}
	}
	if set.details.due {
		Shorten(s)
	}
}

// WatchAfter is the longest time between two samples in which nothing needs to be read. If samples are further apart, call Watch.
const WatchAfter = 15 * time.Second

// Watch looks at what comes and goes between two samples, for the next details.
func (set *Set) Watch(at Moment) {
	for _, m := range set.members {
		if w, ok := m.Collector.(watcher); ok {
			w.watch(at)
		}
	}
}

// watcher is a collector that must look at least every WatchAfter.
type watcher interface{ watch(at Moment) }

// Failures is the number of failures of all collectors together.
func (set *Set) Failures() int64 {
	var n int64
	for _, m := range set.members {
		n += m.state.Total()
	}
	return n
}

// Health returns the states of all collectors and of the parts that they cannot read.
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

// collectOne turns a panic into an error. gopsutil indexes the fields of kernel files without checking their number, and a file
// that a sandbox cut short must not end the process.
func collectOne(ctx context.Context, c Collector, at Moment, s *record.Sample) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("unreadable data: %v", p)
		}
	}()
	return c.Collect(ctx, at, s)
}
