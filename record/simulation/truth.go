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
	SlowDisk  Event = "slow disk"       // reads and writes take a hundred times as long
	Skew      Event = "clock skew"      // the machine's clock is off by some seconds
	Restart   Event = "restart"         // the machine is down; a new session follows
	Silence   Event = "silence"         // samples are taken and lost
)

// Episode is an event and its time. To is not included. If the event never ends, To is a hundred years later.
type Episode struct {
	Event    Event
	From, To time.Time
	// Culprit is what the event comes from: the name of a process, a mount point, a device or an interface. It follows from the event
	// and the machine's role, and is empty if nothing on the machine is to blame. A [Machine] need not name it.
	Culprit string
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

// plan makes the episodes of a machine, in the order they begin. It does not depend on the samples that are taken.
type plan struct {
	rng       *rand.Rand
	kind      *kind
	story     Story
	at        time.Time // the story is made up to here
	death     time.Time // of a dying machine
	ram, used float64   // parts in use at the time at
	begun     bool
	made      []Episode // the story's next ones
	chosen    []Episode // the machine's own next ones
}

// next returns the episode that begins next, if there is one.
func (p *plan) next() (Episode, bool) {
	if len(p.made) == 0 {
		p.more()
	}
	from := &p.made
	if len(p.made) == 0 || len(p.chosen) > 0 && p.chosen[0].From.Before(p.made[0].From) {
		from = &p.chosen
	}
	if len(*from) == 0 {
		return Episode{}, false
	}
	e := (*from)[0]
	*from = (*from)[1:]
	e.Culprit = p.kind.culprit(e.Event)
	return e, true
}

// more adds at least one episode of the story, unless the story is over.
func (p *plan) more() {
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
			p.made = append(p.made, Episode{Event: NetErrors, From: p.at, To: p.death})
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

// add adds an event that begins after a wait.
func (p *plan) add(event Event, wait, lasts time.Duration) {
	from := p.at.Add(wait)
	p.at = from.Add(lasts)
	p.made = append(p.made, Episode{Event: event, From: from, To: p.at})
}

func (p *plan) restart(wait time.Duration) {
	p.add(Restart, wait, time.Minute+time.Duration(p.rng.Int64N(int64(4*time.Minute))))
}

// wait is the time until something that happens every mean time on average.
func (p *plan) wait(mean time.Duration) time.Duration { return part(mean, p.rng.ExpFloat64()) }

func part(d time.Duration, of float64) time.Duration { return time.Duration(float64(d) * of) }

// Truth returns all episodes of the machine that begin before a time, in the order they begin. It is the same whatever samples
// were taken.
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
	return Episode{Event: Job, From: from, To: from.Add(h.kind.jobTime), Culprit: h.kind.culprit(Job)}
}
