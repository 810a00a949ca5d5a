package spool

// diskBytes is the size of the files that the bound is for.
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
	return sum
}

// makeRoom removes files until so many bytes more are within the bound: first what was set aside, then the oldest segments.
// A segment that could not be read yet is never removed.
func (s *store) makeRoom(need int64) error {
	// A drop itself writes a state, and the files of rejected lines may still grow.
	need += stateBytes + s.rejected.growth(s.maxBytes)
	for s.diskBytes()+need > s.maxBytes {
		left := len(s.litter)
		if len(s.aside) > 0 {
			s.removeAside("its room is needed")
		} else {
			oldest := s.oldestFile()
			if oldest == nil {
				return errFull
			}
			s.drop(oldest)
		}
		if len(s.litter) > left {
			return errFull // the file cannot be removed, and the health of writing says why
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

// drop gives a segment up with the lines that wait in it. Their number is written down before the file is removed, so they
// are counted even if the process ends in between.
func (s *store) drop(seg *segment) {
	s.giveUp(seg, &s.counts.dropped)
	if seg.id == 0 {
		return
	}
	if s.active != nil && s.active.file != nil {
		// If this fails, so does the write that the room is for.
		_ = s.writeState(state{segment: seg.id, acked: seg.lines, lines: seg.lines})
	}
	s.litter = append(s.litter, FileInfo{segmentName(seg.id), seg.disk})
	s.sweep()
}
