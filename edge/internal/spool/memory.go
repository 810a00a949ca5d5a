package spool

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// errWaiting says that the disk failed a moment ago.
var errWaiting = errors.New("the disk is tried again in a while")

// fail ends the use of the disk until it is tried again.
func (q *Queue) fail(err error) {
	q.retryAt, q.okAt = time.Now().Add(retryAfter), time.Time{}
	q.disk.Failed(fmt.Errorf("%w; samples wait in memory, up to %d kB", err, memoryBytes>>10))
	if q.active != nil && !q.active.inMemory() {
		q.seal()
	}
}

// writable reports whether the disk can be written. One that failed is tried again in time, and what waits in memory is
// brought there.
func (q *Queue) writable() error {
	if q.attached && q.retryAt.IsZero() {
		return nil
	}
	if !q.retryAt.IsZero() && time.Now().Before(q.retryAt) {
		return errWaiting
	}
	err := q.attach()
	if err == nil {
		err = q.restore()
	}
	if err != nil {
		q.fail(err)
		return err
	}
	// A disk that is nearly full works at times. It is said to when it has for a while.
	q.retryAt, q.okAt = time.Time{}, time.Now().Add(time.Minute)
	return nil
}

// remember puts a line into memory. Where there is no room, the oldest lines there make some.
func (q *Queue) remember(line []byte) {
	need := int64(entryBytes + len(line))
	if q.active != nil && q.active.size+need > memoryBytes/segments {
		q.seal()
	}
	for q.memory()+need > memoryBytes {
		q.drop(q.oldestInMemory())
	}
	if q.active == nil {
		q.active = newMemorySegment()
		q.segs = append(q.segs, q.active)
	}
	seg := q.active
	seg.mem = appendEntry(seg.mem, 0, kindLine, line)
	seg.size = int64(len(seg.mem))
	seg.lines++
}

func (q *Queue) memory() int64 {
	var sum int64
	for _, seg := range q.segs {
		sum += int64(len(seg.mem))
	}
	return sum
}

func (q *Queue) oldestInMemory() *segment {
	for _, seg := range q.segs {
		if seg.inMemory() {
			return seg
		}
	}
	return nil // never: it is asked for where there is one
}

// restore writes what waits in memory to the disk, a segment for a segment.
func (q *Queue) restore() error {
	q.sweep()
	for i := 0; i < len(q.segs); i++ {
		seg := q.segs[i]
		if !seg.inMemory() {
			continue
		}
		if seg.waiting() == 0 {
			q.remove(seg)
			i--
			continue
		}
		if err := q.restoreSegment(seg); err != nil {
			return err
		}
		i = slices.Index(q.segs, seg) // making room may have moved it
	}
	return nil
}

func (q *Queue) restoreSegment(seg *segment) error {
	q.makeRoom(seg.size)
	id := q.nextID
	appendHeader(seg.mem[:0], id, time.Now())
	file, err := q.create(id, seg.mem)
	if err != nil {
		return err
	}
	seg.id, seg.file, seg.mem, seg.disk, seg.dirty = id, file, nil, seg.size, true
	if q.active == seg {
		q.active = nil
	}
	if q.options.Sync != SyncNever {
		q.syncSegment(seg)
	}
	seg.file = nil
	file.Close()
	return nil
}
