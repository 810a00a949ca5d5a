package collect

import (
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestUsageBetween(t *testing.T) {
	from := cpu.TimesStat{
		User: 100, Nice: 10, System: 50, Idle: 1000, Iowait: 20, Irq: 5, Softirq: 6, Steal: 7, Guest: 30, GuestNice: 3,
	}
	type want struct{ busy, user, system, iowait, steal float64 }
	for name, c := range map[string]struct {
		add  cpu.TimesStat
		want want
		ok   bool
	}{
		"each kind":            {cpu.TimesStat{User: 2, Nice: 1, System: 1, Idle: 4, Iowait: 1, Irq: .5, Softirq: .25, Steal: .25}, want{50, 30, 17.5, 10, 2.5}, true},
		"guest is user":        {cpu.TimesStat{User: 5, Guest: 5, Idle: 5}, want{50, 50, 0, 0, 0}, true},
		"idle":                 {cpu.TimesStat{Idle: 6}, want{}, true},
		"all busy":             {cpu.TimesStat{User: 3, System: 3}, want{100, 50, 50, 0, 0}, true},
		"iowait goes back":     {cpu.TimesStat{User: 1, Idle: 4, Iowait: -1}, want{20, 20, 0, 0, 0}, true},
		"idle goes back":       {cpu.TimesStat{User: 1, Idle: -.5, Iowait: 1}, want{50, 50, 0, 50, 0}, true},
		"user goes back":       {cpu.TimesStat{User: -1, Idle: 4}, want{}, false},
		"steal goes back":      {cpu.TimesStat{Steal: -1, Idle: 4}, want{}, false},
		"all start over":       {cpu.TimesStat{User: -99, Nice: -9, System: -49, Idle: -999}, want{}, false},
		"nothing moved at all": {cpu.TimesStat{}, want{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			to := cpu.TimesStat{
				User: from.User + c.add.User, Nice: from.Nice + c.add.Nice, System: from.System + c.add.System,
				Idle: from.Idle + c.add.Idle, Iowait: from.Iowait + c.add.Iowait, Irq: from.Irq + c.add.Irq,
				Softirq: from.Softirq + c.add.Softirq, Steal: from.Steal + c.add.Steal, Guest: from.Guest + c.add.Guest,
			}
			u, ok := usageBetween(from, to)
			if ok != c.ok {
				t.Fatalf("ok is %v", ok)
			}
			if !ok {
				return
			}
			var s record.Sample
			u.store(&s, true)
			got := want{s.CPUPct.Or(-1), s.CPUUserPct.Or(-1), s.CPUSystemPct.Or(-1), s.CPUIOWaitPct.Or(-1), s.CPUStealPct.Or(-1)}
			if got != c.want {
				t.Errorf("usage is %+v, want %+v", got, c.want)
			}
			var other record.Sample
			u.store(&other, false)
			if _, ok := other.CPUIOWaitPct.Get(); ok {
				t.Error("iowait on a system that has none")
			}
		})
	}
}
