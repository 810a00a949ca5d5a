// Package sampler takes samples on a fixed grid of time and hands them on as encoded lines. What is read is package
// collect's business, what happens to a line the [Sink]'s.
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

// Sink takes encoded samples. It copies what it keeps.
type Sink interface {
	Append(lines ...[]byte) error
}

// Labels are what the configuration says of a machine.
type Labels struct {
	// Hostname takes the place of the machine's own name, where it is set.
	Hostname string
	Env      string
	NodeRole string
	Tags     map[string]string
}

// Sampler takes the samples of one session. One goroutine may run it; Tune and its numbers are safe for concurrent use.
type Sampler struct {
	clock   collect.Clock
	log     *slog.Logger
	session string
	next    time.Time // of the grid; zero before the first sample
	line    []byte
	append  *retry.State
	waiting *retry.State
	tuned   chan struct{} // has an element if Tune was called since Run looked

	mu   sync.Mutex // guards what
	what what

	seq    atomic.Int64
	lastAt atomic.Int64 // when a sample was last taken or tried, since began
	within atomic.Int64 // how soon after that the next one is due
	began  time.Time
}

// what is what Tune changes.
type what struct {
	interval  time.Duration
	labels    Labels
	collector Collector
}

// New returns a sampler of a new session.
func New(interval time.Duration, labels Labels, c Collector, log *slog.Logger) *Sampler {
	sm := &Sampler{
		began:   time.Now(),
		what:    what{interval, labels, c},
		clock:   collect.NewClock(),
		log:     log,
		session: newSession(),
		append:  retry.NewState(log, "storing samples"),
		waiting: retry.NewState(log, "the clock"),
		tuned:   make(chan struct{}, 1),
	}
	sm.within.Store(int64(interval))
	return sm
}

// Tune changes what is taken from the next sample on, also while the sampler runs. The session goes on. With another interval a
// new grid begins, one interval from now.
func (sm *Sampler) Tune(interval time.Duration, labels Labels, c Collector) {
	sm.mu.Lock()
	other := interval != sm.what.interval
	sm.what = what{interval, labels, c}
	sm.mu.Unlock()
	if !other {
		return
	}
	select {
	case sm.tuned <- struct{}{}:
	default: // Run has not looked since the last time
	}
}

// now returns what is taken now.
func (sm *Sampler) now() what {
	sm.mu.Lock()
	defer sm.mu.Unlock()
	return sm.what
}

// newSession returns 64 random bits: among a million sessions, two are equal with a chance of 1 in 37 million.
func newSession() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return hex.EncodeToString(b[:])
}

// Session is the session_id of the samples.
func (sm *Sampler) Session() string { return sm.session }

// Taken is how many samples were taken.
func (sm *Sampler) Taken() int64 { return sm.seq.Load() }

// Overdue is how long ago a sample should have been taken, 0 or less while they are on time. A machine that was suspended is
// not overdue.
func (sm *Sampler) Overdue() time.Duration {
	return time.Since(sm.began) - time.Duration(sm.lastAt.Load()+sm.within.Load())
}

// Health is what keeps samples from being taken or kept.
func (sm *Sampler) Health() []*retry.State { return []*retry.State{sm.append, sm.waiting} }

// Lost is how many of the samples taken the sink refused.
func (sm *Sampler) Lost() int64 { return sm.append.Failures() }

// Base takes the reading that the rates of the first sample are differences to. Without it the first has none.
func (sm *Sampler) Base(ctx context.Context) {
	sm.now().collector.Collect(ctx, sm.clock.Now(), &record.Sample{})
}

// Sample takes one sample. It returns false where the clock shows a time that the pipeline would refuse, as a board
// without a battery does before it reaches a time server.
func (sm *Sampler) Sample(ctx context.Context) (record.Sample, bool) {
	at, now := sm.clock.Now(), sm.now()
	s := record.Sample{
		TS:        record.TS(at.Wall),
		SessionID: sm.session,
		Seq:       sm.seq.Load(),
		IntervalS: int32(max(1, now.interval.Round(time.Second)/time.Second)),
		Env:       now.labels.Env,
		NodeRole:  now.labels.NodeRole,
		Tags:      now.labels.Tags,
	}
	if err := record.CheckTS(s.TS, at.Wall); err != nil {
		sm.waiting.Failed(fmt.Errorf("no samples until it is set: %w", err))
		return s, false
	}
	sm.waiting.OK()
	now.collector.Collect(ctx, at, &s)
	s.Hostname = cmp.Or(now.labels.Hostname, s.Hostname)
	sm.seq.Add(1)
	return s, true
}

// Run takes a sample at once and then one at each multiple of the interval after the start, until the context ends; a
// further Run goes on with that grid. A tick that passes while a sample is still being taken is left out; the grid stays.
func (sm *Sampler) Run(ctx context.Context, sink Sink) {
	if sm.next.IsZero() {
		sm.next = time.Now()
		select {
		case <-sm.tuned: // before the first sample there is no grid to change
			sm.within.Store(int64(sm.now().interval))
		default:
		}
	}
	timer := time.NewTimer(time.Until(sm.next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sm.tuned:
			// The time that the new grid begins at counts as the last sample's: none is due before an interval has passed.
			interval := sm.now().interval
			sm.lastAt.Store(int64(time.Since(sm.began)))
			sm.within.Store(int64(interval))
			sm.next = time.Now().Add(interval)
			timer.Reset(time.Until(sm.next))
			continue
		case <-timer.C:
		}
		sm.take(ctx, sink)
		sm.lastAt.Store(int64(time.Since(sm.began)))
		late := time.Since(sm.next)
		sm.next = sm.next.Add(late + untilNext(late, sm.now().interval))
		timer.Reset(time.Until(sm.next))
	}
}

func (sm *Sampler) take(ctx context.Context, sink Sink) {
	s, ok := sm.Sample(ctx)
	if !ok {
		return
	}
	sm.line = s.AppendJSON(sm.line[:0])
	if err := sink.Append(sm.line); err != nil {
		sm.append.Failed(err)
		return
	}
	sm.append.OK()
	if s.Seq == 0 {
		sm.log.LogAttrs(ctx, slog.LevelInfo, "first sample taken",
			slog.String("session_id", sm.session), slog.String("hostname", s.Hostname))
	}
}

// untilNext is the time to the next tick of the grid, where one was so long ago.
func untilNext(elapsed, interval time.Duration) time.Duration { return interval - elapsed%interval }
