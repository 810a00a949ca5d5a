// Package sampler takes samples on a fixed grid of time, encodes each as a line and appends it to a [Sink]. Package collect does
// the reading.
package sampler

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Collector fills the readings of a sample.
type Collector interface {
	Collect(ctx context.Context, at collect.Moment, s *record.Sample)
}

// watcher is a collector that must look at the machine also between two samples, at least every [collect.WatchAfter].
type watcher interface{ Watch(at collect.Moment) }

// Sink takes encoded samples. It must copy a line to keep it.
type Sink interface {
	Append(lines ...[]byte) error
}

// Labels are what the configuration says about a machine.
type Labels struct {
	// Hostname replaces the machine's own name if it is not empty.
	Hostname string
	Env      string
	NodeRole string
	Tags     map[string]string
}

// Sampler takes the samples of one session. Only one goroutine may call Run, Base and Sample. All other methods are safe for
// concurrent use.
type Sampler struct {
	clock   collect.Clock
	log     *slog.Logger
	session string
	next    time.Time // the grid's next tick; zero before the first Run
	line    []byte
	storing *retry.State
	wall    *retry.State  // fails while the wall clock is not set
	regrid  chan struct{} // has an element if Tune changed the interval and Run has not seen it

	mu       sync.Mutex // guards settings
	settings settings

	seq    atomic.Int64 // of the next sample
	began  time.Time
	lastAt atomic.Int64 // when a sample was last taken or tried, in nanoseconds since began
	within atomic.Int64 // how many nanoseconds later the next one is due
}

// settings are what Tune changes.
type settings struct {
	interval  time.Duration
	labels    Labels
	collector Collector
}

// New returns a sampler of a new session.
func New(interval time.Duration, labels Labels, c Collector, log *slog.Logger) *Sampler {
	sm := &Sampler{
		began:    time.Now(),
		settings: settings{interval, labels, c},
		clock:    collect.NewClock(),
		log:      log,
		session:  newSession(),
		storing:  retry.NewState(log, "storing samples"),
		wall:     retry.NewState(log, "taking samples"),
		regrid:   make(chan struct{}, 1),
	}
	sm.within.Store(int64(interval))
	return sm
}

// Tune changes the settings from the next sample on, also while the sampler runs. The session and its numbers go on. If the interval
// changes, a new grid begins one interval from now.
func (sm *Sampler) Tune(interval time.Duration, labels Labels, c Collector) {
	sm.mu.Lock()
	other := interval != sm.settings.interval
	sm.settings = settings{interval, labels, c}
	sm.mu.Unlock()
	if !other {
		return
	}
	select {
	case sm.regrid <- struct{}{}:
	default: // Run has not seen the last change yet
	}
}

// current returns the settings.
func (sm *Sampler) current() settings {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return sm.settings
}

// newSession returns 64 random bits. The chance that two of a million sessions are equal is 1 in 37 million.
func newSession() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// Session returns the session_id of the samples.
func (sm *Sampler) Session() string { return sm.session }

// Taken returns how many samples were taken.
func (sm *Sampler) Taken() int64 { return sm.seq.Load() }

// Overdue returns how long ago the next sample was due. It is 0 or less while samples are on time. It does not count time in which
// the machine was suspended.
func (sm *Sampler) Overdue() time.Duration {
	return time.Since(sm.began) - time.Duration(sm.lastAt.Load()+sm.within.Load())
}

// Health returns the states of storing and of taking samples.
func (sm *Sampler) Health() []*retry.State { return []*retry.State{sm.storing, sm.wall} }

// Lost returns how many samples the sink refused.
func (sm *Sampler) Lost() int64 { return sm.storing.Total() }

// Base takes a first reading, so that the first sample can have rates.
func (sm *Sampler) Base(ctx context.Context) {
	sm.current().collector.Collect(ctx, sm.clock.Now(), &record.Sample{})
}

// Sample takes one sample. It returns false if the transform would refuse the time of the wall clock: a board without a battery
// has a wrong time before it reaches a time server.
func (sm *Sampler) Sample(ctx context.Context) (record.Sample, bool) {
	at, settings := sm.clock.Now(), sm.current()
	s := record.Sample{
		TS:        record.TS(at.Wall),
		SessionID: sm.session,
		Seq:       sm.seq.Load(),
		IntervalS: int32(max(1, settings.interval.Round(time.Second)/time.Second)),
		Env:       settings.labels.Env,
		NodeRole:  settings.labels.NodeRole,
		Tags:      settings.labels.Tags,
	}
	if err := record.CheckTS(s.TS, at.Wall); err != nil {
		sm.wall.Failed(fmt.Errorf("%w; no sample is taken before the clock is set", err))
		return s, false
	}
	sm.wall.OK()
	settings.collector.Collect(ctx, at, &s)
	s.Hostname = cmp.Or(settings.labels.Hostname, s.Hostname)
	sm.seq.Add(1)
	return s, true
}

// Run takes a sample at once, and then one at each tick of the grid until the context ends. The grid's ticks are the start and each
// multiple of the interval after it. Run leaves out a tick that passes while it takes a sample. A further Run continues the grid.
// If the interval is long, the collector looks at the machine between two ticks too.
func (sm *Sampler) Run(ctx context.Context, sink Sink) {
	if sm.next.IsZero() {
		sm.next = time.Now()
		select {
		case <-sm.regrid: // the grid begins only now, with the new interval
			sm.within.Store(int64(sm.current().interval))
		default:
		}
	}
	timer := time.NewTimer(sm.sleep())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sm.regrid:
			// The next sample is due an interval from now, as if one had been taken now.
			interval := sm.current().interval
			sm.lastAt.Store(int64(time.Since(sm.began)))
			sm.within.Store(int64(interval))
			sm.next = time.Now().Add(interval)
			timer.Reset(sm.sleep())
			continue
		case <-timer.C:
		}
		if time.Until(sm.next) > 0 {
			if w, is := sm.current().collector.(watcher); is {
				w.Watch(sm.clock.Now())
			}
			timer.Reset(sm.sleep())
			continue
		}
		sm.take(ctx, sink)
		sm.lastAt.Store(int64(time.Since(sm.began)))
		late := time.Since(sm.next)
		sm.next = sm.next.Add(late + untilNext(late, sm.current().interval))
		timer.Reset(sm.sleep())
	}
}

// sleep returns how long nothing is to be done.
func (sm *Sampler) sleep() time.Duration { return min(time.Until(sm.next), collect.WatchAfter) }

func (sm *Sampler) take(ctx context.Context, sink Sink) {
	s, ok := sm.Sample(ctx)
	if !ok {
		return
	}
	sm.line = s.AppendJSON(sm.line[:0])
	if err := sink.Append(sm.line); err != nil {
		sm.storing.Failed(err)
		return
	}
	sm.storing.OK()
	if s.Seq == 0 {
		sm.log.LogAttrs(ctx, slog.LevelInfo, "first sample taken",
			slog.String("session_id", sm.session), slog.String("hostname", s.Hostname))
	}
}

// untilNext returns the time to the next tick if one was elapsed ago.
func untilNext(elapsed, interval time.Duration) time.Duration { return interval - elapsed%interval }
