package simulation

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Event is something that happens to a machine for a while.
type Event string

// The events.
const (
	Job       Event = "batch job"       // CPU, disk and network are busy, as they are each time; nothing is wrong
	Runaway   Event = "runaway"         // a process takes nearly all CPU time
	Leak      Event = "memory leak"     // memory fills, to 97 % at the end
	DiskFill  Event = "disk fills"      // the fullest filesystem fills, to 96 % at the end, and is then cleaned
	Steal     Event = "noisy neighbour" // the hypervisor takes CPU time
	NetErrors Event = "network errors"  // errors on the network, more and more
	Skew      Event = "clock skew"      // the machine's clock is off by some seconds
	Restart   Event = "restart"         // the machine is down; a new session follows
	Silence   Event = "silence"         // no sample of the time arrives
)

// Episode is an event and its time. To is not included; it lies far ahead if the event never ends.
type Episode struct {
	Event    Event
	From, To time.Time
}

// at says whether the episode goes on at a time.
func (e Episode) at(t time.Time) bool { return !t.Before(e.From) && t.Before(e.To) }

// Story is what goes wrong with a machine again and again.
type Story int

// The stories.
const (
	Uneventful     Story = iota
	Leaking              // memory leaks until the machine is restarted
	FillingUp            // the disk fills, and is cleaned when it is nearly full
	NoisyNeighbour       // a noisy neighbour takes CPU now and then
	Dying                // errors on the network, restarts, and at last silence
	Skewed               // the clock is off
	Flaky                // the machine restarts now and then
)

// Where slow events end, as parts of memory and of the filesystem.
const (
	leakEnd = .97
	fillEnd = .96
	cleaned = .4 // what is in use of a filesystem after it was cleaned
)

const forever = 100 * 365 * 24 * time.Hour

// plan tells when the episodes of a machine are. Equal plans tell the same, whatever samples are taken.
type plan struct {
	rng       *rand.Rand
	story     Story
	at, death time.Time // up to which it is told, and when a dying machine dies
	ram, used float64   // parts in use at the beginning
	begun     bool
	told      []Episode // by the story, not given yet, in the order they begin
	given     []Episode // by the machine's Episodes, not given yet, in the order they begin
}

// next returns the episode that begins next, if there is one.
func (p *plan) next() (Episode, bool) {
	if len(p.told) == 0 {
		p.tell()
	}
	from := &p.told
	if len(p.told) == 0 || len(p.given) > 0 && p.given[0].From.Before(p.told[0].From) {
		from = &p.given
	}
	if len(*from) == 0 {
		return Episode{}, false
	}
	e := (*from)[0]
	*from = (*from)[1:]
	return e, true
}

// tell goes on with the story by at least one episode, if it goes on.
func (p *plan) tell() {
	first := !p.begun
	p.begun = true
	switch p.story {
	case Leaking:
		p.add(Leak, 0, part(60*time.Hour, (leakEnd-p.ram)/(1-p.ram)))
		p.restart(0)
	case FillingUp:
		p.add(DiskFill, 0, part(10*24*time.Hour, fillEnd-p.used))
		p.used = cleaned
	case NoisyNeighbour:
		p.add(Steal, p.wait(5*time.Hour), 10*time.Minute+time.Duration(p.rng.Int64N(int64(40*time.Minute))))
	case Flaky:
		p.restart(p.wait(30 * time.Hour))
	case Dying:
		if first {
			p.told = append(p.told, Episode{NetErrors, p.at, p.death})
		}
		if wait := p.wait(18 * time.Hour); p.at.Add(wait).Before(p.death) {
			p.restart(wait)
			return
		}
		p.add(Silence, p.death.Sub(p.at), forever)
		p.story = Uneventful
	case Skewed:
		p.add(Skew, 0, forever)
		p.story = Uneventful
	case Uneventful:
	}
}

// add tells of an event after a wait, for a time.
func (p *plan) add(event Event, wait, lasts time.Duration) {
	from := p.at.Add(wait)
	p.at = from.Add(lasts)
	p.told = append(p.told, Episode{event, from, p.at})
}

func (p *plan) restart(wait time.Duration) {
	p.add(Restart, wait, time.Minute+time.Duration(p.rng.Int64N(int64(4*time.Minute))))
}

// wait is the time until something that happens every mean time on average.
func (p *plan) wait(mean time.Duration) time.Duration { return part(mean, p.rng.ExpFloat64()) }

func part(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

// Truth returns everything that happens to the machine and begins before a time, in the order it begins. It is the truth
// that the samples show, whatever their interval.
func (h *Host) Truth(before time.Time) []Episode {
	var all []Episode
	p := h.newPlan()
	for e, ok := p.next(); ok && e.From.Before(before); e, ok = p.next() {
		all = append(all, e)
	}
	if every := h.kind.jobEvery; every > 0 {
		for e := h.jobAt(h.start); e.From.Before(before); e = h.jobAt(e.From.Add(every)) {
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(a, b Episode) int { return a.From.Compare(b.From) })
	return all
}

// jobAt returns the last regular batch job that begins at a time or before.
func (h *Host) jobAt(t time.Time) Episode {
	offset := part(time.Hour, 2+h.phase) // about 2:00
	from := t.Add(-offset).Truncate(h.kind.jobEvery).Add(offset)
	return Episode{Job, from, from.Add(h.kind.jobTime)}
}
