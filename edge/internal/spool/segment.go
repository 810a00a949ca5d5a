package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// segment is a run of lines: a file, or while the disk fails a piece of memory laid out as one.
type segment struct {
	id   uint64 // 0 while in memory
	file File   // open while lines are appended, else nil
	mem  []byte
	size int64 // end of the last good entry; the file may go on with a torn one
	disk int64 // size of the file

	lines, acked int   // all lines, and those acknowledged
	ackedTo      int64 // where the first line that is not acknowledged may begin
	backlog      bool
	dirty        bool // written to since the last sync
	gone         bool // dropped; a batch may still refer to it
	failures     int  // of reading, in a row
}

func (s *segment) waiting() int { return s.lines - s.acked }

func (s *segment) inMemory() bool { return s.mem != nil }

func newMemorySegment() *segment {
	return &segment{mem: make([]byte, headerBytes), size: headerBytes, ackedTo: headerBytes}
}

// source returns where to read the segment, and what to close afterwards.
func (q *Queue) source(seg *segment) (io.ReaderAt, io.Closer, error) {
	switch {
	case seg.inMemory():
		return bytes.NewReader(seg.mem), io.NopCloser(nil), nil
	case seg.file != nil:
		return seg.file, io.NopCloser(nil), nil
	}
	f, err := q.options.FS.Open(segmentName(seg.id), false)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}

// prepare sees to an active segment on disk that has room for an entry.
func (q *Queue) prepare(need int64) error {
	if q.active != nil && (q.active.inMemory() || q.active.lines > 0 && q.active.size+need > q.segmentBytes) {
		if !q.active.inMemory() {
			// While there is a segment that it can be noted in.
			q.makeRoom(need + q.beginBytes())
		}
		q.seal()
	}
	if q.active != nil {
		q.makeRoom(need)
	}
	switch {
	case !q.retryAt.IsZero():
		return errWaiting // the disk failed just now
	case q.active == nil:
		return q.begin(need)
	}
	return nil
}

// beginBytes is the most that a segment begins with.
func (q *Queue) beginBytes() int64 { return headerBytes + pairBytes*int64(len(q.segs)+1) }

// begin creates a segment. It begins with what would be lost with older ones: how far each is acknowledged, and how many
// lines were dropped.
func (q *Queue) begin(need int64) error {
	q.sweep()
	q.makeRoom(q.beginBytes() + need)
	id := q.nextID
	q.buf = appendHeader(q.buf[:0], id, time.Now())
	for _, seg := range q.segs {
		if seg.acked > 0 && !seg.inMemory() {
			q.buf = appendPair(q.buf, 0, kindAck, seg.id, uint64(seg.ackedTo))
		}
	}
	q.buf = appendPair(q.buf, 0, kindDrop, 0, uint64(q.counts.total))
	file, err := q.create(id, q.buf)
	if err != nil {
		return err
	}
	size := int64(len(q.buf))
	q.active = &segment{id: id, file: file, size: size, disk: size, ackedTo: headerBytes}
	q.segs = append(q.segs, q.active)
	q.removeDone()
	return q.written(q.active)
}

// create makes the file of a segment. The number is used up even where that fails.
func (q *Queue) create(id uint64, content []byte) (File, error) {
	q.nextID = id + 1
	name := segmentName(id)
	q.syncDir = true
	file, err := q.options.FS.Open(name, true)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	if _, err := file.WriteAt(content, 0); err != nil {
		file.Close()
		return nil, errors.Join(fmt.Errorf("begin segment: %w", err), q.options.FS.Remove(name))
	}
	return file, nil
}

// write appends an entry, which is so many lines, to the active segment.
func (q *Queue) write(lines int, entry func(dst []byte, base int64) []byte) error {
	seg := q.active
	q.buf = entry(q.buf[:0], seg.size)
	if _, err := seg.file.WriteAt(q.buf, seg.size); err != nil {
		// Part of it may be there. The segment ends here, and what is read of it too.
		seg.disk = seg.size + int64(len(q.buf))
		if seg.file.Truncate(seg.size) == nil {
			seg.disk = seg.size
		}
		return fmt.Errorf("write segment %d: %w", seg.id, err)
	}
	seg.size += int64(len(q.buf))
	seg.disk = max(seg.disk, seg.size)
	seg.lines += lines
	if lines == 0 {
		seg.dirty = true // that only duplicates are at stake for is not worth a sync of its own
		return nil
	}
	if err := q.written(seg); err != nil {
		q.fail(err) // the lines are there, though not durable
	} else if !q.okAt.IsZero() && time.Now().After(q.okAt) {
		q.okAt = time.Time{}
		q.disk.OK()
	}
	return nil
}

// seal ends the active segment.
func (q *Queue) seal() {
	seg := q.active
	if seg == nil {
		return
	}
	q.active = nil
	if seg.file != nil {
		if q.options.Sync != SyncNever {
			q.syncSegment(seg)
		}
		seg.file.Close()
		seg.file = nil
	}
	q.removeDone()
}

// removeDone removes the segments that no line waits in. The newest file stays: it says how far the others are
// acknowledged, until the next one begins with that.
func (q *Queue) removeDone() {
	newest := true
	for i := len(q.segs) - 1; i >= 0; i-- {
		seg := q.segs[i]
		if seg.waiting() == 0 && seg != q.active && (!newest || seg.inMemory()) {
			q.remove(seg)
			continue
		}
		newest = newest && seg.inMemory()
	}
}

// remove takes a segment out of the queue and off the disk. Where the file stays, because the disk fails, it is tried again;
// should the process end before, its lines arrive twice.
func (q *Queue) remove(seg *segment) {
	q.detach(seg)
	if seg.id != 0 {
		q.litter = append(q.litter, FileInfo{segmentName(seg.id), seg.disk})
		q.sweep()
	}
}

// detach takes a segment out of the queue.
func (q *Queue) detach(seg *segment) {
	if i := slices.Index(q.segs, seg); i >= 0 {
		q.segs = slices.Delete(q.segs, i, i+1)
	}
	if q.active == seg {
		q.active = nil
	}
	seg.gone = true
	if seg.file != nil {
		seg.file.Close()
		seg.file = nil
	}
}

// sweep removes the files that are not needed any more.
func (q *Queue) sweep() {
	kept := q.litter[:0]
	for _, f := range q.litter {
		if err := q.options.FS.Remove(f.Name); err != nil {
			q.disk.Failed(fmt.Errorf("remove %s: %w", f.Name, err))
			kept = append(kept, f)
			continue
		}
		q.syncDir = true
	}
	q.litter = kept
}
