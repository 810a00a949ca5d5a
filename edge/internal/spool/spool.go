// Package spool keeps samples between the moment they are taken and the moment Firehose has accepted them: a bounded
// first-in, first-out queue of encoded lines in segment files, which survives the end of the process and of the machine's
// power. FORMAT.md describes the files, what is lost when, and what is assumed of a disk. When the spool is full its oldest
// segment goes, counted by lines. While its disk cannot be written, lines wait in a bounded piece of memory.
//
// It is not a channel: a consumer looks at the front as often as it likes ([Queue.Peek]) and only what it acknowledges
// ([Queue.Ack]) is gone. It is not a database: nothing but order is known of a line. It does not know what a line holds.
package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// MinBytes is the least bound of a spool.
const MinBytes = 1 << 20

// When lines are made durable against the loss of power. The end of the process alone loses nothing in any case.
const (
	SyncEvery time.Duration = 0  // before Append returns: at most the line being written is lost
	SyncNever time.Duration = -1 // when the operating system likes to: up to half a minute is lost, on Linux
)

const (
	// segments is into how many the bound is divided: what is dropped when it is full is the oldest of them.
	segments                         = 16
	minSegmentBytes, maxSegmentBytes = 64 << 10, 4 << 20
	// memoryBytes bounds the lines that wait in memory: about 1,700 samples, over an hour at 3 s.
	memoryBytes = 1536 << 10
	// retryAfter is how soon a disk that failed is tried again.
	retryAfter = 10 * time.Second
	// patience is how often the reading of a segment may fail before it is set aside.
	patience = 3
)

// Options say how to spool. All are required but Dropped.
type Options struct {
	FS FS
	// MaxBytes bounds the files together, at least [MinBytes]. Files of another version of edge are not counted.
	MaxBytes int64
	// Sync is how long a line may wait to be made durable, or [SyncEvery] or [SyncNever].
	Sync time.Duration
	// Log takes what is found at the start, and when the disk begins to fail and works again.
	Log *slog.Logger
	// Dropped is called, outside of any lock, with the number of lines that an Append pushed out. It may be nil.
	Dropped func(lines int)
}

// Queue is a spool. It is safe for concurrent use; one consumer at a time is meant.
type Queue struct {
	options      Options
	segmentBytes int64
	disk         *retry.State

	mu       sync.Mutex
	attached bool // the directory is ours, and its segments are known
	locked   io.Closer
	segs     []*segment // oldest first
	active   *segment   // the last of segs, or nil: the next line begins another
	nextID   uint64
	aside    []FileInfo // segments set aside, oldest first
	litter   []FileInfo // files that could not be removed yet
	retryAt  time.Time  // when a disk that failed is tried again; zero while it works
	okAt     time.Time  // when a disk that works again is said to; zero otherwise
	rejected rejects
	buf      []byte
	counts   counts
	closed   bool
	arrived  chan struct{} // closed and replaced when lines arrive or the spool closes

	syncTimer *time.Timer // nil while nothing waits to be made durable
	syncBy    time.Time   // when it fires
	writtenAt time.Time   // when a line was written last
	syncDir   bool        // files came or went since the directory was synced
}

type counts struct {
	dropped  int64 // by this process
	total    int64 // since the directory is there
	damaged  int64
	aside    int64
	rejected int64
}

// Stats are the numbers of a spool. The first four are of now; but for Lost, the others count from the
// start of the process.
type Stats struct {
	Lines       int64 // lines waiting
	MemoryLines int64 // those of them that are in memory only
	Bytes       int64 // size of the files, those set aside included
	Segments    int64
	Dropped     int64 // lines pushed out by newer ones and never acknowledged
	Damaged     int64 // damaged places passed over, and lines that were there before and are not readable any more
	SetAside    int64 // segments set aside because they could not be read
	Rejected    int64 // lines set aside by Reject
	// Lost is how many lines were dropped or damaged since the directory is there. Lines that were dropped under way and
	// arrived after all may be among them.
	Lost int64
}

// Open opens the spool. It fails if the options are wrong or if another process has the directory ([ErrInUse]). Whatever
// else is wrong with the disk is logged and tried again later: collecting begins all the same.
func Open(o Options) (*Queue, error) {
	if o.MaxBytes < MinBytes {
		return nil, fmt.Errorf("spool bound is %d bytes, must be at least %d", o.MaxBytes, MinBytes)
	}
	q := &Queue{
		options:      o,
		segmentBytes: min(max(o.MaxBytes/segments, minSegmentBytes), maxSegmentBytes),
		disk:         retry.NewState(o.Log, "spooling to disk"),
		nextID:       1,
		arrived:      make(chan struct{}),
	}
	if err := q.attach(); errors.Is(err, ErrInUse) {
		return nil, err
	} else if err != nil {
		q.fail(err)
	}
	return q, nil
}

// Append puts copies of the lines at the end, all of them or, with an error, none. Where they do not fit, the oldest lines
// make room.
func (q *Queue) Append(lines ...[]byte) error {
	for _, l := range lines {
		if len(l) > MaxLine {
			return fmt.Errorf("%w: %d", ErrLineTooLong, len(l))
		}
	}
	q.mu.Lock()
	before := q.counts.dropped
	err := q.append(lines)
	dropped := int(q.counts.dropped - before)
	q.mu.Unlock()
	if dropped > 0 && q.options.Dropped != nil {
		q.options.Dropped(dropped)
	}
	return err
}

func (q *Queue) append(lines [][]byte) error {
	if q.closed {
		return ErrClosed
	}
	for _, l := range lines {
		q.appendLine(l)
	}
	q.signal()
	return nil
}

// appendLine writes a line to the disk, or where that fails to memory.
func (q *Queue) appendLine(line []byte) {
	if q.writable() == nil {
		err := q.prepare(int64(entryBytes + len(line)))
		if err == nil {
			err = q.write(1, func(dst []byte, base int64) []byte { return appendEntry(dst, base, kindLine, line) })
		}
		if err == nil {
			return
		}
		q.fail(err)
	}
	q.remember(line)
}

// Stats returns the present numbers.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Stats{
		Bytes: q.diskBytes(), Segments: int64(len(q.segs)), Dropped: q.counts.dropped, Damaged: q.counts.damaged,
		SetAside: q.counts.aside, Rejected: q.counts.rejected, Lost: q.counts.total,
	}
	for _, seg := range q.segs {
		s.Lines += int64(seg.waiting())
		if seg.inMemory() {
			s.MemoryLines += int64(seg.waiting())
		}
	}
	return s
}

// Health is what keeps lines from the disk.
func (q *Queue) Health() []*retry.State { return []*retry.State{q.disk} }

// Split ends the present segment and makes all lines that wait backlog: from now on they are read from [Backlog], while
// [Fresh] goes on with what comes.
func (q *Queue) Split() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.seal()
	for _, seg := range q.segs {
		seg.backlog = true
	}
}

// Close makes all that is on disk durable, tries once more to bring there what is in memory, and refuses further lines. The
// error says what is lost.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil
	}
	q.closed = true
	q.signal()
	if q.syncTimer != nil {
		q.syncTimer.Stop()
	}
	q.retryAt = time.Time{}
	err := q.writable()
	q.seal()
	if q.syncDir && q.attached {
		err = errors.Join(err, q.options.FS.Sync())
	}
	lost := 0
	for _, seg := range q.segs {
		if seg.inMemory() {
			lost += seg.waiting()
		}
	}
	if q.locked != nil {
		err = errors.Join(err, q.locked.Close())
	}
	if lost > 0 {
		return fmt.Errorf("%d samples that could not be written to the spool are lost: %w", lost, err)
	}
	return err
}

// signal wakes those who wait in Peek.
func (q *Queue) signal() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

// wait waits for lines or Close. It returns false when the context ends.
func wait(ctx context.Context, arrived <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-arrived:
		return true
	}
}
