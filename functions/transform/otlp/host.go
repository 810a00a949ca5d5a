package otlp

import (
	"math"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// storeHost stores the readings of the whole machine.
func (c collection) storeHost(s *record.Sample, notes *notes) {
	c.storeCPU(s)
	for metric, to := range map[string]*record.Float{
		"system.cpu.load_average.1m": &s.Load1, "system.cpu.load_average.5m": &s.Load5, "system.cpu.load_average.15m": &s.Load15,
	} {
		*to = c.total(metric)
	}
	s.CPUCount = count(c.total("system.cpu.logical.count"))
	s.Procs = count(c.total("system.processes.count", "system.process.count"))
	s.UptimeS = long(c.total("system.uptime"))
	c.storeMemory(s, notes)
	c.storeSwap(s)
}

// cpuTime is how cores spent their time, in seconds or as shares.
type cpuTime struct{ total, busy, user, system, iowait, steal float64 }

// storeCPU divides the time of each state by that of all states. If there is no time, it divides the shares that system.cpu.utilization
// gives.
func (c collection) storeCPU(s *record.Sample) {
	points := c.of("system.cpu.time")
	if len(points) == 0 {
		points = c.of("system.cpu.utilization")
	}
	var all cpuTime
	cores := map[string]*cpuTime{}
	linux := false
	for _, p := range points {
		core := p.attributes.first("cpu", "cpu.logical_number")
		if cores[core] == nil {
			cores[core] = new(cpuTime)
		}
		state := p.attributes.first("state", "cpu.mode")
		all.add(state, p.value)
		cores[core].add(state, p.value)
		linux = linux || state == "steal"
	}
	if !(all.total > 0) {
		return
	}
	s.CPUPct, s.CPUUserPct, s.CPUSystemPct = percent(all.busy, all.total), percent(all.user, all.total), percent(all.system, all.total)
	if linux { // other systems have neither
		s.CPUIOWaitPct, s.CPUStealPct = percent(all.iowait, all.total), percent(all.steal, all.total)
	}
	for name, core := range cores {
		if name != "" && core.total > 0 {
			s.CPUCoreMaxPct = record.Some(max(s.CPUCoreMaxPct.Or(0), percent(core.busy, core.total).Or(0)))
		}
	}
}

func (t *cpuTime) add(state string, v float64) {
	switch state {
	case "user", "nice":
		t.user += v
	case "system", "interrupt", "softirq", "kernel":
		t.system += v
	case "steal":
		t.steal += v
	case "wait", "iowait":
		t.iowait += v
	case "idle":
	default:
		return
	}
	t.total += v
	t.busy = t.user + t.system + t.steal
}

// storeMemory stores total and available memory, and the difference as used. On Linux the states of system.memory.usage do not say what is
// available: "cached" holds shared memory too, which the kernel cannot give back. The receiver sends the available memory only if
// configured to.
func (c collection) storeMemory(s *record.Sample, notes *notes) {
	if len(c.of("system.memory.usage", "system.memory.limit", "system.linux.memory.available")) == 0 {
		return
	}
	total, available := c.total("system.memory.limit"), c.total("system.linux.memory.available")
	states := map[string]float64{}
	for _, p := range c.of("system.memory.usage") {
		states[p.attributes.first("state", "system.memory.state")] += p.value
	}
	_, linux := states["buffered"]
	if used, ok := states["used"]; ok && !linux {
		rest := states["free"] + states["inactive"]
		total, available = record.Some(total.Or(used+rest)), record.Some(total.Or(used+rest)-used)
	}
	t, known := total.Get()
	a, ok := available.Get()
	if !known || !ok {
		notes.add("the used memory is not known: enable system.linux.memory.available and system.memory.limit of the scraper memory")
		return
	}
	if !(t > 0) || a > t {
		return
	}
	s.RAMTotalBytes, s.RAMAvailableBytes, s.RAMUsedBytes = long(total), long(available), long(record.Some(t-a))
	s.RAMPct = percent(t-a, t)
}

// storeSwap stores nothing for a machine without swap: the receiver gives no point for it.
func (c collection) storeSwap(s *record.Sample) {
	var used, all float64
	points := c.of("system.paging.usage")
	for _, p := range points {
		all += p.value
		if p.attributes.first("state", "system.paging.state") == "used" {
			used += p.value
		}
	}
	if len(points) == 0 {
		return
	}
	s.SwapUsedBytes = long(record.Some(used))
	s.SwapPct = record.Some(percent(used, all).Or(0))
}

// total is the sum of a metric's points, absent if there are none.
func (c collection) total(names ...string) (sum record.Float) {
	for _, p := range c.of(names...) {
		increase(&sum, p.value)
	}
	return sum
}

// percent returns part of whole in 0..100, absent if whole is not above 0.
func percent(part, whole float64) record.Float {
	if !(whole > 0) {
		return record.Float{}
	}
	return record.Some(min(100, max(0, 100*part/whole)))
}

// long returns a number as a whole one, absent if it does not fit.
func long(v record.Float) record.Long {
	if f, ok := v.Get(); ok && math.Abs(f) < 1<<62 {
		return record.Some(int64(math.Round(f)))
	}
	return record.Long{}
}

// count is as [long], in 32 bits.
func count(v record.Float) record.Int {
	if f, ok := v.Get(); ok && math.Abs(f) < math.MaxInt32 {
		return record.Some(int32(math.Round(f)))
	}
	return record.Int{}
}
