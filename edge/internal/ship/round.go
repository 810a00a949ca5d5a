package ship

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// round sends and acknowledges samples at the front of a lane and sets when the lane is due again. It returns an error only if the
// shipper cannot go on.
func (s *Shipper) round(ctx context.Context, stop <-chan struct{}, l spool.Lane, stopping bool) error {
	ln, p := &s.lanes[l], s.current()
	most, mostBytes := p.backlogAt, peekBytes
	if l == spool.Backlog {
		most, mostBytes = min(backlogLines, max(1, int(p.rate*backlogRound.Seconds()))), backlogBytes
	}
	batch, err := s.queue.TryPeek(l, most, mostBytes)
	if len(batch.Lines) == 0 {
		ln.due = time.Time{}
		if err != nil && !stopping { // try again; the queue reports the error
			ln.due = time.Now().Add(p.retry.Delay(readFailures))
		}
		return nil
	}
	full := len(batch.Lines) == most || size(batch.Lines) > mostBytes/2
	if l == spool.Fresh && full && !stopping {
		s.split()
		return nil
	}
	t := tailCut
	switch {
	case full:
		t = tailWait
	case stopping || l == spool.Backlog:
		t = tailKeep
	}
	packs, err := s.packer.pack(batch.Lines, t)
	if err != nil {
		return fmt.Errorf("pack %d samples: %w", len(batch.Lines), err)
	}
	sent, err := s.deliver(ctx, stop, l, batch, packs)
	switch {
	case errors.Is(err, ErrInvalid):
		s.holdUp(l)
	case err != nil:
		return err
	case l == spool.Fresh && !stopping:
		*ln = lane{}
	case stopping:
		*ln = lane{due: time.Now()}
	default:
		*ln = lane{due: time.Now().Add(time.Duration(float64(sent) / p.rate * float64(time.Second)))}
	}
	return nil
}

func size(lines [][]byte) (sum int) {
	for _, l := range lines {
		sum += len(l)
	}
	return sum
}

// split moves all waiting samples to the backlog. If the backlog was empty, its first round begins after a random time of at most
// MaxLatency, because other machines may have lost the same destination.
func (s *Shipper) split() {
	s.queue.Split()
	s.lanes[spool.Fresh] = lane{}
	if backlog := &s.lanes[spool.Backlog]; backlog.due.IsZero() {
		backlog.due = time.Now().Add(retry.Spread(s.current().MaxLatency))
	}
}

// deliver sends packs until each is accepted or rejected, and acknowledges them in order. It ends early if a record is refused as
// invalid and stays in the queue, or if the context ends. It returns how many lines are done.
func (s *Shipper) deliver(
	ctx context.Context, stop <-chan struct{}, l spool.Lane, batch spool.Batch, packs []pack,
) (lines int, err error) {
	alone := s.lanes[l].suspect // send records one by one to find the invalid one
	for failures := 0; ; {
		n, err := s.settle(batch, packs)
		batch, packs, lines = batch.Tail(n.lines), packs[n.packs:], lines+n.lines
		if err != nil || len(packs) == 0 {
			return lines, err
		}
		if failures > 0 {
			s.retries.Add(1)
		}
		err = s.put(ctx, todo(packs, alone))
		if err == nil {
			failures = 0
			continue
		}
		if ctx.Err() != nil {
			return lines, ctx.Err()
		}
		failures++
		s.delivery.Failed(err, slog.Int("records", len(packs)))
		if errors.Is(err, ErrInvalid) {
			if !alone && len(packs) > 1 {
				alone = true
				continue
			}
			more, refuseErr := s.handleRefused(l, batch, packs[0], err)
			if refuseErr != nil {
				return lines, refuseErr
			}
			if more == nil {
				batch, lines = batch.Tail(1), lines+1
			}
			packs, alone = append(more, packs[1:]...), true
		}
		policy := s.current().retry
		switch {
		case errors.Is(err, ErrThrottled):
			policy = s.current().throttled
		case errors.Is(err, ErrCredentials):
			policy = s.current().credentials
		}
		if !s.pause(ctx, stop, policy.Delay(failures)) {
			if ctx.Err() != nil {
				return lines, ctx.Err()
			}
			stop = nil // stop must not end the next pauses too
		}
	}
}

// settled is how many packs and lines of a batch are done.
type settled struct{ packs, lines int }

// settle acknowledges the accepted packs at the front and rejects lines that are not samples.
func (s *Shipper) settle(batch spool.Batch, packs []pack) (n settled, err error) {
	for _, p := range packs {
		part := batch.Tail(n.lines).Head(p.lines)
		switch {
		case p.data == nil:
			s.reject(part, errors.New("a line in the spool is not a sample"))
		case !p.done:
			return n, nil
		default:
			if err := s.queue.Ack(part); err != nil {
				return n, fmt.Errorf("acknowledge %d samples: %w", p.lines, err)
			}
		}
		n.packs++
		n.lines += p.lines
	}
	return n, nil
}

// todo returns the packs that are not accepted yet, as many as fit in a request, or only the first if alone is true.
func todo(packs []pack, alone bool) []*pack {
	var some []*pack
	bytes := 0
	for i := range packs {
		p := &packs[i]
		if p.done || p.data == nil {
			continue
		}
		bytes += len(p.data)
		if len(some) > 0 && (alone || bytes > MaxRequestBytes || len(some) == MaxRecords) {
			break
		}
		some = append(some, p)
	}
	return some
}

// put sends packs as one request and marks those that were accepted. If some were not, it returns the error of one of them, of a
// throttled one if there is one.
func (s *Shipper) put(ctx context.Context, packs []*pack) error {
	records := make([][]byte, len(packs))
	for i, p := range packs {
		records[i] = p.data
	}
	s.requests.Add(1)
	putCtx, cancel := context.WithTimeout(ctx, putTimeout)
	defer cancel()
	results, err := s.to.Put(putCtx, records)
	if err != nil {
		return err
	}
	if len(results) != len(packs) {
		return fmt.Errorf("%w: %d results for %d records", errAnswer, len(results), len(packs))
	}
	var samples, accepted int
	for i, result := range results {
		if result != nil {
			if err == nil || errors.Is(result, ErrThrottled) {
				err = fmt.Errorf("record %d of %d: %w", i+1, len(packs), result)
			}
			continue
		}
		packs[i].done = true
		accepted++
		samples += packs[i].lines
	}
	s.countAccepted(ctx, samples, accepted)
	if err == nil {
		s.delivery.OK()
	}
	return err
}

// countAccepted counts what a request delivered.
func (s *Shipper) countAccepted(ctx context.Context, samples, records int) {
	if records == 0 {
		return
	}
	now := time.Now()
	s.deliveredAt.Store(now.UnixMilli())
	if now.Sub(s.refusedAt) > showRefused {
		s.rejecting.OK()
	}
	s.samples.Add(int64(samples))
	if s.records.Add(int64(records)) == int64(records) {
		s.log.LogAttrs(ctx, slog.LevelInfo, "first samples delivered",
			slog.Int("samples", samples), slog.Int("records", records))
	}
}
