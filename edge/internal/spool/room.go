package spool

import "fmt"

// diskBytes returns the size of all files that count for the size limit.
func (s *store) diskBytes() int64 {
	sum := s.rejected.bytes()
	for _, seg := range s.segs {
		sum += seg.disk
	}
	for _, f := range s.aside {
		sum += f.Size
	}
	for _, f := range s.litter {
		sum += f.Size
	}
	for _, f := range s.vacated {
		sum += f.Size
	}
	return sum
}

// makeRoom removes files until the size limit leaves room for need bytes: first the files that were set aside, then the oldest
// segments. It never removes a segment that could not be read yet. The active segment must be on disk.
//
// It also keeps room for the beginnings of two segments. If the process ends while it begins one, the next process begins another.
func (s *store) makeRoom(need int64) error {
	need += 2 * s.beginBytes()
	// drop and passOver write one state each, and the files of rejected lines may still grow.
	need += 2*stateBytes + s.rejected.growth(s.maxBytes)
	for s.diskBytes()+need > s.maxBytes {
		left := len(s.litter)
		if len(s.aside) > 0 {
			s.removeAside("its room is needed")
		} else {
			oldest := s.oldestFile()
			if oldest == nil {
				return errFull
			}
			if err := s.drop(oldest); err != nil {
				return err
			}
		}
		if len(s.litter) > left {
			return errFull // the file cannot be removed; sweep has reported why
		}
	}
	return nil
}

// oldestFile returns the oldest segment that may be dropped from the disk, or nil.
func (s *store) oldestFile() *segment {
	for _, seg := range s.segs {
		if seg != s.active && !seg.inMemory() && !seg.unknown {
			return seg
		}
	}
	return nil
}

// drop removes a segment and its file with the lines that wait in it. First it writes down how many these are, so that they count even
// if the process ends before the file is removed.
func (s *store) drop(seg *segment) error {
	err := s.writeState(state{segment: seg.id, acked: seg.lines, lines: seg.lines}, seg.waiting()+seg.unreadable)
	if err != nil {
		return fmt.Errorf("drop segment %d: %w", seg.id, err)
	}
	s.dropped(seg, "spool")
	s.litter = append(s.litter, FileInfo{segmentName(seg.id), seg.disk})
	s.sweep()
	return nil
}

// dropped gives up a segment because place is full: the spool or the memory. The problem is over when both are less than half full.
func (s *store) dropped(seg *segment, place string) {
	s.keeping.Failed(fmt.Errorf("the %s is full, %d samples in its oldest segment are dropped", place, seg.waiting()))
	s.giveUp(seg, &s.counts.dropped)
}
