package simulation

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Host is a simulated machine. It is not safe for concurrent use; different hosts are independent.
type Host struct {
	Machine Machine // must not be changed

	rng       *rand.Rand // of the readings
	kind      kind
	start     time.Time
	phase     float64       // of its daily rhythm, as part of a day
	skew      time.Duration // of its clock during a Skew
	death     time.Time     // of a dying machine
	usedFirst float64       // part of the filesystem that was in use at the start
	seed      [2]uint64

	sample  record.Sample // what does not change
	boot    time.Time
	session string
	seq     int64

	// What happens: episodes that go on, and the one that begins next.
	plan   plan
	now    []Episode
	next   Episode
	isNext bool

	// State that moves from sample to sample.
	cpu, ram, net, disk walk
	load                [3]float64 // averages over 1, 5 and 15 minutes
	used                float64    // part of the filesystem, without what fills it now
	details             details
}

// New returns a machine as the n-th of the fleet. Two machines of one number and role differ only by what happens to them.
func (f Fleet) New(n int, m Machine) *Host {
	rng := rand.New(rand.NewPCG(f.Seed, uint64(n)+1))
	k := kinds[m.Role]
	arch := "amd64"
	if rng.IntN(2) == 0 || m.Role == Edge {
		arch = "arm64"
	}
	h := &Host{
		Machine: m, rng: rng, kind: k, start: f.Start, death: f.Start.Add(f.About / 100 * 85), seed: [2]uint64{f.Seed, uint64(n) + 1},
		phase: rng.NormFloat64() * .04,
		boot:  f.Start.Add(-time.Duration(rng.Int64N(int64(60 * 24 * time.Hour)))),
		used:  .3 + .35*rng.Float64(),
		skew:  time.Duration(rng.IntN(80)-40) * time.Second,
		sample: record.Sample{
			Hostname: m.Name, OS: "linux", OSVersion: []string{"debian 12.11", "ubuntu 24.04", "amzn 2023"}[rng.IntN(3)], Arch: arch,
			NodeRole: k.role, Env: m.Env, Tags: m.Tags,
			CPUCount:      record.Some(k.cores),
			RAMTotalBytes: record.Some(k.ramGiB * gib),
			DiskUsedMount: k.mount,
			MachineID:     fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()),
		},
	}
	h.cpu, h.ram = walk{speed: .02, spread: .18}, walk{speed: .004, spread: .02}
	h.net, h.disk = walk{speed: .03, spread: .35}, walk{speed: .03, spread: .4}
	h.details = newDetails(h.seed)
	h.newSession()
	// No two machines of a kind are equally busy.
	h.kind.cpu *= math.Exp(.3 * rng.NormFloat64())
	h.kind.ram *= .9 + .2*rng.Float64()
	h.kind.netMB *= math.Exp(.5 * rng.NormFloat64())
	h.kind.diskMB *= math.Exp(.5 * rng.NormFloat64())
	h.usedFirst = h.used
	h.plan = h.newPlan()
	h.next, h.isNext = h.plan.next()
	return h
}

// newPlan returns the machine's plan from the start on. The plan has random numbers of its own, so that it does not depend on
// the samples.
func (h *Host) newPlan() plan {
	return plan{
		rng: rand.New(rand.NewPCG(^h.seed[0], h.seed[1])), kind: &h.kind, story: h.Machine.Story, at: h.start, death: h.death, ram: h.kind.ram, used: h.usedFirst,
		chosen: slices.SortedStableFunc(slices.Values(h.Machine.Episodes), func(a, b Episode) int { return a.From.Compare(b.From) }),
	}
}

// newSession is a start of the collector.
func (h *Host) newSession() {
	h.session, h.seq = fmt.Sprintf("%016x", h.rng.Uint64()), 0
}

// Sample takes the sample of a time; ok is false if the machine is down or silent then. Times must not go back.
func (h *Host) Sample(t time.Time, interval time.Duration) (_ record.Sample, ok bool) {
	t = t.UTC()
	h.advance(t)
	if h.happens(Restart) == 1 {
		return record.Sample{}, false
	}
	seq := h.seq
	h.seq++
	if h.happens(Silence) == 1 {
		return record.Sample{}, false // taken and lost
	}
	seconds := interval.Seconds()
	s := h.sample
	s.TS, s.SessionID, s.Seq, s.IntervalS = record.TS(t), h.session, seq, int32(max(1, math.Round(seconds)))
	if h.happens(Skew) == 1 {
		s.TS = record.TS(t.Add(h.skew))
	}
	h.fill(&s, t, seconds)
	return s, true
}

// advance begins and ends episodes up to a time.
func (h *Host) advance(t time.Time) {
	for {
		begins := h.isNext && !h.next.From.After(t)
		until := t
		if begins {
			until = h.next.From
		}
		h.now = slices.DeleteFunc(h.now, func(e Episode) bool {
			ended := !until.Before(e.To)
			if ended && e.Event == DiskFill {
				h.used = cleaned
			}
			return ended
		})
		if !begins {
			return
		}
		if h.next.Event == Restart {
			h.boot = h.next.To
			h.newSession()
		}
		h.now = append(h.now, h.next)
		h.next, h.isNext = h.plan.next()
	}
}

// happens is 1 if an event goes on, else 0.
func (h *Host) happens(event Event) float64 {
	for _, e := range h.now {
		if e.Event == event {
			return 1
		}
	}
	return 0
}

// progress is which part of an event's time is over, 0 if it does not go on.
func (h *Host) progress(event Event, t time.Time) float64 {
	for _, e := range h.now {
		if e.Event == event {
			return float64(t.Sub(e.From)) / float64(e.To.Sub(e.From))
		}
	}
	return 0
}

// walk is noise that drifts around 0 and is pulled back (an Ornstein-Uhlenbeck process).
type walk struct{ value, speed, spread float64 }

func (w *walk) step(rng *rand.Rand, seconds float64) float64 {
	pull := math.Exp(-w.speed * seconds / 3)
	w.value = w.value*pull + w.spread*math.Sqrt(1-pull*pull)*rng.NormFloat64()
	return w.value
}

// rhythm is how much of the day's load there is at a time: 1 on average over a weekday.
func (h *Host) rhythm(t time.Time) float64 {
	day := float64(t.Hour())/24 + float64(t.Minute())/1440 + float64(t.Second())/86400 + h.phase
	// Busiest at about 14:00 UTC, quietest at 2:00, with a dip around noon.
	wave := -math.Cos(2*math.Pi*(day-2./24)) - .15*math.Cos(4*math.Pi*(day-2./24))
	load := 1 + h.kind.swing*wave
	if d := t.Weekday(); d == time.Saturday || d == time.Sunday {
		load *= h.kind.weekend
	}
	return load
}
