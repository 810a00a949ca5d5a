// Package spool keeps samples until Firehose has accepted them. It is a bounded queue of encoded lines in segment files. It has two lanes,
// [Fresh] and [Backlog]. Each is read oldest first, but the lines of a segment that cannot be read wait. Lines on disk survive the end of
// the process, and a power loss once they are synced. FORMAT.md describes the files, what is lost when, and what is assumed of a disk. If the
// spool is full, it drops its oldest segment and counts the lines. While the disk cannot be written, a bounded number of lines waits in
// memory.
//
// It is not a channel: a consumer may read the front as often as it likes ([Queue.TryPeek]), and a line leaves the queue only
// when it is acknowledged ([Queue.Ack]). It is not a database: it knows the order of the lines but not their content.
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
	ErrOutOfOrder  = errors.New("older lines of the segment are not acknowledged yet")
)

// MinBytes is the smallest size limit of a spool.
const MinBytes = 1 << 20

// Values of [Options].Sync: when lines are synced to disk. If only the process ends, no line is lost that was written.
const (
	SyncEvery time.Duration = 0  // before Append returns; a power loss costs at most the line that is being written
	SyncNever time.Duration = -1 // when the operating system decides; a power loss costs up to half a minute on Linux
)

// Options say how to spool. All are required.
type Options struct {
	FS FS
	// MaxBytes is the size limit of all files together, at least [MinBytes]. Segments of another format version do not count.
	MaxBytes int64
	// Sync is how long a line may wait before it is synced, or [SyncEvery] or [SyncNever].
	Sync time.Duration
	// Log reports damage. It also reports when the disk begins to fail or lines begin to be dropped, and when that ends.
	Log *slog.Logger
}

// Queue is a spool. It is safe for concurrent use. Two consumers that read the same lane would get the same lines.
type Queue struct {
	options Options

	mu      sync.Mutex // guards the fields below
	store   store
	closed  bool
	arrived chan struct{} // closed and replaced when lines arrive or the queue closes

	syncTimer *time.Timer // nil if nothing waits to be synced
	syncBy    time.Time   // when syncTimer fires
	writtenAt time.Time   // when the last line was appended
}

// Stats are the numbers of a spool. The first four describe the present. The others count from the start of the process, except Lost.
type Stats struct {
	Lines       int64 // lines that wait
	MemoryLines int64 // lines that wait in memory only
	Bytes       int64 // size of the files, those set aside included
	Segments    int64 // those in memory included
	Dropped     int64 // lines removed to make room and not acknowledged later
	Damaged     int64 // lines that can no longer be read
	SetAside    int64 // segments set aside because of damage
	Rejected    int64 // lines removed by Reject
	// Lost is how many lines were dropped or damaged since the spool was first used. A line that was dropped while it was being
	// delivered may count although it arrived.
	Lost int64
}

// Open opens the spool. It fails if the options are wrong or if another process has the directory ([ErrInUse]). Any other
// failure of the disk is logged and tried again later: lines wait in memory until then.
func Open(o Options) (*Queue, error) {
	if o.MaxBytes < MinBytes {
		return nil, fmt.Errorf("spool size limit is %d bytes, must be at least %d", o.MaxBytes, MinBytes)
	}
	q := &Queue{options: o, store: newStore(o), arrived: make(chan struct{})}
	if err := q.store.attach(); errors.Is(err, ErrInUse) {
		return nil, err
	} else if err != nil {
		q.store.fail(err)
	}
	return q, nil
}

// Append appends copies of the lines. If it returns an error, it appended none of them. If there is no room, the oldest lines are
// dropped.
func (q *Queue) Append(lines ...[]byte) error {
	for _, l := range lines {
		if len(l) > MaxLine {
			return fmt.Errorf("%w: %d", ErrLineTooLong, len(l))
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	for _, l := range lines {
		q.store.append(l)
	}
	q.signalLocked()
	q.scheduleSyncLocked()
	return nil
}

// Peek waits until a line is in a lane and then returns what TryPeek returns. It fails if the context ends or the queue is closed
// before that. It also fails, at once, if lines wait but the disk cannot be read.
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
// maxBytes in sum, but at least one. It returns the same lines again until they are acknowledged or dropped. An error comes from the
// disk: the lines still wait, and a later call tries again.
func (q *Queue) TryPeek(lane Lane, maxLines, maxBytes int) (Batch, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.read(lane, maxLines, maxBytes)
}

// Ack removes the lines of a batch from the queue. If some were dropped meanwhile, they no longer count as dropped, because they
// have arrived. A second Ack of the same lines does nothing. If older lines of the same segment are not acknowledged yet, Ack fails with
// [ErrOutOfOrder].
// While the disk fails, acknowledgements are only in memory: if the process ends then, the lines arrive twice.
func (q *Queue) Ack(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.store.ack(b)
}

// Reject acknowledges the lines of a batch, counts them and appends them to the file of rejected lines. If the file cannot be written,
// Reject fails. The lines have left the queue by then, so they are lost.
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

// Health returns the states of writing to the disk, of reading from it, and of keeping all lines.
func (q *Queue) Health() []*retry.State {
	return []*retry.State{q.store.writing, q.store.reading, q.store.keeping}
}

// Split moves all lines that wait to the lane [Backlog]. Lines that come later are in [Fresh].
func (q *Queue) Split() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store.split()
}

// Close writes the lines in memory to the disk if it can, syncs the files unless they are never synced, and refuses further lines. If lines
// are lost, the error says how many.
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

// signalLocked wakes goroutines that wait in Peek.
func (q *Queue) signalLocked() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// scheduleSyncLocked makes sure that a line just appended is synced within Options.Sync.
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
		// If lines keep coming at this pace, the next one comes after the sync. So sync now: that saves one wake-up.
		q.syncTimer.Reset(0)
	}
}

// sync syncs the active segment and the directory. It does not hold mu while it syncs the segment, so that lines can be appended
// meanwhile.
func (q *Queue) sync() {
	q.mu.Lock()
	q.syncTimer = nil
	var file File
	var size int64
	seg := q.store.active
	if seg != nil && seg.dirty {
		file, size = seg.file, seg.size
	}
	err, lost := q.store.syncDirectory(), false
	q.mu.Unlock()
	if file != nil {
		// The segment stays dirty until it is synced. So if seal closes the file meanwhile, seal syncs it before that.
		if e := file.Sync(); e != nil && !errors.Is(e, fs.ErrClosed) {
			err, lost = errors.Join(fmt.Errorf("sync: %w", e), err), true
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.store.atRisk = q.store.atRisk || lost
	if file != nil && seg.file == file && seg.size == size {
		seg.dirty = false
	}
	if err != nil && !q.closed {
		q.store.fail(err)
	}
}
