package spool

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
	return sum
}

// makeRoom removes files until need more bytes fit within the size limit: first the files that were set aside, then the oldest
// segments. It never removes a segment that could not be read yet. It keeps room for the begin of one more segment, so that the
// next process can begin one and write drops down in it before it removes a file.
func (s *store) makeRoom(need int64) error {
	if s.active != nil {
		need += s.beginBytes() + stateBytes
	}
	// A drop writes a state itself, and the files of rejected lines may still grow.
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

// drop gives a segment up with the lines that wait in it. It writes their number down before it removes the file, so that they count
// even if the process ends in between.
func (s *store) drop(seg *segment) {
	s.giveUp(seg, &s.counts.dropped)
	if seg.id == 0 {
		return
	}
	if s.active != nil && s.active.file != nil {
		// If this fails, the write that needs the room fails too and reports the error.
		_ = s.writeState(state{segment: seg.id, acked: seg.lines, lines: seg.lines})
	}
	s.litter = append(s.litter, FileInfo{segmentName(seg.id), seg.disk})
	s.sweep()
}
