package collect

import (
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// ticks are counters of CPU time in hundredths of a second, in the order of /proc/stat.
type ticks [8]int64

func (t ticks) add(to counters) counters {
	for i, n := range t {
		to[i] += uint64(n * int64(cpuTicks) / 100)
	}
	return to
}

func TestUsageBetween(t *testing.T) {
	from := ticks{10000, 1000, 5000, 100000, 2000, 500, 600, 700}.add(counters{})
	type want struct{ busy, user, system, iowait, steal float64 }
	for name, c := range map[string]struct {
		by   ticks // user, nice, system, idle, iowait, irq, softirq, steal
		want want
		ok   bool
	}{
		"each kind":               {ticks{200, 100, 100, 400, 100, 50, 25, 25}, want{50, 30, 17.5, 10, 2.5}, true},
		"idle":                    {ticks{3: 600}, want{}, true},
		"all busy":                {ticks{0: 300, 2: 300}, want{100, 50, 50, 0, 0}, true},
		"iowait goes back":        {ticks{0: 100, 3: 400, 4: -100}, want{20, 20, 0, 0, 0}, true},
		"user goes back":          {ticks{0: -100, 3: 400}, want{}, false},
		"system goes back":        {ticks{2: -1, 3: 400}, want{}, false},
		"all start over":          {ticks{-9900, -900, -4900, -99900}, want{}, false},
		"nothing moved at all":    {ticks{}, want{}, false},
		"steal goes back":         {ticks{0: 100, 3: 300, 7: -600}, want{25, 25, 0, 0, 0}, true},
		"steal leaps":             {ticks{0: 100, 3: 300, 7: 100_000_000}, want{}, false},
		"idle leaps":              {ticks{0: 100, 3: 50_000}, want{}, false},
		"user leaps":              {ticks{0: 2000, 3: 100}, want{}, false},
		"idle falls, hot plug":    {ticks{0: 100, 2: 20, 3: -50_000}, want{}, false},
		"idle falls, all busy":    {ticks{0: 900, 2: 90, 3: -1}, want{100, 100 * 900. / 990, 100 * 90. / 990, 0, 0}, true},
		"read late":               {ticks{0: 700, 3: 700}, want{50, 50, 0, 0, 0}, true},
		"less accounted than was": {ticks{0: 100, 3: 100}, want{50, 50, 0, 0, 0}, true},
	} {
		t.Run(name, func(t *testing.T) {
			u, ok := usageBetween(from, c.by.add(from), 2, 5)
			if ok != c.ok {
				t.Fatalf("ok is %v, of %+v", ok, u)
			}
			if !ok {
				return
			}
			var s record.Sample
			u.store(&s, true)
			for field, v := range map[string][2]float64{
				"busy": {s.CPUPct.Or(-1), c.want.busy}, "user": {s.CPUUserPct.Or(-1), c.want.user}, "system": {s.CPUSystemPct.Or(-1), c.want.system},
				"iowait": {s.CPUIOWaitPct.Or(-1), c.want.iowait}, "steal": {s.CPUStealPct.Or(-1), c.want.steal},
			} {
				check(t, field, record.Some(v[0]), v[1])
			}
			var other record.Sample
			u.store(&other, false)
			absent(t, "iowait on a system that has none", other.CPUIOWaitPct)
		})
	}
}

func TestCoresOfUnknownNumberHaveNoBound(t *testing.T) {
	if _, ok := usageBetween(counters{}, ticks{0: 50_000, 3: 50_000}.add(counters{}), 0, 3); !ok {
		t.Error("CPU time of cores whose number is not known is refused")
	}
}

func TestBusiestCore(t *testing.T) {
	core := func(name string, by ticks) device { return device{name: name, counters: by.add(counters{})} }
	last := []device{core("cpu0", ticks{}), core("cpu1", ticks{}), core("cpu3", ticks{})}
	for name, c := range map[string]struct {
		cur  []device
		want float64 // -1 if absent
	}{
		"one is busiest":       {[]device{core("cpu0", ticks{0: 30, 3: 270}), core("cpu1", ticks{0: 240, 3: 60}), core("cpu3", ticks{3: 300})}, 80},
		"all are idle":         {[]device{core("cpu0", ticks{3: 300}), core("cpu1", ticks{3: 300}), core("cpu3", ticks{3: 300})}, 0},
		"one leaps":            {[]device{core("cpu0", ticks{0: 30, 3: 270}), core("cpu1", ticks{0: 9000}), core("cpu3", ticks{3: 300})}, 10},
		"another is there now": {[]device{core("cpu0", ticks{0: 30, 3: 270}), core("cpu2", ticks{0: 300}), core("cpu3", ticks{0: 60, 3: 240})}, 20},
		"one hardly moves":     {[]device{core("cpu0", ticks{0: 30, 3: 270}), core("cpu1", ticks{0: 2}), core("cpu3", ticks{3: 300})}, 10},
		"none is known":        {[]device{core("cpu4", ticks{0: 30, 3: 270}), core("cpu5", ticks{0: 2}), core("cpu6", ticks{3: 300})}, -1},
	} {
		if got := busiestCore(last, c.cur, 3).Or(-1); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("%s: the busiest core is at %v, want %v", name, got, c.want)
		}
	}
}
