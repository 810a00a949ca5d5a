package fleet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

const gib = 1 << 30

// Host is one simulated machine. Its samples depend on its number, the seed and the times they are taken at, nothing else.
type Host struct {
	rng   *rand.Rand
	kind  kind
	story story
	skew  time.Duration // of its clock
	phase float64       // of its daily rhythm, as part of a day

	sample  record.Sample // what does not change
	start   time.Time     // of the simulation
	death   time.Time     // of a dying machine
	boot    time.Time
	session string
	seq     int64
	down    time.Time // until when it is down

	// State that moves from sample to sample.
	cpu, ram, net, disk walk
	load                [3]float64 // averages over 1, 5 and 15 minutes
	leaked              float64    // part of memory
	used                float64    // part of the filesystem
	noisyUntil          time.Time
}

// kind is what a machine is for, and with it how it behaves.
type kind struct {
	role              string
	cores             int32
	ramGiB, diskGiB   int64
	cpu, swing        float64 // mean CPU in percent, and how much of it follows the day
	ram               float64 // part of memory in use
	mount, device     string  // of the fullest filesystem, and of the busiest disk
	inodes            float64 // in use, as part of the space in use: little where files are large
	netMB, diskMB     float64 // per second
	weekend           float64 // load at weekends, as part of a weekday's
	jobEvery, jobTime time.Duration
}

var kinds = []kind{
	{
		role: "web", cores: 8, ramGiB: 16, diskGiB: 100, cpu: 32, swing: .7, ram: .45,
		mount: "/", device: "nvme0n1", inodes: .3, netMB: 6, diskMB: .4, weekend: .6,
	},
	{
		role: "api", cores: 16, ramGiB: 32, diskGiB: 100, cpu: 38, swing: .6, ram: .5,
		mount: "/", device: "nvme0n1", inodes: .25, netMB: 9, diskMB: .6, weekend: .7,
	},
	{
		role: "db", cores: 16, ramGiB: 128, diskGiB: 1000, cpu: 25, swing: .4, ram: .74,
		mount: "/var/lib/postgresql", device: "nvme1n1", inodes: .01, netMB: 12, diskMB: 18, weekend: .8,
		jobEvery: 24 * time.Hour, jobTime: 50 * time.Minute,
	},
	{
		role: "worker", cores: 32, ramGiB: 64, diskGiB: 400, cpu: 18, swing: .2, ram: .35,
		mount: "/var/lib/docker", device: "nvme1n1", inodes: .8, netMB: 3, diskMB: 5, weekend: 1,
		jobEvery: 3 * time.Hour, jobTime: 35 * time.Minute,
	},
	{
		role: "cache", cores: 4, ramGiB: 64, diskGiB: 50, cpu: 12, swing: .7, ram: .8,
		mount: "/", device: "nvme0n1", inodes: .2, netMB: 15, diskMB: .1, weekend: .65,
	},
	{
		role: "edge", cores: 4, ramGiB: 4, diskGiB: 32, cpu: 9, swing: .3, ram: .55,
		mount: "/", device: "mmcblk0", inodes: .35, netMB: .2, diskMB: .3, weekend: .9,
	},
}

// story is what goes wrong on a machine.
type story int

const (
	nothing   story = iota
	leak            // memory fills until it is restarted
	filling         // the disk fills, and is cleaned when it is nearly full
	neighbour       // a noisy neighbour takes CPU now and then
	dying           // errors on the network, restarts, and at last silence
	skewed          // the clock is off
	flaky           // restarts now and then
)

// storyOf gives most machines of a fleet an uneventful life and lets each story be told from a dozen hosts on. 13 shares no
// factor with the number of kinds, so that each story meets each kind.
func storyOf(n int) story {
	return [...]story{nothing, filling, nothing, leak, nothing, neighbour, nothing, flaky, nothing, skewed, nothing, dying, nothing}[n%13]
}

// NewHost returns the n-th machine of a fleet whose simulation runs from start on, for about a time: stories are told in it.
func NewHost(seed uint64, n int, start time.Time, about time.Duration) *Host {
	rng := rand.New(rand.NewPCG(seed, uint64(n)+1))
	k := kinds[n%len(kinds)]
	env := "prod"
	switch n % 10 {
	case 8:
		env = "staging"
	case 9:
		env = "dev"
	}
	arch := "amd64"
	if rng.IntN(2) == 0 || k.role == "edge" {
		arch = "arm64"
	}
	h := &Host{
		rng: rng, kind: k, story: storyOf(n), start: start, death: start.Add(about / 100 * 85),
		phase: rng.NormFloat64() * .04,
		boot:  start.Add(-time.Duration(rng.Int64N(int64(60 * 24 * time.Hour)))),
		used:  .3 + .35*rng.Float64(),
		sample: record.Sample{
			Hostname: fmt.Sprintf("%s-%02d", k.role, n/len(kinds)+1),
			OS:       "linux", OSVersion: []string{"debian 12.11", "ubuntu 24.04", "amzn 2023"}[rng.IntN(3)], Arch: arch,
			NodeRole: k.role, Env: env,
			Tags:          map[string]string{"team": []string{"core", "data", "shop"}[n%3], "zone": string(rune('a' + n%3))},
			CPUCount:      record.Some(k.cores),
			RAMTotalBytes: record.Some(k.ramGiB * gib),
			DiskUsedMount: k.mount,
			MachineID:     fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()),
		},
	}
	if h.story == skewed {
		h.skew = time.Duration(rng.IntN(80)-40) * time.Second
	}
	h.cpu, h.ram = walk{speed: .02, spread: .18}, walk{speed: .004, spread: .02}
	h.net, h.disk = walk{speed: .03, spread: .35}, walk{speed: .03, spread: .4}
	h.newSession()
	// No two machines of a kind are equally busy.
	h.kind.cpu *= math.Exp(.3 * rng.NormFloat64())
	h.kind.ram *= .9 + .2*rng.Float64()
	h.kind.netMB *= math.Exp(.5 * rng.NormFloat64())
	h.kind.diskMB *= math.Exp(.5 * rng.NormFloat64())
	return h
}

// newSession is a start of the collector.
func (h *Host) newSession() {
	h.session, h.seq = fmt.Sprintf("%016x", h.rng.Uint64()), 0
}

// walk is noise that remembers: it drifts around 0 and is pulled back (an Ornstein-Uhlenbeck process).
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
