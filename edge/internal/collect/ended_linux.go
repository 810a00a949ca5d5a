package collect

import (
	"cmp"
	"slices"
)

// A process that has ended cannot be read any more. What it used since its last reading is known only together with what others used:
// if its parent waited for it, the kernel adds its total to the parent's counters of children (cutime and cstime in
// proc_pid_stat(5)), and its I/O to the parent's own. settle finds out which part of that growth was counted before, while the
// processes were alive, and shares out the rest.

// account is what is open at a process: by how much the counters that include its children grew, less what was counted before.
type account struct {
	open uses64     // since the previous scan
	held uses64     // what the previous scan held back, see settle
	want [3]float64 // what the ended children would have used at the pace of their last readings
	room [3]float64 // what the threads of the ended children could have used beyond that
	paid uses64     // what the ended children were given
}

// uses64 is an amount that can be negative.
type uses64 [3]int64

func (a *account) add(u uses) {
	for kind := range u {
		a.open[kind] += int64(u[kind])
	}
}

// sub takes away what was counted before.
func (a *account) sub(u uses) {
	for kind := range u {
		a.open[kind] -= int64(u[kind])
	}
}

func (p *proc) open() *account {
	if p.account == nil {
		p.account = &account{}
	}
	return p.account
}

// counted is what the counters of an ended process had when it was last read, with those of its children.
func (p *proc) counted() uses {
	u := p.total
	u[useCPU] += p.children
	return u
}

// settle shares out what processes used that have ended. Each open account pays its ended children first, by what they used lately;
// what remains is of children that ended between two scans, and counts as the parent's own.
//
// The remainder is held for one scan. A child may end after it was read and before its parent is: then the parent's counters have its
// total, but the child is missed only by the next scan, which takes its part away again.
//
// If an account is overdrawn, the parent did not wait: it ignores its children, or ended before them, so that another ancestor got
// them. Then the ancestors' accounts, which have too much, are reduced.
func (p *processes) settle(at Moment) {
	for i := range p.ended {
		one := &p.ended[i]
		if a := one.account; a != nil {
			one.group.pay(a.open, a.held)
		}
		if heir := p.heir(one, at); heir != nil {
			heir.open().sub(one.counted())
		}
	}
	p.payEnded(at)
	for i := range p.ended {
		p.ended[i].group.addEnded(&p.ended[i])
	}
	for i := range p.known {
		if p.known[i].account != nil {
			p.cover(&p.known[i], at)
		}
	}
	for i := range p.known {
		if one := &p.known[i]; one.account != nil {
			one.payRest()
		}
	}
}

// heir returns the process whose counters have the total of one that ended: its parent or, if that ended too, the parent's heir. It
// reads the heir if this scan has not. It returns nil if there is none.
func (p *processes) heir(one *proc, at Moment) *proc {
	heir := p.ancestor(one)
	if heir != nil && !p.refresh(heir, at) {
		// It has just ended too, and the next scan finds its heir. Until then its counters shall include the total.
		u := one.counted()
		heir.children += u[useCPU]
		heir.total[useRead] += u[useRead]
		heir.total[useWrite] += u[useWrite]
		return nil
	}
	return heir
}

// refresh reads a process if this scan has not. It returns false if the process has ended.
func (p *processes) refresh(one *proc, at Moment) bool {
	if one.readAt == at.Mono {
		return true
	}
	s, state, err := p.stat(one.pid)
	if err != nil || state != read || s.start != one.start {
		return false
	}
	p.update(one, s, true, at)
	return true
}

// ancestor returns the nearest ancestor that lives, nil if it is not known.
func (p *processes) ancestor(one *proc) *proc {
	byID := func(a proc, pid int32) int { return cmp.Compare(a.pid, pid) }
	parent := one.parent
	for range len(p.ended) + 1 {
		if at, found := slices.BinarySearchFunc(p.known, parent, byID); found && p.known[at].start <= one.start {
			return &p.known[at]
		}
		at, found := slices.BinarySearchFunc(p.ended, parent, byID)
		if !found || p.ended[at].start > one.start {
			break
		}
		parent = p.ended[at].parent
	}
	return nil
}

// busyTicks is how many ticks a second a process uses at least that may have used all the time since its last reading. One that
// mostly waits, such as a shell, did not do what its brothers did that no scan saw.
const busyTicks = 2

// payEnded pays the processes that ended: each what it would have used at the pace of its last reading and, if the account has more,
// up to what its threads can use.
func (p *processes) payEnded(at Moment) {
	type expected struct{ want, room float64 }
	guess := func(one *proc, kind int) expected {
		seconds := (at.Mono - one.readAt).Seconds()
		want := one.lately[kind] * seconds
		room := want
		if kind == useCPU && one.lately[kind] >= busyTicks {
			room = max(0, seconds*cpuTicks*float64(max(1, one.threads))-want)
		}
		return expected{want, room}
	}
	for i := range p.ended {
		heir := p.ancestor(&p.ended[i])
		if heir == nil || heir.account == nil {
			continue
		}
		for kind := range heir.account.want {
			e := guess(&p.ended[i], kind)
			heir.account.want[kind] += e.want
			heir.account.room[kind] += e.room
		}
	}
	for i := range p.ended {
		one := &p.ended[i]
		heir := p.ancestor(one)
		if heir == nil || heir.account == nil {
			continue
		}
		a := heir.account
		for kind := range a.want {
			has := max(0, float64(a.open[kind]+a.held[kind]))
			e := guess(one, kind)
			amount := e.want*share(has, a.want[kind]) + e.room*share(has-a.want[kind], a.room[kind])
			one.group.used[kind] += uint64(amount + 0.5)
			a.paid[kind] += int64(amount + 0.5)
			if kind == useCPU {
				one.used += uint64(amount + 0.5)
			}
		}
	}
}

// share returns which part of the claims can be paid, 0..1.
func share(has, claims float64) float64 {
	if has <= 0 || claims <= 0 {
		return 0
	}
	return min(1, has/claims)
}

// cover lets the ancestors cover what an account is overdrawn by.
func (p *processes) cover(one *proc, at Moment) {
	a := one.account
	for kind := range a.open {
		lacks := a.paid[kind] - a.open[kind] - a.held[kind]
		if lacks <= 0 {
			continue
		}
		a.open[kind] += lacks
		for above := p.ancestor(one); above != nil && lacks > 0; above = p.ancestor(above) {
			p.refresh(above, at)
			if b := above.account; b != nil {
				part := min(lacks, max(0, b.open[kind]+b.held[kind]-b.paid[kind]))
				b.open[kind] -= part
				lacks -= part
			}
		}
	}
}

// payRest counts as the process's own what the previous scan held back, and holds what is new.
func (p *proc) payRest() {
	a, holds := p.account, false
	for kind := range a.open {
		rest := a.open[kind] + a.held[kind] - a.paid[kind]
		pay := min(max(0, a.held[kind]), max(0, rest))
		p.group.used[kind] += uint64(pay)
		a.held[kind] = max(0, rest-pay)
		holds = holds || a.held[kind] > 0
	}
	if !holds {
		p.account = nil
		return
	}
	*a = account{held: a.held}
}

// pay counts an ended process's own account as its group's.
func (g *group) pay(amounts ...uses64) {
	for kind := range g.used {
		var sum int64
		for _, a := range amounts {
			sum += a[kind]
		}
		g.used[kind] += uint64(max(0, sum))
	}
}
