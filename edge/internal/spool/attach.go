package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// checkPause is the shortest time between two checks whether the directory still exists.
const checkPause = 10 * time.Second

// attach locks the directory and reads its files. It does nothing if it has succeeded before.
func (s *store) attach() error {
	if s.attached {
		return nil
	}
	if s.lock == nil {
		l, err := s.fs.Lock()
		if err != nil {
			return fmt.Errorf("lock the directory: %w", err)
		}
		s.lock = l
	}
	files, err := s.fs.List()
	if err != nil {
		return fmt.Errorf("list the spool: %w", err)
	}
	s.rejected.update(files)
	again := s.replaced
	s.attached, s.replaced = true, false // before files are removed, so that the directory is synced then
	if again {
		s.dropMissing(files)
	} else {
		s.takeAll(files)
	}
	return nil
}

// takeAll adds the segments in the directory to the queue, before those in memory.
func (s *store) takeAll(files []FileInfo) {
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	inMemory := s.segs
	s.segs = nil
	n := newNotes()
	s.notes = n
	surveys := map[*segment]survey{}
	for _, file := range files {
		s.take(file, n, surveys)
	}
	s.counts.lost += n.lost
	s.noted = n.lost
	for _, seg := range s.segs {
		if v, known := surveys[seg]; known {
			s.makeKnown(seg, v, n)
		}
	}
	if len(s.segs) > 0 && len(inMemory) == 0 {
		last := s.segs[len(s.segs)-1]
		if v, known := surveys[last]; known && n.lines[last.id] == 0 {
			s.resume(last, v)
		}
	}
	s.syncDir = true // the process before may not have synced it
	resumed := s.active != nil && !s.active.inMemory()
	s.atRisk = len(s.segs) > 0 && !resumed
	s.segs = append(s.segs, inMemory...)
	s.removeDone()
}

// take takes one file of the directory into account.
func (s *store) take(file FileInfo, n *notes, surveys map[*segment]survey) {
	name, corrupt := strings.CutSuffix(file.Name, corruptSuffix)
	id, ok := segmentID(name)
	if !ok {
		return
	}
	s.nextID = max(s.nextID, id+1)
	if corrupt {
		s.aside = append(s.aside, file)
		return
	}
	seg := &segment{id: id, disk: file.Size, readAt: headerBytes, unknown: true}
	v, err := s.survey(seg, n)
	switch {
	case errors.Is(err, errVersion):
		return
	case err != nil:
		seg.failing = true
		s.reading.Failed(err)
	default:
		surveys[seg] = v
	}
	s.segs = append(s.segs, seg)
}

// survey reads a segment that is not known yet. If reading fails, the segment stays unknown, and the next read tries again.
func (s *store) survey(seg *segment, n *notes) (survey, error) {
	info := FileInfo{segmentName(seg.id), seg.disk}
	v, err := surveySegment(s.fs, seg.id, info, func(e entry) error { n.add(e); return nil })
	if err != nil {
		return v, fmt.Errorf("read %s: %w; its samples wait until it can be read", info.Name, err)
	}
	if errors.Is(v.header, errVersion) {
		s.log.Warn("a segment of another format version is neither read nor removed", slog.String("file", info.Name), slog.String("reason", v.header.Error()))
		return v, v.header
	}
	return v, nil
}

// makeKnown sets a segment's numbers from its file and the notes.
func (s *store) makeKnown(seg *segment, v survey, n *notes) {
	seg.unknown, seg.failing = false, false
	seg.size, seg.lines = v.good, n.lineCount(seg.id, v)
	seg.acked = min(n.acked[seg.id], seg.lines)
	if seg.acked == 0 && seg.lines >= v.lines {
		seg.unreadable = max(0, seg.lines-v.whole)
	} else if err := seg.count(s.fs); err != nil {
		seg.failing = true // the next read counts the lines
		s.reading.Failed(fmt.Errorf("read segment %d: %w", seg.id, err))
	}
	seg.damaged = seg.unreadable > 0 || v.header != nil && v.places > 0
	if seg.unreadable > 0 || v.places > 0 || v.header != nil && seg.disk >= headerBytes {
		s.log.Warn("a segment is damaged; what can be read of it is used",
			slog.String("file", segmentName(seg.id)), slog.Int("samples_lost", seg.unreadable), slog.Int("places", v.places),
			slog.Bool("header_damaged", v.header != nil))
	}
}

// learn reads a segment that could not be read at the start.
func (s *store) learn(seg *segment) error {
	n := s.notes
	lost := n.lost
	v, err := s.survey(seg, n)
	n.lost = max(lost, n.lost)
	s.counts.lost += n.lost - lost
	if errors.Is(err, errVersion) {
		s.detach(seg)
		return nil
	}
	if err != nil {
		return err
	}
	for _, other := range s.segs {
		if other.unknown || other == s.active || other.inMemory() {
			continue
		}
		// When the others were read, the states in this segment were not known yet.
		lines, acked := max(other.lines, n.lines[other.id]), max(other.acked, n.acked[other.id])
		if lines > other.lines || acked > other.acked {
			other.lines, other.acked = lines, min(acked, lines)
			if err := other.count(s.fs); err != nil {
				other.failing = true
			}
			other.damaged = other.damaged || other.unreadable > 0
		}
	}
	s.makeKnown(seg, v, n)
	return nil
}

// resume makes the newest segment the active one if its file can be written, so that a start need not begin another file.
func (s *store) resume(seg *segment, v survey) {
	if v.header != nil || seg.failing {
		return
	}
	file, err := s.fs.Open(segmentName(seg.id), ReadWrite)
	if err != nil {
		return
	}
	if seg.size < seg.disk {
		if err := file.Truncate(seg.size); err != nil {
			file.Close()
			return
		}
	}
	seg.file, seg.disk = file, seg.size
	seg.dirty = true // the process before may not have synced it
	s.active = seg
	if v.places > 0 {
		// If the end was damaged, it is cut off now, and its lines must still count. So write an entry: its head says how many lines are
		// before it.
		if s.writeState(state{segment: seg.id, acked: seg.acked}, 0) != nil {
			s.active, seg.file = nil, nil
			file.Close()
		}
	}
}

// checkDirectory checks whether the directory still exists, unless the last check was less than checkPause ago. Each append calls it.
func (s *store) checkDirectory() {
	if now := time.Now(); s.attached && !now.Before(s.checkAt) {
		s.checkAt = now.Add(checkPause)
		s.leave()
	}
}

// leave gives up the directory if somebody removed or replaced it or its lock, and reports whether that is so. The file of the active
// segment is still open, so its lines can be read: leave moves those that wait to memory, and restore writes them to the new directory.
func (s *store) leave() bool {
	if s.lock == nil || s.lock.Held() {
		return false
	}
	s.log.Warn("the spool's directory or its lock was removed or replaced; what is missing is made again")
	if seg := s.active; seg != nil && seg.file != nil {
		if mem, err := seg.appendWaiting(make([]byte, headerBytes), 0, s.fs); err == nil {
			s.vacated = append(s.vacated, FileInfo{segmentName(seg.id), seg.disk}) // if only the lock was removed, the file still exists
			seg.file.Close()
			seg.id, seg.file, seg.mem, seg.disk = 0, nil, mem, 0
			seg.size, seg.readAt = int64(len(mem)), headerBytes
		}
		s.seal()
	}
	s.lock.Close()
	s.replaced = s.replaced || s.attached // if the files were never read, attach still has to take all
	s.lock, s.attached, s.retryAt, s.atRisk = nil, false, time.Time{}, true
	return true
}

// dropMissing gives up the segments whose files do not exist any more. If a file has grown, another process used the directory meanwhile and
// appended lines of its own. This process does not remove that file. The next start delivers its lines.
func (s *store) dropMissing(files []FileInfo) {
	sizes := map[string]int64{}
	for _, f := range files {
		sizes[f.Name] = f.Size
		if id, ok := segmentID(strings.TrimSuffix(f.Name, corruptSuffix)); ok {
			s.nextID = max(s.nextID, id+1) // the other process may have made segments
		}
	}
	notOurs := func(f FileInfo) bool {
		size, exists := sizes[f.Name]
		return !exists || size > f.Size
	}
	s.aside = slices.DeleteFunc(s.aside, notOurs)
	s.litter = slices.DeleteFunc(s.litter, notOurs)
	s.vacated = slices.DeleteFunc(s.vacated, notOurs)
	for _, seg := range slices.Clone(s.segs) {
		name := segmentName(seg.id)
		size, exists := sizes[name]
		switch {
		case seg.inMemory():
		case !exists:
			s.vanish(seg)
		case size > seg.disk:
			s.log.Warn("another process wrote to a segment; the next start delivers its samples", slog.String("file", name))
			s.detach(seg)
		}
	}
}

// vanish gives up a segment whose file somebody removed.
func (s *store) vanish(seg *segment) {
	if seg.unknown {
		seg.lines = s.notes.lines[seg.id]
		seg.acked = min(s.notes.acked[seg.id], seg.lines)
	}
	s.log.Warn("somebody removed a segment",
		slog.String("file", segmentName(seg.id)), slog.Int("samples_lost", seg.waiting()))
	s.counts.lost += int64(seg.waiting() + seg.unreadable)
	s.giveUp(seg, &s.counts.damaged)
}
