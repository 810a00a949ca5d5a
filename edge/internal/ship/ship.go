// Package ship brings samples from the queue to their destination: it decides when a pack closes, builds it, sends it until
// it is accepted and acknowledges its samples. It does not know AWS; a [Destination] does.
//
// All retries happen here and none below: only here is it known which records of a batch failed, so a client that
// repeats a whole call on its own would deliver the accepted ones again.
package ship

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// Queue is where samples wait. Peek waits for a line, but returns what there is even where its context has ended.
type Queue interface {
	Peek(ctx context.Context, maxLines, maxBytes int) (spool.Batch, error)
	Ack(b spool.Batch) error
}

// Destination takes records, at most [MaxRecords] of them and [MaxRequestBytes] in sum. It answers for each record, in
// order, with nil where it was accepted; or with one error for all. A destination that asks for less wraps [ErrThrottled].
type Destination interface {
	Put(ctx context.Context, records [][]byte) ([]error, error)
}

// ErrThrottled says that the destination is taking more than it can.
var ErrThrottled = errors.New("throttled")

// errAnswer says that the destination did not answer for each record, so that none can be taken for accepted.
var errAnswer = errors.New("wrong answer")

// Limits of PutRecordBatch (Amazon Data Firehose quotas).
const (
	MaxRecords      = 500
	MaxRequestBytes = 4 << 20
	MaxRecordBytes  = 1_024_000
)

// Options say how to ship. MaxLatency and Log are required.
type Options struct {
	// MaxLatency is how long a sample waits for others to share its record with.
	MaxLatency time.Duration
	// Log takes the first delivery, what began to fail and what works again.
	Log *slog.Logger
}

const (
	// closeGrace keeps a pack open for the sample that is taken at the very instant at which the pack is due.
	closeGrace = 500 * time.Millisecond
	// putTimeout bounds one request; a lost connection shows no other sign.
	putTimeout = 30 * time.Second
	// What one round takes from the queue at most: about a thousand samples. It bounds memory, and with it the rate at
	// which a backlog is sent.
	peekLines, peekBytes = 1000, 2 << 20
)

// Shipper ships from one queue to one destination.
type Shipper struct {
	queue   Queue
	to      Destination
	options Options
	packer  packer
	state   *health.State
	refused *health.State
	// phase is where in a period of MaxLatency this machine sends: drawn once, so that a fleet which was started at one
	// instant does not send at one.
	phase time.Duration

	retry, throttled backoff.Policy

	samples, records, requests, unusable atomic.Int64
}

// Stats are the numbers of a shipper.
type Stats struct {
	Samples  int64 // delivered
	Records  int64 // delivered
	Requests int64 // sent, failed ones included
	Unusable int64 // lines that are no samples, passed over
}

// New returns a shipper.
func New(q Queue, to Destination, o Options) *Shipper {
	return &Shipper{
		queue:     q,
		to:        to,
		options:   o,
		state:     health.NewState(o.Log, "delivery"),
		refused:   health.NewState(o.Log, "reading the queue"),
		phase:     backoff.Spread(o.MaxLatency),
		retry:     backoff.Policy{Base: 100 * time.Millisecond, Cap: 30 * time.Second},
		throttled: backoff.Policy{Base: time.Second, Cap: 30 * time.Second},
	}
}

// Stats returns the present numbers.
func (s *Shipper) Stats() Stats {
	return Stats{
		Samples: s.samples.Load(), Records: s.records.Load(),
		Requests: s.requests.Load(), Unusable: s.unusable.Load(),
	}
}

// Run ships until the context ends. Once stop is closed it sends without waiting for packs to fill, and returns when the
// queue is empty. The error says what kept it from emptying the queue.
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
	for first := true; ; first = false {
		batch, err := s.queue.Peek(wait, peekLines, peekBytes)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case wait.Err() != nil && len(batch.Lines) == 0:
			return nil
		case err != nil:
			return fmt.Errorf("read the queue: %w", err)
		}
		stopping := wait.Err() != nil
		if !stopping {
			pause := s.untilDue(batch.Lines[0])
			if first {
				pause = s.phase
			}
			stopping = !backoff.Sleep(wait, nil, pause)
			// More has arrived; and should the oldest have made room for it, the batch is another.
			if batch, err = s.queue.Peek(wait, peekLines, peekBytes); err != nil {
				continue
			}
		}
		t := tailCut
		switch {
		case len(batch.Lines) == peekLines:
			t = tailWait
		case stopping:
			t = tailKeep
		}
		if err := s.round(ctx, stop, batch, t); err != nil {
			return err
		}
	}
}

// untilDue is how long the oldest line may still wait. Its age is of the wall clock, which may have been stepped since:
// it waits no longer than from now on.
func (s *Shipper) untilDue(line []byte) time.Duration {
	longest := s.options.MaxLatency + closeGrace
	ts, ok := tsOf(line)
	if !ok {
		return 0
	}
	age := time.Since(time.UnixMilli(int64(ts * 1000)))
	return min(longest, max(0, longest-age))
}

// round packs a batch, delivers the packs and acknowledges their lines.
func (s *Shipper) round(ctx context.Context, stop <-chan struct{}, batch spool.Batch, t tail) error {
	packs, err := s.packer.pack(batch.Lines, t)
	if err != nil {
		return fmt.Errorf("pack %d samples: %w", len(batch.Lines), err)
	}
	lines := 0
	usable := packs[:0]
	for _, p := range packs {
		lines += p.lines
		if p.data != nil {
			usable = append(usable, p)
			continue
		}
		s.unusable.Add(int64(p.lines))
		s.refused.Failed(errors.New("a line is no sample, passed over"))
	}
	if err := s.deliver(ctx, stop, usable); err != nil {
		return err
	}
	if err := s.queue.Ack(batch.Head(lines)); err != nil {
		return fmt.Errorf("acknowledge %d samples: %w", lines, err)
	}
	return nil
}

// deliver sends packs until each was accepted or the context ends.
func (s *Shipper) deliver(ctx context.Context, stop <-chan struct{}, packs []pack) error {
	for failures := 0; len(packs) > 0; {
		n := fitRequest(packs)
		failed, err := s.put(ctx, packs[:n])
		packs = append(failed, packs[n:]...)
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures++
		s.state.Failed(err, slog.Int("records", len(packs)))
		policy := s.retry
		if errors.Is(err, ErrThrottled) {
			policy = s.throttled
		}
		if !backoff.Sleep(ctx, stop, policy.Delay(failures)) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			stop = nil // it cut one pause short, not all that follow
		}
	}
	return nil
}

// put sends packs as one request and returns those that were not accepted, with the reason of the first.
func (s *Shipper) put(ctx context.Context, packs []pack) (failed []pack, err error) {
	records := make([][]byte, len(packs))
	for i, p := range packs {
		records[i] = p.data
	}
	s.requests.Add(1)
	putCtx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	results, err := s.to.Put(putCtx, records)
	if err == nil && len(results) != len(packs) {
		err = fmt.Errorf("%w: %d results for %d records", errAnswer, len(results), len(packs))
	}
	if err != nil {
		return append(failed, packs...), err
	}
	var samples, accepted int
	for i, result := range results {
		if result != nil {
			failed = append(failed, packs[i])
			if err == nil || errors.Is(result, ErrThrottled) {
				err = fmt.Errorf("record %d of %d: %w", i+1, len(packs), result)
			}
			continue
		}
		accepted++
		samples += packs[i].lines
	}
	s.accepted(ctx, samples, accepted)
	if err == nil {
		s.state.OK()
	}
	return failed, err
}

func (s *Shipper) accepted(ctx context.Context, samples, records int) {
	if records == 0 {
		return
	}
	s.samples.Add(int64(samples))
	if s.records.Add(int64(records)) == int64(records) {
		s.options.Log.LogAttrs(ctx, slog.LevelInfo, "first batch delivered",
			slog.Int("samples", samples), slog.Int("records", records))
	}
}

// fitRequest returns how many of the packs one request can take, at least one.
func fitRequest(packs []pack) int {
	n, bytes := 0, 0
	for n < len(packs) && n < MaxRecords {
		bytes += len(packs[n].data)
		if n > 0 && bytes > MaxRequestBytes {
			break
		}
		n++
	}
	return n
}
