package spool

import (
	"slices"
	"time"
)

// memoryBytes is the size limit of the lines that wait in memory: about 1,700 samples, more than an hour at an interval of 3 s.
const memoryBytes = 1536 << 10

// remember appends a line in memory. If there is no room, it drops the oldest segment in memory.
func (s *store) remember(line []byte) {
	need := int64(headBytes + len(line))
	if s.active != nil && (!s.active.inMemory() || s.active.size+need > memoryBytes/segments) {
		s.seal()
	}
	for s.memory()+need > memoryBytes {
		s.drop(s.oldestInMemory())
	}
	if s.active == nil {
		s.active = newMemorySegment()
		s.segs = append(s.segs, s.active)
	}
	seg := s.active
	seg.mem = appendEntry(seg.mem, 0, kindLine, seg.lines, line)
	seg.size = int64(len(seg.mem))
	seg.lines++
}

func (s *store) memory() int64 {
	var sum int64
	for _, seg := range s.segs {
		sum += int64(len(seg.mem))
	}
	return sum
}

func (s *store) oldestInMemory() *segment {
	i := slices.IndexFunc(s.segs, (*segment).inMemory)
	return s.segs[i] // the caller knows that there is one
}

// restore writes the segments in memory to the disk, each to a file.
func (s *store) restore() error {
	s.sweep()
	for _, seg := range slices.Clone(s.segs) { // making room may drop some
		if !seg.inMemory() || seg.lostAs != nil {
			continue
		}
		if seg.waiting() == 0 {
			s.remove(seg)
			continue
		}
		if err := s.restoreSegment(seg); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) restoreSegment(seg *segment) error {
	if err := s.makeRoom(seg.size); err != nil {
		return err
	}
	id := s.nextID
	appendHeader(seg.mem[:0], id, time.Now())
	file, err := s.create(id, seg.mem)
	if err != nil {
		return err
	}
	if s.active == seg {
		s.active = nil
	}
	seg.id, seg.mem, seg.disk, seg.file, seg.dirty = id, nil, seg.size, file, true
	s.syncFile(seg)
	seg.file = nil
	file.Close()
	return nil
}
