// Package ship brings samples from the queue to their destination: it decides when a pack closes, builds it, sends it until
// it is accepted and acknowledges its samples. It does not know AWS; a [Destination] does.
//
// All retries happen here and none below: only here is it known which records of a batch failed, so a client that
// repeats a whole call on its own would deliver the accepted ones again.
//
// What comes now and what has piled up are sent apart: when more waits than a working destination leaves behind, it becomes
// backlog, which drains oldest first at a bounded rate, while fresh samples go on as ever.
package ship

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Queue is where samples wait, see [spool.Queue].
type Queue interface {
	Peek(ctx context.Context, lane spool.Lane, maxLines, maxBytes int) (spool.Batch, error)
	TryPeek(lane spool.Lane, maxLines, maxBytes int) (spool.Batch, error)
	Ack(b spool.Batch) error
	Reject(b spool.Batch) error
	Split()
	Stats() spool.Stats
}

// Destination takes records, at most [MaxRecords] of them and [MaxRequestBytes] in sum. It answers for each record, in
// order, with nil if it was accepted; or with one error for all. A destination that asks for less wraps [ErrThrottled]; one that
// will not take what it was sent, however often, wraps [ErrInvalid]; one that does not take the credentials of this machine, or
// finds none, wraps [ErrCredentials].
type Destination interface {
	Put(ctx context.Context, records [][]byte) ([]error, error)
}

// Errors of destinations.
var (
	ErrThrottled   = errors.New("throttled")
	ErrInvalid     = errors.New("refused as invalid")
	ErrCredentials = errors.New("credentials are missing or refused")
)

// errAnswer says that the destination did not answer for each record, so that none can be taken for accepted.
var errAnswer = errors.New("wrong answer")

// Limits of PutRecordBatch (Amazon Data Firehose quotas).
const (
	MaxRecords      = record.MaxBatchRecords
	MaxRequestBytes = record.MaxBatchBytes
	MaxRecordBytes  = record.MaxRecordBytes
)

// Pace says when to ship. All fields are required.
type Pace struct {
	// Interval is the time between samples, as far as it is known how many are usual.
	Interval time.Duration
	// MaxLatency is how long a sample waits for others to share its record with.
	MaxLatency time.Duration
	// BacklogRate is how many times faster than they were taken the samples of a backlog are sent.
	BacklogRate float64
}

// Options say how to ship. All are required.
type Options struct {
	Pace Pace
	// Log takes the first delivery, what began to fail and what works again.
	Log *slog.Logger
}

const (
	// closeGrace keeps a pack open for the sample that is taken at the very instant at which the pack is due.
	closeGrace = 500 * time.Millisecond
	// putTimeout bounds one request; a lost connection shows no other sign.
	putTimeout = 30 * time.Second
	// peekBytes bounds the memory that a batch takes. Half of it is more than a quarter of an hour's samples, one a second.
	peekBytes = 8 << 20
	// A round of the backlog is at most what fills two records, and what the rate allows in a minute.
	backlogLines, backlogBytes = 400, 512 << 10
	backlogRound               = time.Minute
	// Pauses between attempts grow to MaxLatency, within these bounds: machines whose destination comes back find out
	// spread over that time, as they would have sent anyway.
	minPause, maxPause = 10 * time.Second, 5 * time.Minute
	// credentialsPause bounds the pauses while credentials are refused: new ones are used within a minute.
	credentialsPause = 30 * time.Second
)

// Shipper ships from one queue to one destination.
type Shipper struct {
	queue   Queue
	to      Destination
	log     *slog.Logger
	packer  packer
	state   *retry.State
	refused *retry.State
	lanes   [2]lane // of the goroutine that runs the shipper

	mu    sync.Mutex         // guards the fields below
	pace  pace               // of the last Tune
	tuned bool               // it has changed since the lanes were last made due
	wake  context.CancelFunc // ends the present wait; nil if there was none yet

	samples, records, requests, retries, unusable atomic.Int64
	deliveredAt                                   atomic.Int64 // Unix milliseconds
}

// pace is a Pace and what follows from it.
type pace struct {
	Pace
	// behind is how many lines may wait before they are backlog.
	behind int
	// grace is how much longer than MaxLatency a pack stays open: closeGrace, and a part of an interval, drawn once, so that
	// machines that take their samples at the same instants do not send at the same instants.
	grace     time.Duration
	rate      float64 // of the backlog, lines per second
	retry     retry.Policy
	throttled retry.Policy
	refused   retry.Policy // while credentials are
}

func newPace(p Pace) pace {
	longest := min(max(p.MaxLatency, minPause), maxPause)
	return pace{
		Pace:      p,
		behind:    max(64, int(3*p.MaxLatency/p.Interval)),
		grace:     closeGrace + retry.Spread(min(p.Interval, p.MaxLatency/20)),
		rate:      p.BacklogRate / p.Interval.Seconds(),
		retry:     retry.Policy{Base: min(time.Second, p.MaxLatency/10), Cap: longest},
		throttled: retry.Policy{Base: time.Second, Cap: longest},
		refused:   retry.Policy{Base: time.Second, Cap: min(longest, credentialsPause)},
	}
}

// lane is the state of one of the queue's lanes.
type lane struct {
	due time.Time // of the next round, by the monotonic clock; zero where nothing waits
	// suspect says that a record was refused as invalid when the shipper had delivered so many others.
	suspect  bool
	accepted int64
}

// Stats are the numbers of a shipper.
type Stats struct {
	Samples  int64 // delivered
	Records  int64 // delivered
	Requests int64 // sent, failed ones included
	Retries  int64 // those of them that repeated one that failed, at least in part
	Unusable int64 // lines that the destination will never take, set aside
	// DeliveredAt is when a record was last accepted; zero where none was.
	DeliveredAt time.Time
}

// New returns a shipper.
func New(q Queue, to Destination, o Options) *Shipper {
	return &Shipper{
		queue:   q,
		to:      to,
		log:     o.Log,
		pace:    newPace(o.Pace),
		state:   retry.NewState(o.Log, "delivery"),
		refused: retry.NewState(o.Log, "using what is in the queue"),
	}
}

// Tune changes the pace, also while the shipper runs, and ends a pause between attempts: what made them fail may have changed
// too.
func (s *Shipper) Tune(p Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace, s.tuned = newPace(p), true
	if s.wake != nil {
		s.wake()
	}
}

// now returns the present pace.
func (s *Shipper) now() pace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pace
}

// wakeable returns a context that also ends when the shipper is tuned.
func (s *Shipper) wakeable(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, wake := context.WithCancel(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake = wake
	if s.tuned { // since the last look at it
		wake()
	}
	return ctx, wake
}

// hasten makes what waits due within the new MaxLatency, if the shipper was tuned. A fleet that is tuned at one instant does
// not send at one.
func (s *Shipper) hasten() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.tuned {
		return
	}
	s.tuned = false
	for l := range s.lanes {
		soon := time.Now().Add(retry.Spread(s.pace.MaxLatency))
		if due := &s.lanes[l].due; soon.Before(*due) {
			*due = soon
		}
	}
}

// Stats returns the present numbers.
func (s *Shipper) Stats() Stats {
	stats := Stats{
		Samples: s.samples.Load(), Records: s.records.Load(), Requests: s.requests.Load(), Retries: s.retries.Load(),
		Unusable: s.unusable.Load(),
	}
	if at := s.deliveredAt.Load(); at != 0 {
		stats.DeliveredAt = time.UnixMilli(at)
	}
	return stats
}

// Health is what keeps samples from being delivered.
func (s *Shipper) Health() []*retry.State { return []*retry.State{s.state, s.refused} }

// Run ships until the context ends. Once stop is closed it sends what is fresh without waiting for packs to fill, and what
// a stop would lose because it is not on a disk, and returns. The error says what kept it from that.
func (s *Shipper) Run(ctx context.Context, stop <-chan struct{}) error {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
		case <-wait.Done():
		}
		cancel()
	}()
	// Where in a period of MaxLatency this machine sends is drawn once, so that a fleet which was started at one instant
	// does not send at one. What was left by an earlier run is sent then too.
	s.lanes[spool.Fresh].due = time.Now().Add(retry.Spread(s.now().MaxLatency))
	s.lanes[spool.Backlog].due = s.lanes[spool.Fresh].due
	for {
		stopping := !s.sleep(wait)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if stopping {
			return s.flush(ctx, stop)
		}
		for _, l := range []spool.Lane{spool.Backlog, spool.Fresh} {
			if due := s.lanes[l].due; due.IsZero() || time.Now().Before(due) {
				continue
			}
			if err := s.round(ctx, stop, l, false); err != nil {
				return err
			}
		}
	}
}

// sleep waits until a lane is due or the shipper is tuned. It returns false when it is to stop.
func (s *Shipper) sleep(ctx context.Context) bool {
	s.hasten()
	wakeable, end := s.wakeable(ctx)
	defer end()
	next := s.lanes[spool.Backlog].due
	if fresh := &s.lanes[spool.Fresh]; fresh.due.IsZero() {
		waiting := wakeable
		if !next.IsZero() {
			var cancel context.CancelFunc
			waiting, cancel = context.WithDeadline(wakeable, next)
			defer cancel()
		}
		b, err := s.queue.Peek(waiting, spool.Fresh, 1, 1)
		switch {
		case ctx.Err() != nil:
			return false
		case len(b.Lines) > 0:
			fresh.due = time.Now().Add(s.untilDue(b.Lines[0]))
		case waiting.Err() != nil:
			return true
		case errors.Is(err, spool.ErrClosed):
			return false
		default: // the queue reports why it cannot be read
			fresh.due = time.Now().Add(s.now().retry.Delay(5))
		}
	}
	if fresh := s.lanes[spool.Fresh].due; next.IsZero() || fresh.Before(next) {
		next = fresh
	}
	retry.Sleep(wakeable, nil, time.Until(next))
	return ctx.Err() == nil
}

// pause waits between two attempts. It returns false as soon as ctx ends or stop is closed.
func (s *Shipper) pause(ctx context.Context, stop <-chan struct{}, d time.Duration) bool {
	s.hasten()
	wakeable, end := s.wakeable(ctx)
	defer end()
	return retry.Sleep(wakeable, stop, d) || ctx.Err() == nil && !closed(stop)
}

func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// untilDue is how long the oldest line may still wait. Its age is of the wall clock, which may have been stepped since:
// it waits no longer than from now on.
func (s *Shipper) untilDue(line []byte) time.Duration {
	p := s.now()
	longest := p.MaxLatency + p.grace
	ts, ok := tsOf(line)
	if !ok {
		return 0
	}
	age := time.Since(time.UnixMilli(int64(ts * 1000)))
	return min(longest, max(0, longest-age))
}

// flush sends what is left at a stop.
func (s *Shipper) flush(ctx context.Context, stop <-chan struct{}) error {
	for _, l := range []spool.Lane{spool.Backlog, spool.Fresh} {
		for l == spool.Fresh || s.queue.Stats().MemoryLines > 0 {
			s.lanes[l] = lane{due: time.Now()}
			if err := s.round(ctx, stop, l, true); err != nil {
				return err
			}
			if s.lanes[l].due.IsZero() || s.lanes[l].suspect {
				break
			}
		}
	}
	return nil
}
