package delivery

import (
	"context"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// loop is the state of the delivery loop. Only the loop's goroutine touches it; invocations and deliveries run beside it and
// report through channels.
type loop struct {
	*Engine
	read    uint64 // sequence number of the last record taken from the journal
	batch   []journal.Entry
	size    int       // of batch, bytes
	since   time.Time // when batch got its first record
	pending int       // invocations under way
	window  *window
	writing bool // a delivery is under way
	flush   []chan struct{}
	upto    uint64 // flushes wait for the delivery of this record

	processed chan processed
	delivered chan struct{}
}

// processed is the end of an invocation.
type processed struct {
	outcomes []outcome
	err      error // the engine stops
}

// run delivers until ctx ends.
func (e *Engine) run(ctx context.Context) {
	defer close(e.done)
	l := &loop{
		Engine: e, read: e.journal.State().Delivered, window: newWindow(),
		processed: make(chan processed), delivered: make(chan struct{}),
	}
	for ctx.Err() == nil {
		for l.fill(); l.invoke(ctx); l.fill() {
		}
		l.deliver(ctx)
		l.answerFlushes()
		l.wait(ctx)
	}
	l.drain()
}

// limits returns the bounds of the processor's buffer.
func (l *loop) limits() (size int, interval time.Duration) {
	if l.stream.Lambda == nil {
		return chunkBytes, 0
	}
	return l.stream.Lambda.Buffering.Bytes, l.stream.Lambda.Buffering.Interval
}

// full says that the window has what one delivery takes; nothing is added to it any more.
func (l *loop) full() bool {
	w := l.window
	return w.size >= l.stream.Buffering.Bytes ||
		!w.since.IsZero() && l.now().Sub(w.since) >= l.stream.Buffering.Interval ||
		len(l.flush) > 0 && l.read >= l.upto && len(l.batch) == 0
}

// fill tops up the processor's buffer from the journal.
func (l *loop) fill() {
	limit, _ := l.limits()
	if l.size >= limit || l.pending >= processors() || l.full() || l.read == l.journal.State().Last {
		return
	}
	entries, err := l.journal.Read(l.read+1, limit-l.size)
	if err != nil {
		l.log.LogAttrs(context.Background(), slog.LevelError, "cannot read accepted records",
			slog.String("stream", l.stream.Name), slog.Any("error", err))
		return
	}
	for _, entry := range entries {
		if len(l.batch) == 0 {
			l.since = l.now()
		}
		l.batch = append(l.batch, entry)
		l.size += len(entry.Data)
		l.read = entry.Seq
	}
}

// due says that the processor's buffer is to be sent to the function.
func (l *loop) due() bool {
	limit, interval := l.limits()
	more := l.read < l.journal.State().Last // the next record did not fit
	return len(l.batch) > 0 && (l.size >= limit || more || len(l.flush) > 0 || l.now().Sub(l.since) >= interval)
}

// invoke sends the processor's buffer to the function, if it is due, and says whether it was.
func (l *loop) invoke(ctx context.Context) bool {
	if l.pending >= processors() || l.full() || !l.due() {
		return false
	}
	entries := l.batch
	l.batch, l.size = nil, 0
	l.pending++
	go func() {
		outcomes, err := l.process(ctx, entries)
		l.processed <- processed{outcomes, err}
	}()
	return true
}

// deliver writes the window, if it is full and all that was taken for it has come back.
func (l *loop) deliver(ctx context.Context) {
	if l.pending > 0 || l.writing || l.window.since.IsZero() || !l.full() {
		return
	}
	w := l.window
	l.window, l.writing = newWindow(), true
	go func() {
		defer func() { l.delivered <- struct{}{} }()
		if err := l.Engine.deliver(ctx, w); err != nil { // only as the engine is closed
			l.log.LogAttrs(ctx, slog.LevelDebug, "delivery left to the next start", slog.Any("error", err))
		}
	}()
}

// answerFlushes answers flushes once all they waited for is delivered.
func (l *loop) answerFlushes() {
	if len(l.flush) == 0 || l.journal.State().Delivered < l.upto || l.writing {
		return
	}
	for _, f := range l.flush {
		close(f)
	}
	l.flush = nil
}

// wait waits for something to do.
func (l *loop) wait(ctx context.Context) {
	timer := time.NewTimer(l.idle())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-l.wake:
	case p := <-l.processed:
		l.take(p)
	case <-l.delivered:
		l.writing = false
	case f := <-l.flushes:
		l.flush = append(l.flush, f)
		l.upto = l.journal.State().Last
	}
}

func (l *loop) take(p processed) {
	l.pending--
	if p.err == nil {
		l.window.add(p.outcomes, l.now())
	}
}

// idle returns how long nothing can become due.
func (l *loop) idle() time.Duration {
	idle := time.Hour
	if _, interval := l.limits(); len(l.batch) > 0 && l.pending < processors() && !l.full() {
		idle = min(idle, interval-l.now().Sub(l.since))
	}
	if !l.window.since.IsZero() && !l.writing && l.pending == 0 {
		idle = min(idle, l.stream.Buffering.Interval-l.now().Sub(l.window.since))
	}
	return max(idle, 0)
}

// drain waits for what is still under way when the loop ends. It is not delivered: it stays in the journal.
func (l *loop) drain() {
	for ; l.pending > 0; l.pending-- {
		<-l.processed
	}
	if l.writing {
		<-l.delivered
	}
}
