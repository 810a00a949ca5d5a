// Package sampler takes samples on a fixed grid of time and hands them on as encoded lines. What is read is package
// collect's business, what happens to a line the [Sink]'s.
package sampler

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
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

// Sampler takes the samples of one session. It is not safe for concurrent use.
type Sampler struct {
	interval  time.Duration
	labels    Labels
	collector Collector
	clock     collect.Clock
	log       *slog.Logger
	session   string
	seq       int64
	line      []byte
	append    *health.State
	waiting   *health.State
}

// New returns a sampler of a new session.
func New(interval time.Duration, labels Labels, c Collector, log *slog.Logger) *Sampler {
	return &Sampler{
		interval:  interval,
		labels:    labels,
		collector: c,
		clock:     collect.NewClock(),
		log:       log,
		session:   newSession(),
		append:    health.NewState(log, "storing samples"),
		waiting:   health.NewState(log, "the clock"),
	}
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
func (sm *Sampler) Taken() int64 { return sm.seq }

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
		Seq:       sm.seq,
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
	sm.seq++
	return s, true
}

// Run takes a sample at once and then one at each multiple of the interval after the start, until the context ends. A tick
// that passes while a sample is still being taken is left out; the grid stays.
func (sm *Sampler) Run(ctx context.Context, sink Sink) {
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		sm.take(ctx, sink)
		timer.Reset(untilNext(time.Since(start), sm.interval))
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

// untilNext is the time to the next multiple of the interval.
func untilNext(elapsed, interval time.Duration) time.Duration { return interval - elapsed%interval }
