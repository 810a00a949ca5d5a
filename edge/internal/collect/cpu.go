package collect

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Places of the counters of CPU time.
const (
	cpuUser = iota
	cpuNice
	cpuSystem
	cpuIdle
	cpuIOWait
	cpuIRQ
	cpuSoftIRQ
	cpuSteal
)

// cpuTimes collects what the cores did since the last reading.
type cpuTimes struct {
	base base
	from *readings
	last []device // all cores together, then each one that is online
}

func newCPU(interval time.Duration, from *readings) *cpuTimes {
	return &cpuTimes{base: base{interval: interval}, from: from}
}

func (c *cpuTimes) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	cur, err := c.from.cpuTimes(ctx)
	if err != nil {
		return err
	}
	if seconds, ok := c.base.advance(at); ok {
		storeCPU(c.last, cur, seconds, s)
	}
	c.last = append(c.last[:0], cur...)
	return nil
}

func storeCPU(last, cur []device, seconds float64, s *record.Sample) {
	cores := len(cur) - 1
	// While a core goes on- or offline, the kernel changes where it takes its idle time from, see usageBetween.
	if len(last) != len(cur) {
		return
	}
	if u, ok := usageBetween(last[0].counters, cur[0].counters, cores, seconds); ok {
		u.store(s, runtime.GOOS == "linux")
		s.CPUCoreMaxPct = busiestCore(last[1:], cur[1:], seconds)
	}
}

// busiestCore returns how busy the busiest core was.
func busiestCore(last, cur []device, seconds float64) (most record.Float) {
	for i, c := range cur {
		before := last[i]
		if before.name != c.name { // another core is online than before
			at := slices.IndexFunc(last, func(d device) bool { return d.name == c.name })
			if at < 0 {
				continue
			}
			before = last[at]
		}
		u, ok := usageBetween(before.counters, c.counters, 1, seconds)
		// A core that hardly any time was accounted to may seem fully busy by a tick.
		if ok && u.total >= seconds/10 {
			busy := percent(u.busy, u.total)
			most = record.Some(max(most.Or(0), busy.Or(0)))
		}
	}
	return most
}

// cpuUsage is seconds of cores by what they did.
type cpuUsage struct{ total, busy, user, system, iowait, steal float64 }

// tooMuch is how many times the time that passed may be accounted at most. A machine that is short of CPU reads late, so that
// what was accounted belongs to a longer time than the one between two samples.
const tooMuch = 1.5

// tickSlack is what rounding of eight counters to hundredths of a second may add to the time of a core.
const tickSlack = 0.1

// usageBetween returns the difference of two readings of cores, over some seconds. ok is false where the counters do not tell:
// they started over, stood still, or moved as they cannot. cores is 0 where their number is not known.
//
// Guest time is part of user on Linux (proc_stat(5)) and is not counted again.
//
// Waiting for I/O "may decrease in certain conditions" (proc_stat(5)), which counts as no time. So does stolen time: it comes
// from the hypervisor, and falls after a live migration or by kernel bugs, on some machines at each reading
// (https://github.com/prometheus/node_exporter/issues/742); the rest is right nevertheless. It leaps as well
// (https://github.com/giampaolo/psutil/issues/1210), which is noticed as all leaps are: cores cannot do more than the time there is.
//
// Idle time falls by a little where all cores are busy. It falls or leaps by hours where a core goes offline or online: the
// kernel takes the idle time of an online core from its tick-less clock and that of an offline one from another counter
// (get_idle_time in fs/proc/stat.c). What is left over then looks fully busy, though it does not fill the time.
func usageBetween(a, b counters, cores int, seconds float64) (u cpuUsage, ok bool) {
	by, back := difference(a, b)
	for _, i := range [...]int{cpuUser, cpuNice, cpuSystem, cpuIRQ, cpuSoftIRQ} {
		if back[i] {
			return u, false
		}
	}
	s := func(i int) float64 { return float64(by[i]) / cpuTicks }
	u = cpuUsage{
		user: s(cpuUser) + s(cpuNice), system: s(cpuSystem) + s(cpuIRQ) + s(cpuSoftIRQ), iowait: s(cpuIOWait), steal: s(cpuSteal),
	}
	u.busy = u.user + u.system + u.steal
	u.total = u.busy + u.iowait + s(cpuIdle)
	most, least := float64(cores)*(seconds*tooMuch+tickSlack), float64(cores)*(seconds/tooMuch-tickSlack)
	if cores > 0 && (u.total > most || back[cpuIdle] && u.total < least) {
		return u, false
	}
	return u, u.total > 0
}

// store fills the sample; only Linux knows of iowait and steal.
func (u cpuUsage) store(s *record.Sample, linux bool) {
	s.CPUPct = percent(u.busy, u.total)
	s.CPUUserPct = percent(u.user, u.total)
	s.CPUSystemPct = percent(u.system, u.total)
	if linux {
		s.CPUIOWaitPct = percent(u.iowait, u.total)
		s.CPUStealPct = percent(u.steal, u.total)
	}
}
