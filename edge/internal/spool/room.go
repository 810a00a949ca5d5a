package spool

// diskBytes is the size of the files.
func (q *Queue) diskBytes() int64 {
	sum := q.rejected.bytes()
	for _, seg := range q.segs {
		sum += seg.disk
	}
	for _, f := range q.aside {
		sum += f.Size
	}
	for _, f := range q.litter {
		sum += f.Size
	}
	return sum
}

// makeRoom lets segments go until so many bytes more are within the bound: what was set aside first, then the oldest.
func (q *Queue) makeRoom(need int64) {
	// What a drop itself writes, and what the file of rejected lines may still grow by.
	need += pairBytes + q.rejected.reserve(q.options.MaxBytes)
	for q.diskBytes()+need > q.options.MaxBytes {
		if len(q.aside) > 0 {
			q.litter = append(q.litter, q.aside[0])
			q.aside = q.aside[1:]
			n := len(q.litter)
			if q.sweep(); len(q.litter) == n {
				return
			}
			continue
		}
		oldest := q.oldestFile()
		if oldest == nil {
			return
		}
		n := len(q.litter)
		q.drop(oldest)
		if len(q.litter) > n {
			return // it cannot be removed; the next write shows what is wrong
		}
	}
}

// oldestFile returns the oldest segment that is a file and not the active one.
func (q *Queue) oldestFile() *segment {
	for _, seg := range q.segs {
		if seg != q.active && !seg.inMemory() {
			return seg
		}
	}
	return nil
}

// drop lets a segment go with the lines that wait in it, and notes their number before the file goes, so that they are
// counted even where the process ends in between.
func (q *Queue) drop(seg *segment) {
	lines := int64(seg.waiting())
	q.counts.dropped += lines
	q.counts.total += lines
	if lines > 0 && seg.id != 0 && q.active != nil && q.active.file != nil {
		// Where this fails, so will the write that room is being made for.
		_ = q.write(0, func(dst []byte, base int64) []byte {
			return appendPair(dst, base, kindDrop, seg.id, uint64(q.counts.total))
		})
	}
	q.remove(seg)
}
