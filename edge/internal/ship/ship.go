// Package ship brings samples from the queue to their destination. It decides when to build a pack, sends it until the destination
// accepts it, and then acknowledges its samples. It does not know AWS: a [Destination] does.
//
// This package makes all retries. The clients that it calls make none, with one exception: a request that was refused because of its
// credentials is sent again if there are other credentials. Only this package knows which records of a request failed, and a client that
// repeats a whole request delivers the accepted records again.
//
// If many more samples wait than usual, the destination did not work for a while. These samples then become the backlog. The backlog is
// sent apart from fresh samples, oldest first and at a bounded rate. Meanwhile fresh samples are sent as usual.
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

// Destination takes records: at most [MaxRecords] of them, and [MaxRequestBytes] in sum. It returns one error for the whole request, or
// a result for each record, in order. The result is nil if it accepted the record. An error wraps:
//
//   - [ErrThrottled] if the destination wants fewer requests.
//   - [ErrInvalid] if another attempt with the same content cannot succeed.
//   - [ErrCredentials] if the machine has no credentials, or the destination does not accept them.
type Destination interface {
	Put(ctx context.Context, records [][]byte) ([]error, error)
}

// Errors of destinations.
var (
	ErrThrottled   = errors.New("throttled")
	ErrInvalid     = errors.New("refused as invalid")
	ErrCredentials = errors.New("credentials are missing or refused")
)

// errAnswer says that the results do not match the records, so that none of them counts as accepted.
var errAnswer = errors.New("the answer does not match the request")

// Limits of PutRecordBatch (Amazon Data Firehose quotas).
const (
	MaxRecords      = record.MaxBatchRecords
	MaxRequestBytes = record.MaxBatchBytes
)

// Pace says when to ship. All fields are required.
type Pace struct {
	// Interval is the time between samples. It says how many samples usually wait.
	Interval time.Duration
	// MaxLatency is how long a sample waits to share a record with others.
	MaxLatency time.Duration
	// BacklogRate says how fast the backlog is sent, as a multiple of the rate at which samples are taken.
	BacklogRate float64
}

// Options say how to ship. All are required.
type Options struct {
	Pace Pace
	// Log reports the first delivery, and when something begins to fail and works again.
	Log *slog.Logger
}

const (
	// closeGrace is how long to wait for a sample that is taken just when the pack is due.
	closeGrace = 500 * time.Millisecond
	// putTimeout bounds one request. Without it a lost connection could go unnoticed for long.
	putTimeout = 30 * time.Second
	// peekBytes bounds the memory of a batch. Fresh samples become backlog if they take half of it, see round. Half of it has
	// room for backlogAt samples: at most 2,700 (45 minutes at an interval of 1 s).
	peekBytes = 8 << 20
	// One round of the backlog has at most the samples of about one full record, and at most what the rate allows in a minute.
	backlogLines, backlogBytes = 400, 512 << 10
	backlogRound               = time.Minute
	// The longest pause between attempts is MaxLatency, within these bounds. So when a destination works again, the
	// machines send at different times within about one MaxLatency, as they do normally.
	minPause, maxPause = 10 * time.Second, 5 * time.Minute
	// credentialsPause bounds the pauses while credentials are refused, so that new ones are used within a minute.
	credentialsPause = 30 * time.Second
	// While the queue cannot be read, the shipper pauses as after readFailures failed attempts.
	readFailures = 5
	// showRefused is how long edge status shows that samples were rejected, if others are delivered.
	showRefused = time.Hour
)

// Shipper ships from one queue to one destination.
type Shipper struct {
	queue     Queue
	to        Destination
	log       *slog.Logger
	packer    packer
	delivery  *retry.State
	rejecting *retry.State
	lanes     [2]lane   // only Run uses them
	refusedAt time.Time // when a line was last rejected; only Run uses it

	mu    sync.Mutex         // guards pace, tuned and wake
	pace  pace               // of the last Tune
	tuned bool               // pace has changed and hasten has not seen it
	wake  context.CancelFunc // ends the present wait; nil before the first one

	samples, records, requests, retries, unusable atomic.Int64
	deliveredAt                                   atomic.Int64 // Unix milliseconds
}

// pace is a Pace and the values that follow from it.
type pace struct {
	Pace
	// backlogAt is the number of waiting lines at which all of them become backlog.
	backlogAt int
	// grace is how much longer than MaxLatency the first sample of a pack waits: closeGrace, and a random time of at most an interval or a
	// twentieth of MaxLatency, whichever is shorter. Machines that take samples at the same times then send at different times.
	grace       time.Duration
	rate        float64 // of the backlog, in lines per second
	retry       retry.Policy
	throttled   retry.Policy
	credentials retry.Policy // while credentials are refused
}

func newPace(p Pace) pace {
	longest := min(max(p.MaxLatency, minPause), maxPause)
	return pace{
		Pace:        p,
		backlogAt:   max(64, int(3*p.MaxLatency/p.Interval)),
		grace:       closeGrace + retry.Spread(min(p.Interval, p.MaxLatency/20)),
		rate:        p.BacklogRate / p.Interval.Seconds(),
		retry:       retry.Policy{Base: min(time.Second, p.MaxLatency/10), Cap: longest},
		throttled:   retry.Policy{Base: time.Second, Cap: longest},
		credentials: retry.Policy{Base: time.Second, Cap: min(longest, credentialsPause)},
	}
}

// lane is the state of one of the queue's lanes.
type lane struct {
	// due is when the next round begins, by the monotonic clock. It is zero in the backlog's lane if nothing waits, and in the lane of fresh
	// samples until sleep has found out.
	due time.Time
	// suspect says that a record of this lane was refused as invalid. acceptedBefore is how many records had been accepted then.
	suspect        bool
	acceptedBefore int64
}

// Stats are the counts of a shipper.
type Stats struct {
	Samples  int64 // delivered
	Records  int64 // delivered
	Requests int64 // attempts to send a request, failed ones included, also if nothing could be sent
	// Retries are attempts that repeated a failed one, whole or in part. The first attempt of a round does not count, also if it has a
	// record that was refused as invalid in an earlier round.
	Retries  int64
	Unusable int64 // lines rejected: refused as invalid, or not a sample
	// DeliveredAt is when a record was last accepted, or zero if none was.
	DeliveredAt time.Time
}

// New returns a shipper.
func New(q Queue, to Destination, o Options) *Shipper {
	return &Shipper{
		queue:     q,
		to:        to,
		log:       o.Log,
		pace:      newPace(o.Pace),
		delivery:  retry.NewState(o.Log, "delivery"),
		rejecting: retry.NewState(o.Log, "delivering every sample"),
	}
}

// Tune changes the pace, also while the shipper runs. It ends a pause between attempts, because the cause of the failure may be gone.
func (s *Shipper) Tune(p Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace, s.tuned = newPace(p), true
	if s.wake != nil {
		s.wake()
	}
}

// current returns the present pace.
func (s *Shipper) current() pace {
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
	if s.tuned {
		wake()
	}
	return ctx, wake
}

// hasten makes both lanes due within the new MaxLatency if the shipper was tuned. The time is random, so that machines that are tuned
// together do not send together.
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

// Stats returns the present counts.
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

// Health returns the states of delivery and of lines that were rejected because they were refused as invalid or are not samples.
func (s *Shipper) Health() []*retry.State { return []*retry.State{s.delivery, s.rejecting} }

// Run ships until the context ends. After stop is closed, it sends the fresh samples at once, then backlog while some of it is only in
// memory, and returns. The error says why it cannot go on. Unless the context ended, [Shipper.Health] shows this error too, until all
// records of a request are accepted.
func (s *Shipper) Run(ctx context.Context, stop <-chan struct{}) error {
	err := s.run(ctx, stop)
	if err != nil && ctx.Err() == nil {
		s.delivery.Failed(err)
	}
	return err
}

func (s *Shipper) run(ctx context.Context, stop <-chan struct{}) error {
	wait, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
		case <-wait.Done():
		}
		cancel()
	}()
	// The first round begins at a random time within MaxLatency, so that machines that are started together do not send together.
	// Samples of an earlier run are sent then too.
	s.lanes[spool.Fresh].due = time.Now().Add(retry.Spread(s.current().MaxLatency))
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

// sleep waits until a lane is due or the shipper is tuned. It returns false if the context ends or the queue is closed.
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
		default: // try again; the queue reports the error
			fresh.due = time.Now().Add(s.current().retry.Delay(readFailures))
		}
	}
	if fresh := s.lanes[spool.Fresh].due; next.IsZero() || fresh.Before(next) {
		next = fresh
	}
	retry.Sleep(wakeable, nil, time.Until(next))
	return ctx.Err() == nil
}

// pause waits between two attempts. It returns false as soon as ctx ends or stop is closed. Tune ends the wait early.
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

// untilDue returns how long the oldest line may still wait. Its age depends on the wall clock, which may have been set back. So the
// result is at most what a new line would wait.
func (s *Shipper) untilDue(line []byte) time.Duration {
	p := s.current()
	longest := p.MaxLatency + p.grace
	ts, ok := TSOf(line)
	if !ok {
		return 0
	}
	age := time.Since(time.UnixMilli(record.Millis(ts)))
	return min(longest, max(0, longest-age))
}

// flush sends the fresh samples at a stop, and then backlog while some of it is only in memory.
func (s *Shipper) flush(ctx context.Context, stop <-chan struct{}) error {
	for _, l := range []spool.Lane{spool.Fresh, spool.Backlog} {
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
