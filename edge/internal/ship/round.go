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

// round sends what a lane has at its front, acknowledges it and says when the lane is due again. An error is returned only
// where the shipper cannot go on.
func (s *Shipper) round(ctx context.Context, stop <-chan struct{}, l spool.Lane, stopping bool) error {
	state, p := &s.lanes[l], s.now()
	most, mostBytes := p.behind, peekBytes
	if l == spool.Backlog {
		most, mostBytes = min(backlogLines, max(1, int(p.rate*backlogRound.Seconds()))), backlogBytes
	}
	batch, err := s.queue.TryPeek(l, most, mostBytes)
	if len(batch.Lines) == 0 {
		state.due = time.Time{}
		if err != nil && !stopping { // the queue reports it; what cannot be read now is tried again
			state.due = time.Now().Add(p.retry.Delay(5))
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
		s.suspect(l)
	case err != nil:
		return err
	case l == spool.Fresh && !stopping:
		*state = lane{}
	case stopping:
		*state = lane{due: time.Now()}
	default:
		*state = lane{due: time.Now().Add(time.Duration(float64(sent) / p.rate * float64(time.Second)))}
	}
	return nil
}

func size(lines [][]byte) (sum int) {
	for _, l := range lines {
		sum += len(l)
	}
	return sum
}

// split makes backlog of what waits. It begins to drain within MaxLatency, as the other machines' that lost the same
// destination do.
func (s *Shipper) split() {
	s.queue.Split()
	s.lanes[spool.Fresh] = lane{}
	if backlog := &s.lanes[spool.Backlog]; backlog.due.IsZero() {
		backlog.due = time.Now().Add(retry.Spread(s.now().MaxLatency))
	}
}

// deliver sends packs until each was accepted, refused as invalid or the context ends. It acknowledges them in order.
func (s *Shipper) deliver(
	ctx context.Context, stop <-chan struct{}, l spool.Lane, batch spool.Batch, packs []pack,
) (lines int, err error) {
	alone := s.lanes[l].suspect // send one by one, to find which it is that is refused
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
		s.state.Failed(err, slog.Int("records", len(packs)))
		if errors.Is(err, ErrInvalid) {
			if !alone && len(packs) > 1 {
				alone = true
				continue
			}
			more, refuseErr := s.refuse(l, batch, packs[0], err)
			if refuseErr != nil {
				return lines, refuseErr
			}
			if more == nil {
				batch, lines = batch.Tail(1), lines+1
			}
			packs, alone = append(more, packs[1:]...), true
		}
		policy := s.now().retry
		switch {
		case errors.Is(err, ErrThrottled):
			policy = s.now().throttled
		case errors.Is(err, ErrCredentials):
			policy = s.now().refused
		}
		if !s.pause(ctx, stop, policy.Delay(failures)) {
			if ctx.Err() != nil {
				return lines, ctx.Err()
			}
			stop = nil // it cut one pause short, not all that follow
		}
	}
}

// settled is how much of a batch is done with.
type settled struct{ packs, lines int }

// settle acknowledges the packs at the front that were accepted, and sets aside those that are none.
func (s *Shipper) settle(batch spool.Batch, packs []pack) (n settled, err error) {
	for _, p := range packs {
		part := batch.Tail(n.lines).Head(p.lines)
		switch {
		case p.data == nil:
			s.setAside(part, errors.New("a line is no sample"))
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

// todo are the packs that were not accepted yet, as many as fit in a request, or the first of them alone.
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

// put sends packs as one request and marks those that were accepted. The error is the reason of the first that was not.
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
	s.accepted(ctx, samples, accepted)
	if err == nil {
		s.state.OK()
	}
	return err
}

func (s *Shipper) accepted(ctx context.Context, samples, records int) {
	if records == 0 {
		return
	}
	s.deliveredAt.Store(time.Now().UnixMilli())
	s.samples.Add(int64(samples))
	if s.records.Add(int64(records)) == int64(records) {
		s.log.LogAttrs(ctx, slog.LevelInfo, "first batch delivered",
			slog.Int("samples", samples), slog.Int("records", records))
	}
}
