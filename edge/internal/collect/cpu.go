package collect

import (
	"context"
	"runtime"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// cpuTimes collects what the cores did since the last reading.
type cpuTimes struct {
	base base
	from *readings
	last cpu.TimesStat
}

func newCPU(interval time.Duration, from *readings) *cpuTimes {
	return &cpuTimes{base: base{interval: interval}, from: from}
}

func (c *cpuTimes) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	times, err := c.from.cpuTimes(ctx)
	if err != nil {
		return err
	}
	last := c.last
	c.last = times
	if _, ok := c.base.advance(at); !ok {
		return nil
	}
	if u, ok := usageBetween(last, times); ok {
		u.store(s, runtime.GOOS == "linux")
	}
	return nil
}

// cpuUsage is seconds of all cores by what they did.
type cpuUsage struct{ total, busy, user, system, iowait, steal float64 }

// usageBetween returns the difference of two readings; ok is false where counters went backwards or stood still.
//
// Guest time is part of user on Linux and is not counted again. Idle and iowait alone may go back a little on a healthy
// kernel (proc_stat(5): iowait "decreases in certain conditions"), which counts as no time and not as a reset.
func usageBetween(a, b cpu.TimesStat) (u cpuUsage, ok bool) {
	user := (b.User - a.User) + (b.Nice - a.Nice)
	system := (b.System - a.System) + (b.Irq - a.Irq) + (b.Softirq - a.Softirq)
	if b.User < a.User || b.Nice < a.Nice || b.System < a.System || b.Irq < a.Irq || b.Softirq < a.Softirq ||
		b.Steal < a.Steal {
		return u, false
	}
	u = cpuUsage{user: user, system: system, steal: b.Steal - a.Steal, iowait: max(0, b.Iowait-a.Iowait)}
	u.busy = u.user + u.system + u.steal
	u.total = u.busy + u.iowait + max(0, b.Idle-a.Idle)
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
