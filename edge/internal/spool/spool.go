// Package spool keeps samples from the moment they are taken until Firehose has accepted them: a bounded first-in, first-out
// queue of encoded lines in segment files, which survives the end of the process and the loss of power. FORMAT.md describes
// the files, what is lost when, and what is assumed of a disk. When the spool is full, its oldest segment is dropped and its
// lines are counted. While the disk cannot be written, lines wait in a bounded piece of memory.
//
// It is not a channel: a consumer looks at the front as often as it likes ([Queue.TryPeek]), and a line leaves the queue only
// when it is acknowledged ([Queue.Ack]). It is not a database: it knows only the order of the lines, not what they hold.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// Errors of a queue.
var (
	ErrClosed      = errors.New("the spool is closed")
	ErrLineTooLong = fmt.Errorf("the line is longer than %d bytes", MaxLine)
	ErrOutOfOrder  = errors.New("acknowledged before older lines were")
)

// MinBytes is the smallest bound of a spool.
const MinBytes = 1 << 20

// When lines are made durable against the loss of power. The end of the process alone loses nothing in any case.
const (
	SyncEvery time.Duration = 0  // before Append returns: at most the line that is being written is lost
	SyncNever time.Duration = -1 // when the operating system writes: up to half a minute is lost, on Linux
)

// Options say how to spool. All are required except Dropped.
type Options struct {
	FS FS
	// MaxBytes bounds the files together, at least [MinBytes]. Files of another version of edge do not count.
	MaxBytes int64
	// Sync is how long a line may wait to be made durable, or [SyncEvery] or [SyncNever].
	Sync time.Duration
	// Log reports damage, and when the disk begins to fail and works again.
	Log *slog.Logger
	// Dropped is called, outside of any lock, with the number of lines that an Append pushed out. It may be nil.
	Dropped func(lines int)
}

// Queue is a spool. It is safe for concurrent use; it is meant for one consumer.
type Queue struct {
	options Options

	mu      sync.Mutex // guards all below
	store   store
	closed  bool
	arrived chan struct{} // closed and replaced when lines arrive or the queue closes

	syncTimer *time.Timer // nil while nothing waits to be made durable
	syncBy    time.Time   // when it fires
	writtenAt time.Time   // when a line was appended last
}

// Stats are the numbers of a spool. The first four are of now. The others count from the start of the process, except Lost.
type Stats struct {
	Lines       int64 // lines that wait
	MemoryLines int64 // those of them that are in memory only
	Bytes       int64 // size of the files, those set aside included
	Segments    int64
	Dropped     int64 // lines pushed out by newer ones and never acknowledged
	Damaged     int64 // lines that can no longer be read
	SetAside    int64 // segments set aside because of damage
	Rejected    int64 // lines set aside by Reject
	// Lost is how many lines were dropped or damaged since the directory was made. It may include lines that were dropped
	// while they were being delivered.
	Lost int64
}

// Open opens the spool. It fails if the options are wrong or if another process has the directory ([ErrInUse]). Any other
// trouble with the disk is logged and tried again later: collecting begins all the same.
func Open(o Options) (*Queue, error) {
	if o.MaxBytes < MinBytes {
		return nil, fmt.Errorf("spool bound is %d bytes, must be at least %d", o.MaxBytes, MinBytes)
	}
	q := &Queue{options: o, store: newStore(o), arrived: make(chan struct{})}
	if err := q.store.attach(); errors.Is(err, ErrInUse) {
		return nil, err
	} else if err != nil {
		q.store.fail(err)
	}
	return q, nil
}

// Append puts copies of the lines at the end: all of them or, with an error, none. If they do not fit, the oldest lines are
// dropped.
func (q *Queue) Append(lines ...[]byte) error {
	for _, l := range lines {
		if len(l) > MaxLine {
			return fmt.Errorf("%w: %d", ErrLineTooLong, len(l))
		}
	}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return ErrClosed
	}
	before := q.store.counts.dropped
	for _, l := range lines {
		q.store.append(l)
	}
	dropped := int(q.store.counts.dropped - before)
	q.signalLocked()
	q.scheduleSyncLocked()
	q.mu.Unlock()
	if dropped > 0 && q.options.Dropped != nil {
		q.options.Dropped(dropped)
	}
	return nil
}

// Peek waits until there is a line in a lane and then returns what TryPeek does. It fails if the context ends or the queue
// closes before.
func (q *Queue) Peek(ctx context.Context, lane Lane, maxLines, maxBytes int) (Batch, error) {
	for {
		q.mu.Lock()
		b, err := q.store.read(lane, maxLines, maxBytes)
		closed, arrived := q.closed, q.arrived
		q.mu.Unlock()
		switch {
		case len(b.Lines) > 0, err != nil:
			return b, err
		case closed:
			return b, ErrClosed
		}
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-arrived:
		}
	}
}

// TryPeek returns the lines at the front of a lane, or an empty batch if there are none: at most maxLines of them and at most
// maxBytes in sum, but at least one. It returns the same lines again until they are acknowledged or pushed out. The error is
// the disk's; the lines still wait, and a later call tries again.
func (q *Queue) TryPeek(lane Lane, maxLines, maxBytes int) (Batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.read(lane, maxLines, maxBytes)
}

// Ack removes the lines of a batch from the queue. Lines that were pushed out in the meantime have arrived after all, and are
// no longer counted as dropped. To acknowledge twice does nothing. To pass over older lines is refused with [ErrOutOfOrder].
// While the disk fails, acknowledgements are kept in memory: should the process end then, the lines arrive twice.
func (q *Queue) Ack(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.ack(b)
}

// Reject acknowledges the lines of a batch and appends them to the file of rejected lines, counted. The error says that the
// file could not be written.
func (q *Queue) Reject(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.store.ack(b); err != nil {
		return err
	}
	q.store.counts.rejected += int64(len(b.Lines))
	var text []byte
	for _, l := range b.Lines {
		text = append(append(text, l...), '\n')
	}
	if err := q.store.keepRejected(text); err != nil {
		return fmt.Errorf("write %d rejected samples to %s: %w", len(b.Lines), rejectedName, err)
	}
	return nil
}

// Stats returns the present numbers.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.stats()
}

// Health is the health of writing to the disk and of reading from it.
func (q *Queue) Health() []*retry.State { return []*retry.State{q.store.writing, q.store.reading} }

// Split makes all lines that wait backlog: from now on they are read from [Backlog], and later ones from [Fresh].
func (q *Queue) Split() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store.split()
}

// Close makes all that is on disk durable, tries once more to write there what is in memory, and refuses further lines. The
// error says what is lost.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	q.signalLocked()
	if q.syncTimer != nil {
		q.syncTimer.Stop()
	}
	lost, err := q.store.close()
	if lost > 0 {
		return fmt.Errorf("%d samples that could not be written to the spool are lost: %w", lost, err)
	}
	return err
}

// signalLocked wakes those who wait in Peek.
func (q *Queue) signalLocked() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// scheduleSyncLocked sees to it that what was just appended is made durable in time.
func (q *Queue) scheduleSyncLocked() {
	if q.options.Sync <= 0 || q.store.active == nil || !q.store.active.dirty {
		return
	}
	now := time.Now()
	first, pause := q.writtenAt.IsZero(), now.Sub(q.writtenAt)
	q.writtenAt = now
	if q.syncTimer == nil {
		q.syncBy = now.Add(q.options.Sync)
		q.syncTimer = time.AfterFunc(q.options.Sync, q.sync)
	}
	if !first && !now.Add(pause).Before(q.syncBy) {
		// The next line is not expected before the sync, so the sync may as well be now: that saves one wake-up.
		q.syncTimer.Reset(0)
	}
}

// sync makes durable what waits for it. A disk takes its time over this; meanwhile lines can be appended.
func (q *Queue) sync() {
	q.mu.Lock()
	q.syncTimer = nil
	var file File
	if seg := q.store.active; seg != nil && seg.dirty {
		seg.dirty = false
		file = seg.file
	}
	err := q.store.syncDirectory()
	q.mu.Unlock()
	if file != nil {
		// If it was closed in the meantime it was synced before, see seal.
		if e := file.Sync(); e != nil && !errors.Is(e, fs.ErrClosed) {
			err = errors.Join(fmt.Errorf("sync: %w", e), err)
		}
	}
	if err == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.store.fail(err)
	}
}
