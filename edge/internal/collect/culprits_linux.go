package collect

import (
	"cmp"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// culprits returns the collectors that say who uses the machine.
func culprits(o Options, roots Roots, d *details, logOf func(name string) *slog.Logger) []named {
	var all []named
	if !o.NoProcesses {
		all = append(all, named{"processes", newProcesses(o, roots, d, logOf("processes"))})
	}
	return append(all, named{"units", newUnits(roots, d, logOf("units"))})
}

// group is all processes of one name in one unit.
type group struct {
	groupKey
	used  uses   // since the previous details
	ended int    // processes that ended since then
	rss   uint64 // bytes, at the last scan
	peak  uint64 // the highest rss since the previous details
	noIO  bool   // the I/O of a process is not known
	alive int    // processes at the last scan
	last  holder // the ended process that used the most CPU time
}

type groupKey struct{ name, unit string }

// holder is a process that stands for its group.
type holder struct {
	pid  int32
	uid  int64
	used uint64
}

// topEach is how many groups are listed for each of CPU time, memory and I/O.
const topEach = 5

var pageSize = uint64(os.Getpagesize())

// kernelName returns what threads of the kernel have in common: the name without the core, device or queue that they work for, as in
// kworker/0:1, ksoftirqd/1, irq/24-nvme0q0 and jbd2/sda1-8.
func kernelName(name string) string {
	if at := strings.IndexAny(name, "/:"); at > 0 {
		return name[:at]
	}
	return name
}

// addEnded notes a process that ended.
func (g *group) addEnded(one *proc) {
	g.ended++
	if g.last.pid == 0 || one.used >= g.last.used {
		g.last = holder{one.pid, one.uid, one.used}
	}
	g.noIO = g.noIO || one.noIO
}

// sumMemory adds up the memory of each group.
func (p *processes) sumMemory() {
	for _, g := range p.groups {
		g.rss, g.alive = 0, 0
	}
	for i := range p.known {
		one := &p.known[i]
		one.group.rss += one.rss
		one.group.alive++
		one.group.noIO = one.group.noIO || one.noIO
	}
	for _, g := range p.groups {
		g.peak = max(g.peak, g.rss)
	}
}

// list returns the groups that used the most since the previous details.
func (p *processes) list(at Moment) []record.Process {
	continues := p.details.ok && p.n == p.details.n-1
	top := p.top(continues)
	list := make([]record.Process, 0, len(top))
	for _, g := range top {
		who := p.holder(g)
		to := record.Process{
			Name: text(g.name), Unit: g.unit, Count: record.Some(int32(g.alive + g.ended)),
			RSSBytes: record.Some(int64(g.peak)), PID: record.Some(who.pid),
		}
		if who.uid >= 0 {
			to.User = p.accounts.name(who.uid, at)
		}
		if continues {
			to.CPUPct = record.Some(100 * float64(g.used[useCPU]) / cpuTicks / p.details.seconds)
			if !g.noIO {
				to.ReadBytesPerS = perSecond(g.used[useRead], p.details.seconds)
				to.WriteBytesPerS = perSecond(g.used[useWrite], p.details.seconds)
			}
		}
		list = append(list, to)
	}
	return atMost(p.details, list, record.MaxProcesses, "processes")
}

// top returns the groups that are first by CPU time, by memory or by I/O, in this order.
func (p *processes) top(continues bool) []*group {
	all := make([]*group, 0, len(p.groups))
	for _, g := range p.groups {
		all = append(all, g)
	}
	io := func(g *group) uint64 { return g.used[useRead] + g.used[useWrite] }
	cpu := func(g *group) uint64 { return g.used[useCPU] }
	memory := func(g *group) uint64 { return g.peak }
	var chosen []*group
	for _, by := range []func(*group) uint64{cpu, memory, io} {
		slices.SortFunc(all, func(a, b *group) int {
			return cmp.Or(cmp.Compare(by(b), by(a)), cmp.Compare(b.peak, a.peak), cmp.Compare(a.name, b.name), cmp.Compare(a.unit, b.unit))
		})
		for _, g := range all[:min(topEach, len(all))] {
			if by(g) > 0 && !slices.Contains(chosen, g) {
				chosen = append(chosen, g)
			}
		}
	}
	if !continues {
		return chosen // by memory: there are no rates yet
	}
	slices.SortStableFunc(chosen, func(a, b *group) int { return cmp.Compare(cpu(b), cpu(a)) })
	return chosen
}

// holder returns the process that used the most CPU time in a group, one that lives if several used the same. It reads the user of
// that one anew, because a process may change it.
func (p *processes) holder(g *group) holder {
	var most *proc
	for i := range p.known {
		if one := &p.known[i]; one.group == g && (most == nil || one.used > most.used) {
			most = one
		}
	}
	if most == nil || g.last.pid != 0 && g.last.used > most.used {
		return g.last
	}
	p.readUser(most)
	return holder{most.pid, most.uid, most.used}
}

// begin begins the time of the next details.
func (p *processes) begin() {
	p.n = p.details.n
	for i := range p.known {
		p.known[i].used = 0
	}
	for key, g := range p.groups {
		if g.alive == 0 {
			delete(p.groups, key)
			continue
		}
		g.used, g.ended, g.peak, g.last, g.noIO = uses{}, 0, g.rss, holder{}, false
	}
}
