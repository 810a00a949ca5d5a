// Package spool keeps samples between the moment they are taken and the moment Firehose has accepted them: a bounded
// first-in, first-out queue of encoded lines, held in memory. When it is full the oldest lines go, counted.
//
// It is not a channel: a consumer looks at the front as often as it likes ([Queue.Peek]) and only what it acknowledges
// ([Queue.Ack]) is gone. It does not know what a line holds.
package spool

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Errors of a queue.
var (
	ErrClosed      = errors.New("the queue is closed")
	ErrLineTooLong = errors.New("the line is longer than the queue may be")
	ErrOutOfOrder  = errors.New("acknowledged before older lines were")
)

// lineOverhead is what a line takes besides its bytes: its slice header and what the allocator rounds up.
const lineOverhead = 64

// Options bound a queue.
type Options struct {
	// MaxBytes is how much memory the lines may take, their bookkeeping included. It must be positive.
	MaxBytes int64
	// Dropped is called, outside of any lock, with the number of lines that an Append pushed out. It may be nil.
	Dropped func(lines int)
}

// Queue is a bounded queue of lines. It is safe for concurrent use; one consumer at a time is meant.
type Queue struct {
	options Options

	mu      sync.Mutex
	lines   [][]byte // lines[0] is at position head
	head    uint64   // position of the oldest line; positions count from 0 and never repeat
	acked   uint64   // positions below are acknowledged
	bytes   int64
	dropped int64
	closed  bool
	arrived chan struct{} // closed and replaced when lines arrive or the queue closes
}

// Batch is a run of lines from the front of the queue. It must not be changed.
type Batch struct {
	Lines [][]byte
	first uint64
}

// Head returns the first n lines of the batch as a batch of their own.
func (b Batch) Head(n int) Batch { return Batch{Lines: b.Lines[:n], first: b.first} }

// Tail returns the lines after the first n as a batch of their own.
func (b Batch) Tail(n int) Batch { return Batch{Lines: b.Lines[n:], first: b.first + uint64(n)} }

// Stats are the numbers of a queue.
type Stats struct {
	Lines   int64 // lines waiting
	Bytes   int64 // what they take, bookkeeping included
	Dropped int64 // lines pushed out by newer ones and never acknowledged
}

// New returns an empty queue.
func New(o Options) (*Queue, error) {
	if o.MaxBytes <= 0 {
		return nil, fmt.Errorf("queue bound is %d bytes, must be positive", o.MaxBytes)
	}
	return &Queue{options: o, arrived: make(chan struct{})}, nil
}

// Append puts copies of the lines at the end, all of them or, with an error, none. Where they do not fit, the oldest lines
// make room.
func (q *Queue) Append(lines ...[]byte) error {
	for _, l := range lines {
		if cost(l) > q.options.MaxBytes {
			return fmt.Errorf("%w: %d bytes", ErrLineTooLong, len(l))
		}
	}
	dropped, err := q.append(lines)
	if dropped > 0 && q.options.Dropped != nil {
		q.options.Dropped(dropped)
	}
	return err
}

func (q *Queue) append(lines [][]byte) (dropped int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0, ErrClosed
	}
	for _, l := range lines {
		for q.bytes+cost(l) > q.options.MaxBytes {
			q.removeFront()
			dropped++
		}
		q.lines = append(q.lines, append(make([]byte, 0, len(l)), l...))
		q.bytes += cost(l)
	}
	q.dropped += int64(dropped)
	q.signal()
	return dropped, nil
}

// Peek returns the lines at the front, at most maxLines of them and at most maxBytes in sum, but at least one; it waits
// until there is one. It returns the same lines again until they are acknowledged or pushed out. After Close it returns
// what is left and then [ErrClosed].
func (q *Queue) Peek(ctx context.Context, maxLines, maxBytes int) (Batch, error) {
	for {
		q.mu.Lock()
		b, closed, arrived := q.front(maxLines, maxBytes), q.closed, q.arrived
		q.mu.Unlock()
		if len(b.Lines) > 0 {
			return b, nil
		}
		if closed {
			return b, ErrClosed
		}
		select {
		case <-ctx.Done():
			return b, ctx.Err()
		case <-arrived:
		}
	}
}

func (q *Queue) front(maxLines, maxBytes int) Batch {
	n, bytes := 0, 0
	for n < len(q.lines) && n < maxLines {
		bytes += len(q.lines[n])
		if n > 0 && bytes > maxBytes {
			break
		}
		n++
	}
	// A copy of the headers: the queue clears its own when lines leave.
	return Batch{Lines: append([][]byte(nil), q.lines[:n]...), first: q.head}
}

// Ack removes the lines of a batch from the queue. Lines that were pushed out while the consumer had them arrived after
// all, and are no longer counted as dropped. Acknowledging twice does nothing; passing over older lines is refused with
// [ErrOutOfOrder].
func (q *Queue) Ack(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	end := b.first + uint64(len(b.Lines))
	if end <= q.acked {
		return nil
	}
	if b.first > max(q.acked, q.head) {
		return fmt.Errorf("%w: line %d while %d is the oldest", ErrOutOfOrder, b.first, q.head)
	}
	if pushedOut := min(end, q.head); pushedOut > max(b.first, q.acked) {
		q.dropped -= int64(pushedOut - max(b.first, q.acked))
	}
	for q.head < end && len(q.lines) > 0 {
		q.removeFront()
	}
	q.acked = end
	return nil
}

// Stats returns the queue's present numbers.
func (q *Queue) Stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Stats{Lines: int64(len(q.lines)), Bytes: q.bytes, Dropped: q.dropped}
}

// Close refuses further lines. What is in the queue stays readable.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.signal()
	}
	return nil
}

func (q *Queue) removeFront() {
	q.bytes -= cost(q.lines[0])
	q.lines[0] = nil // the array behind the slice lives on until the next append outgrows it
	q.lines = q.lines[1:]
	q.head++
}

// signal wakes those who wait in Peek.
func (q *Queue) signal() {
	close(q.arrived)
	q.arrived = make(chan struct{})
}

func cost(line []byte) int64 { return int64(len(line)) + lineOverhead }
