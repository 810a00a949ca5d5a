package spool

import "slices"

// memoryBytes is the size limit of the lines that wait in memory: about 1,200 samples, an hour at an interval of 3 s.
const memoryBytes = 1536 << 10

// remember appends a line in memory. If there is no room, it drops the oldest segment in memory.
func (s *store) remember(line []byte) {
	need := int64(headBytes + len(line))
	if s.active != nil && (!s.active.inMemory() || s.active.size+need > memoryBytes/segmentCount) {
		s.seal()
	}
	for s.memory()+need > memoryBytes {
		oldest := s.oldestInMemory()
		s.counts.lost += int64(oldest.waiting() + oldest.unreadable)
		s.dropped(oldest, "memory for samples")
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
	if s.active != nil && s.active.inMemory() {
		s.seal()
	}
	for _, seg := range slices.Clone(s.segs) {
		if seg.inMemory() {
			if err := s.restoreSegment(seg); err != nil {
				return err
			}
		}
	}
	s.litter, s.vacated = append(s.litter, s.vacated...), nil
	s.sweep()
	return nil
}

// restoreSegment begins a file and writes the lines of a segment that wait to it. If that fails, the segment stays in memory.
func (s *store) restoreSegment(seg *segment) error {
	if err := s.begin(stateBytes + seg.size - headerBytes); err != nil {
		return err
	}
	begun := s.active
	if seg.acked > 0 { // the file does not have these lines; without the state they would count as damaged
		if err := s.writeState(state{segment: begun.id, acked: seg.acked}, 0); err != nil {
			return err
		}
	}
	start := begun.size
	lines, err := seg.appendWaiting(make([]byte, 0, seg.size), start, s.fs)
	if err == nil {
		err = begun.write(lines)
	}
	if err != nil {
		return err
	}
	seg.moveTo(begun, start)
	s.segs = s.segs[:len(s.segs)-1] // remove begun: seg has its file now
	s.active = seg
	s.seal()
	return nil
}
