package collect

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Indexes of the counters of CPU time.
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

// cpuTimes collects how busy the cores were since the last reading.
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
	// If a core goes online or offline, its idle time leaps, see usageBetween.
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
		if before.name != c.name { // other cores are online than before
			at := slices.IndexFunc(last, func(d device) bool { return d.name == c.name })
			if at < 0 {
				continue
			}
			before = last[at]
		}
		u, ok := usageBetween(before.counters, c.counters, 1, seconds)
		// If the kernel accounted very little time to a core, a single tick makes it look fully busy.
		if ok && u.total >= seconds/10 {
			busy := percent(u.busy, u.total)
			most = record.Some(max(most.Or(0), busy.Or(0)))
		}
	}
	return most
}

// cpuUsage is how the cores spent their time, in seconds.
type cpuUsage struct{ total, busy, user, system, iowait, steal float64 }

// maxAccounted bounds the CPU time that the kernel accounts, as a multiple of the time that passed. On a machine that is short of CPU
// the reading comes late, so that its CPU time belongs to more than the time between two samples.
const maxAccounted = 1.5

// tickSlack is how many seconds the rounding of eight counters to hundredths may add to a core's time.
const tickSlack = 0.1

// usageBetween returns how cores spent the seconds between two readings. ok is false if the counters started over, stood still or
// moved by an impossible amount. cores is 0 if their number is not known.
//
// On Linux, user time includes guest time (proc_stat(5)), so guest time is not added.
//
// Waiting for I/O "may decrease in certain conditions" (proc_stat(5)). Stolen time, which the hypervisor reports, may decrease too:
// after a live migration or by kernel bugs, on some machines at each reading
// (https://github.com/prometheus/node_exporter/issues/742). A decrease counts as no time, because the other counters are right.
// Stolen time also leaps (https://github.com/giampaolo/psutil/issues/1210). Any leap shows: cores cannot spend more time than passed.
//
// Idle time falls by a little while all cores are busy. If a core goes offline or online, it falls or leaps by hours: the kernel
// takes the idle time of an online core from its tick-less clock and that of an offline one from another counter
// (get_idle_time in fs/proc/stat.c). Without its idle time a core would look fully busy, but then its total is shorter than the
// time that passed.
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
	most, least := float64(cores)*(seconds*maxAccounted+tickSlack), float64(cores)*(seconds/maxAccounted-tickSlack)
	if cores > 0 && (u.total > most || back[cpuIdle] && u.total < least) {
		return u, false
	}
	return u, u.total > 0
}

// store fills the sample. Only Linux has iowait and steal.
func (u cpuUsage) store(s *record.Sample, linux bool) {
	s.CPUPct = percent(u.busy, u.total)
	s.CPUUserPct = percent(u.user, u.total)
	s.CPUSystemPct = percent(u.system, u.total)
	if linux {
		s.CPUIOWaitPct = percent(u.iowait, u.total)
		s.CPUStealPct = percent(u.steal, u.total)
	}
}
