package spool

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
)

// How much may be kept of segments that were set aside.
const (
	maxAside   = 4
	asideShare = 4 // a part of the bound
)

// attach takes the directory and reads the segments that are there. They go before those in memory. It does nothing once
// it has succeeded.
func (q *Queue) attach() error {
	if q.attached {
		return nil
	}
	if q.locked == nil {
		l, err := q.options.FS.Lock()
		if err != nil {
			return fmt.Errorf("spool directory: %w", err)
		}
		q.locked = l
	}
	files, err := q.options.FS.List()
	if err != nil {
		return fmt.Errorf("list the spool: %w", err)
	}
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	f := found{acks: map[uint64]int64{}, drops: map[uint64]bool{}}
	for _, file := range files {
		q.take(file, &f)
	}
	q.attached = true
	q.counts.total += f.total
	q.adopt(f)
	return nil
}

// found is what the files say.
type found struct {
	segs  []*segment
	acks  map[uint64]int64
	drops map[uint64]bool
	total int64
	torn  bool // the last segment ends in a part of an entry
}

// note takes down what an entry says of other segments.
func (f *found) note(e entry) {
	a, b := e.pair()
	switch e.kind {
	case kindAck:
		f.acks[a] = max(f.acks[a], int64(b))
	case kindDrop:
		f.drops[a] = true
		f.total = int64(b)
	}
}

// take looks at one file of the directory.
func (q *Queue) take(file FileInfo, f *found) {
	switch file.Name {
	case rejectedName:
		q.rejected.size, q.rejected.known = file.Size, true
		return
	case rejectedBefore:
		q.rejected.before = file.Size
		return
	}
	name, corrupt := strings.CutSuffix(file.Name, corruptSuffix)
	id, ok := segmentID(name)
	if !ok {
		return
	}
	q.nextID = max(q.nextID, id+1)
	if corrupt {
		q.aside = append(q.aside, file)
		return
	}
	err := q.takeSegment(id, file, f)
	switch {
	case err == nil:
	case errors.Is(err, errVersion):
		// Another version's samples are its own to deliver.
		q.options.Log.Warn("a segment is left alone", slog.String("file", file.Name), slog.String("reason", err.Error()))
	case file.Size < headerBytes:
		// The process or the machine stopped while it was made: nothing is in it.
		q.litter = append(q.litter, file)
		q.sweep()
	default:
		q.keepAside(file, err)
	}
}

// takeSegment reads a segment: its lines are counted, and what it says of others is noted.
func (q *Queue) takeSegment(id uint64, info FileInfo, f *found) error {
	file, err := q.options.FS.Open(info.Name, false)
	if err != nil {
		return err
	}
	defer file.Close()
	header := make([]byte, headerBytes)
	if _, err := file.ReadAt(header, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := checkHeader(header, id); err != nil {
		return err
	}
	seg := &segment{id: id, disk: info.Size, ackedTo: headerBytes}
	s := newScanner(file, headerBytes, info.Size)
	for {
		e, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if e.kind == kindLine {
			seg.lines++
		}
		f.note(e)
	}
	seg.size = s.good
	if s.damaged > 0 {
		q.counts.damaged += int64(s.damaged)
		q.options.Log.Warn("a segment is damaged, the rest of it is used",
			slog.String("file", info.Name), slog.Int("places", s.damaged))
	}
	f.torn = s.good < info.Size
	f.segs = append(f.segs, seg)
	return nil
}

// adopt makes the segments that were found part of the queue. The last is continued where it can be, so that a collector
// that is started again and again does not leave a file each time.
func (q *Queue) adopt(f found) {
	inMemory := q.segs
	q.segs = slices.Concat(f.segs, q.segs)
	for i, seg := range f.segs {
		if f.drops[seg.id] {
			seg.acked = seg.lines // noted, and about to be removed when the process ended
		} else if to := f.acks[seg.id]; to > seg.ackedTo {
			q.countAcked(seg, to)
		}
		last := i == len(f.segs)-1
		if last && len(inMemory) == 0 && !f.drops[seg.id] && seg.size < q.segmentBytes {
			q.resume(seg, f.torn)
		}
	}
	q.removeDone()
}

// countAcked counts the lines of a segment up to an offset.
func (q *Queue) countAcked(seg *segment, to int64) {
	to = min(to, seg.size)
	src, closer, err := q.source(seg)
	if err != nil {
		return // they arrive twice
	}
	defer closer.Close()
	for s := newScanner(src, headerBytes, to); ; {
		e, err := s.next()
		if err != nil {
			break
		}
		if e.kind == kindLine {
			seg.acked++
		}
	}
	seg.ackedTo = to
}

// resume makes a segment the active one, if the disk lets it.
func (q *Queue) resume(seg *segment, torn bool) {
	file, err := q.options.FS.Open(segmentName(seg.id), false)
	if err == nil && torn {
		err = file.Truncate(seg.size)
	}
	if err != nil {
		if file != nil {
			file.Close()
		}
		return
	}
	seg.file, seg.disk = file, seg.size
	q.active = seg
}

// setAside takes a segment that cannot be read out of the queue, with the lines that wait in it.
func (q *Queue) setAside(seg *segment, err error) {
	lost := int64(seg.waiting())
	q.counts.damaged += lost
	q.counts.total += lost
	q.detach(seg)
	if !seg.inMemory() {
		q.keepAside(FileInfo{segmentName(seg.id), seg.disk}, err)
	}
}

// keepAside renames a segment's file, so that it is out of the way but not lost to who wants to look at it. Only few of
// them are kept.
func (q *Queue) keepAside(info FileInfo, reason error) {
	q.counts.aside++
	q.options.Log.Warn("a segment cannot be read, it is set aside",
		slog.String("file", info.Name+corruptSuffix), slog.String("reason", reason.Error()))
	if err := q.options.FS.Rename(info.Name, info.Name+corruptSuffix); err != nil {
		q.disk.Failed(fmt.Errorf("set %s aside: %w", info.Name, err))
		return
	}
	q.syncDir = true
	q.aside = append(q.aside, FileInfo{info.Name + corruptSuffix, info.Size})
	var sum int64
	for _, f := range q.aside {
		sum += f.Size
	}
	for len(q.aside) > 1 && (len(q.aside) > maxAside || sum > q.options.MaxBytes/asideShare) {
		sum -= q.aside[0].Size
		q.litter = append(q.litter, q.aside[0])
		q.aside = q.aside[1:]
	}
	q.sweep()
}
