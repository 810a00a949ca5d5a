// Package sampler takes samples on a fixed grid of time and hands them on as encoded lines. What is read is package
// collect's business, what happens to a line the [Sink]'s.
package sampler

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
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
	Env      string
	NodeRole string
	Tags     map[string]string
}

// Sampler takes the samples of one session. But for its numbers it is not safe for concurrent use.
type Sampler struct {
	interval  time.Duration
	labels    Labels
	collector Collector
	clock     collect.Clock
	log       *slog.Logger
	session   string
	next      time.Time // of the grid; zero before the first sample
	line      []byte
	append    *health.State
	waiting   *health.State

	seq    atomic.Int64
	lastAt atomic.Int64 // when a sample was last taken or tried, since began
	within atomic.Int64 // how soon after that the next one is due
	began  time.Time
}

// New returns a sampler of a new session.
func New(interval time.Duration, labels Labels, c Collector, log *slog.Logger) *Sampler {
	sm := &Sampler{
		began:     time.Now(),
		interval:  interval,
		labels:    labels,
		collector: c,
		clock:     collect.NewClock(),
		log:       log,
		session:   newSession(),
		append:    health.NewState(log, "storing samples"),
		waiting:   health.NewState(log, "the clock"),
	}
	sm.within.Store(int64(interval))
	return sm
}

// Tune changes what is taken from the next sample on. The session goes on. With another interval a new grid begins, one
// interval from now.
func (sm *Sampler) Tune(interval time.Duration, labels Labels, c Collector) {
	if interval != sm.interval && !sm.next.IsZero() {
		sm.next = time.Now().Add(interval)
	}
	sm.interval, sm.labels, sm.collector = interval, labels, c
	sm.within.Store(int64(interval))
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
func (sm *Sampler) Health() []*health.State { return []*health.State{sm.append, sm.waiting} }

// Lost is how many of the samples taken the sink refused.
func (sm *Sampler) Lost() int64 { return sm.append.Failures() }

// Base takes the reading that the rates of the first sample are differences to. Without it the first has none.
func (sm *Sampler) Base(ctx context.Context) {
	sm.collector.Collect(ctx, sm.clock.Now(), &record.Sample{})
}

// Sample takes one sample. It returns false where the clock shows a time that the pipeline would refuse, as a board
// without a battery does before it reaches a time server.
func (sm *Sampler) Sample(ctx context.Context) (record.Sample, bool) {
	at := sm.clock.Now()
	s := record.Sample{
		TS:        record.TS(at.Wall),
		SessionID: sm.session,
		Seq:       sm.seq.Load(),
		IntervalS: int32(max(1, sm.interval.Round(time.Second)/time.Second)),
		Env:       sm.labels.Env,
		NodeRole:  sm.labels.NodeRole,
		Tags:      sm.labels.Tags,
	}
	if err := record.CheckTS(s.TS, at.Wall); err != nil {
		sm.waiting.Failed(fmt.Errorf("no samples until it is set: %w", err))
		return s, false
	}
	sm.waiting.OK()
	sm.collector.Collect(ctx, at, &s)
	sm.seq.Add(1)
	return s, true
}

// Run takes a sample at once and then one at each multiple of the interval after the start, until the context ends; a
// further Run goes on with that grid. A tick that passes while a sample is still being taken is left out; the grid stays.
func (sm *Sampler) Run(ctx context.Context, sink Sink) {
	if sm.next.IsZero() {
		sm.next = time.Now()
	}
	timer := time.NewTimer(time.Until(sm.next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		sm.take(ctx, sink)
		sm.lastAt.Store(int64(time.Since(sm.began)))
		late := time.Since(sm.next)
		sm.next = sm.next.Add(late + untilNext(late, sm.interval))
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
