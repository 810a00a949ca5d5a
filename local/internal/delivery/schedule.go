package delivery

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// scheduler decides when records are read, when the function is invoked and when a buffer is delivered. Only the goroutine of
// [Engine.run] uses its fields. Invocations and deliveries run in goroutines of their own and report through its channels.
type scheduler struct {
	engine *Engine

	read        uint64          // sequence number of the last record read from the journal
	next        processorBuffer // records of the next invocation
	invocations int             // under way
	buffer      *deliveryBuffer // what invocations returned since the last delivery began
	delivering  bool            // whether a delivery is under way
	flushes     []chan struct{} // flushes that wait until the record flushUpto is delivered
	flushUpto   uint64

	answered  chan answered // an invocation has ended
	delivered chan struct{} // a delivery has ended
}

// answered is the result of an invocation.
type answered struct {
	outcomes []outcome
	err      error // not nil if the engine closed before the invocation ended
}

// Flush delivers all accepted records without waiting for buffers to fill. It also delivers records that are accepted or put back
// meanwhile.
func (e *Engine) Flush(ctx context.Context) error {
	for {
		if s := e.journal.State(); s.Last == s.Delivered {
			return nil
		}
		flushed := make(chan struct{})
		select {
		case e.flushes <- flushed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return errClosed
		}
		select {
		case <-flushed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return errClosed
		}
	}
}

var errClosed = errors.New("the stream is closed")

// run delivers until ctx ends.
func (e *Engine) run(ctx context.Context) {
	defer close(e.done)
	s := &scheduler{
		engine: e, read: e.journal.State().Delivered, buffer: newDeliveryBuffer(),
		answered: make(chan answered), delivered: make(chan struct{}),
	}
	for ctx.Err() == nil {
		for s.fill(); s.startInvocation(ctx); s.fill() {
		}
		s.startDelivery(ctx)
		s.answerFlushes()
		s.wait(ctx)
	}
	s.drain()
}

// processorLimits returns how many bytes and how much time fill the processor's buffer.
func (s *scheduler) processorLimits() (size int, interval time.Duration) {
	lambda := s.engine.stream.Lambda
	if lambda == nil {
		return chunkBytes, 0 // no buffer to fill; a chunk is enough to convert at a time
	}
	return lambda.Buffering.Bytes, lambda.Buffering.Interval
}

// full reports whether the delivery buffer has to be delivered. While it is full, no invocation starts; those under way
// still add their records.
func (s *scheduler) full() bool {
	b, limits := s.buffer, s.engine.stream.Buffering
	return b.size >= limits.Bytes ||
		!b.since.IsZero() && s.engine.now().Sub(b.since) >= limits.Interval ||
		len(s.flushes) > 0 && s.read >= s.flushUpto && len(s.next.entries) == 0
}

// canInvoke reports whether another invocation may start.
func (s *scheduler) canInvoke() bool { return s.invocations < maxInvocations() && !s.full() }

// fill reads records from the journal into the processor's buffer.
func (s *scheduler) fill() {
	limit, _ := s.processorLimits()
	if s.next.size >= limit || !s.canInvoke() || s.read == s.engine.journal.State().Last {
		return
	}
	entries, err := s.engine.journal.Read(s.read+1, limit-s.next.size)
	if err != nil {
		s.engine.log.LogAttrs(context.Background(), slog.LevelError, "cannot read accepted records",
			slog.String("stream", s.engine.stream.Name), slog.Any("error", err))
		return
	}
	for _, entry := range entries {
		s.next.add(entry, s.engine.now())
		s.read = entry.Seq
	}
}

// due reports whether the processor's buffer has to be sent to the function.
func (s *scheduler) due() bool {
	limit, interval := s.processorLimits()
	more := s.read < s.engine.journal.State().Last // records came after fill, or fill has left some because the next one does not fit
	return len(s.next.entries) > 0 &&
		(s.next.size >= limit || more || len(s.flushes) > 0 || s.engine.now().Sub(s.next.since) >= interval)
}

// startInvocation invokes the function with the processor's buffer if that is due. It reports whether it did.
func (s *scheduler) startInvocation(ctx context.Context) bool {
	if !s.canInvoke() || !s.due() {
		return false
	}
	entries := s.next.take()
	s.invocations++
	go func() {
		outcomes, err := s.engine.transform(ctx, entries)
		s.answered <- answered{outcomes, err}
	}()
	return true
}

// startDelivery starts to deliver the buffer if it is full and no invocation is under way.
func (s *scheduler) startDelivery(ctx context.Context) {
	if s.invocations > 0 || s.delivering || s.buffer.since.IsZero() || !s.full() {
		return
	}
	full := s.buffer
	s.buffer, s.delivering = newDeliveryBuffer(), true
	go func() {
		defer func() { s.delivered <- struct{}{} }()
		if err := s.engine.deliver(ctx, full); err != nil { // it fails only if the engine closes
			s.engine.log.LogAttrs(ctx, slog.LevelDebug, "the next start delivers the remaining records", slog.Any("error", err))
		}
	}()
}

// answerFlushes ends the waiting flushes if all their records are delivered.
func (s *scheduler) answerFlushes() {
	if len(s.flushes) == 0 || s.engine.journal.State().Delivered < s.flushUpto || s.delivering {
		return
	}
	for _, flushed := range s.flushes {
		close(flushed)
	}
	s.flushes = nil
}

// wait waits for the next event and notes it.
func (s *scheduler) wait(ctx context.Context) {
	timer := time.NewTimer(s.idle())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-s.engine.wake:
	case a := <-s.answered:
		s.invocations--
		if a.err == nil {
			s.buffer.add(a.outcomes, s.engine.now())
		}
	case <-s.delivered:
		s.delivering = false
	case flushed := <-s.engine.flushes:
		s.flushes = append(s.flushes, flushed)
		s.flushUpto = s.engine.journal.State().Last
	}
}

// idle returns how long to wait until a buffer becomes due by time.
func (s *scheduler) idle() time.Duration {
	idle := time.Hour
	if _, interval := s.processorLimits(); len(s.next.entries) > 0 && s.canInvoke() {
		idle = min(idle, interval-s.engine.now().Sub(s.next.since))
	}
	if !s.buffer.since.IsZero() && !s.delivering && s.invocations == 0 {
		idle = min(idle, s.engine.stream.Buffering.Interval-s.engine.now().Sub(s.buffer.since))
	}
	return max(idle, 0)
}

// drain waits for the invocations and the delivery under way. Records that are not delivered stay in the journal.
func (s *scheduler) drain() {
	for ; s.invocations > 0; s.invocations-- {
		<-s.answered
	}
	if s.delivering {
		<-s.delivered
	}
}
