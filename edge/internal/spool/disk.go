package spool

import (
	"errors"
	"fmt"
	"time"
)

// retryAfter is the pause before a failed disk is tried again.
const retryAfter = 10 * time.Second

var (
	errWaiting = errors.New("the disk has failed; the spool tries it again with the next sample after 10 s")
	errFull    = errors.New("the spool is full, and no file in it can be removed")
)

// trouble reports an error after which the disk is still used. Recovery is reported after a minute without errors: a disk that is nearly
// full works now and then.
func (s *store) trouble(err error) {
	s.writing.Failed(err)
	s.okAt = time.Now().Add(time.Minute)
}

// fail stops the use of the disk for retryAfter. If the directory was removed, the next use makes a new one at once.
func (s *store) fail(err error) {
	if s.leave() {
		return
	}
	s.retryAt, s.okAt = time.Now().Add(retryAfter), time.Time{}
	s.writing.Failed(fmt.Errorf("%w; samples wait in memory, up to %d kB", err, memoryBytes>>10))
	if s.active != nil && !s.active.inMemory() {
		s.seal()
	}
}

// writable returns nil if the disk can be written. After a failure it tries the disk again once retryAfter is over, and writes the
// segments in memory to it.
func (s *store) writable() error {
	if s.attached && s.retryAt.IsZero() {
		return nil
	}
	if time.Now().Before(s.retryAt) {
		return errWaiting
	}
	err := s.attach()
	if err == nil {
		err = s.restore()
	}
	if err != nil {
		s.fail(err)
		return err
	}
	s.retryAt, s.okAt = time.Time{}, time.Now().Add(time.Minute)
	return nil
}

// prepare makes sure that the active segment is on disk and has room for an entry of need bytes.
func (s *store) prepare(need int64) error {
	if a := s.active; a != nil && a.lines > 0 && a.size+need > s.segmentBytes {
		s.seal()
	}
	if s.active == nil {
		return s.begin(need)
	}
	return s.makeRoom(need)
}

// beginBytes is the size of the next segment before its first line.
func (s *store) beginBytes() int64 {
	size := int64(headerBytes + stateBytes)
	for _, seg := range s.segs {
		if !seg.inMemory() {
			size += stateBytes
		}
	}
	return size
}

// begin makes a segment with room for an entry of need bytes. It writes the states of all older segments into it: how many lines each
// has, and how many of them are acknowledged. So the newest segment knows these numbers, whatever happens to the older files.
//
// It drops no segment to make room for the new file. A drop must first be written into the active segment, and there is no active segment
// yet. An earlier makeRoom has kept the room.
func (s *store) begin(need int64) error {
	s.sweep()
	if len(s.litter) > 0 && s.diskBytes()+s.beginBytes() > s.maxBytes {
		return errFull
	}
	id := s.nextID
	s.buf = appendHeader(s.buf[:0], id, time.Now())
	s.buf = appendState(s.buf, 0, 0, state{lost: s.counts.lost})
	for _, seg := range s.segs {
		switch {
		case seg.inMemory():
		case seg.unknown: // copy its state: the segments that have it may be removed before this one can be read
			s.buf = appendState(s.buf, 0, 0, state{
				segment: seg.id, acked: s.notes.acked[seg.id], lines: s.notes.lines[seg.id], lost: s.counts.lost,
			})
		default:
			s.buf = appendState(s.buf, 0, 0, state{segment: seg.id, acked: seg.acked, lines: seg.lines, lost: s.counts.lost})
		}
	}
	file, err := s.create(id, s.buf)
	if err != nil {
		return err
	}
	size := int64(len(s.buf))
	s.noted = s.counts.lost
	s.active = &segment{id: id, file: file, size: size, disk: size, readAt: headerBytes, dirty: !s.atRisk}
	s.atRisk = false
	s.segs = append(s.segs, s.active)
	s.removeDone()
	return s.makeRoom(need)
}

// create makes the file of a segment. If states are at risk, it syncs the file and the directory. This process does not use the id again,
// even if create fails.
func (s *store) create(id uint64, content []byte) (File, error) {
	s.nextID = id + 1
	name := segmentName(id)
	s.syncDir = true
	file, err := s.fs.Open(name, CreateNew)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	if _, err = file.WriteAt(content, 0); err == nil && s.atRisk && !s.syncNever {
		if err = file.Sync(); err == nil {
			err = s.syncDirectory()
		}
	}
	if err != nil {
		file.Close()
		if e := s.fs.Remove(name); e != nil {
			s.litter = append(s.litter, FileInfo{name, int64(len(content))})
		}
		return nil, fmt.Errorf("begin segment: %w", err)
	}
	return file, nil
}

// writeLine appends a line to the active segment.
func (s *store) writeLine(line []byte) error {
	seg := s.active
	s.buf = appendEntry(s.buf[:0], seg.size, kindLine, seg.lines, line)
	if err := seg.write(s.buf); err != nil {
		return err
	}
	seg.lines++
	if s.syncEach {
		if err := s.syncActive(); err != nil {
			s.fail(err) // the line is written but not synced
			return nil
		}
	}
	if !s.okAt.IsZero() && time.Now().After(s.okAt) {
		s.okAt = time.Time{}
		if s.sweep(); len(s.litter) == 0 { // a file that cannot be removed is tried again after another minute
			s.writing.OK()
		}
	}
	return nil
}

// writeState appends a state to the active segment, and adds lost to the count of lost lines. It does not sync: if a power loss takes
// the state of acknowledged lines, they arrive twice. Before a file is removed, syncStates makes the states durable.
func (s *store) writeState(st state, lost int) error {
	seg := s.active
	st.lost = s.counts.lost + int64(lost)
	if st.segment == seg.id {
		st.lines = 0 // lines are still appended to it
	}
	s.buf = appendState(s.buf[:0], seg.size, seg.lines, st)
	if err := seg.write(s.buf); err != nil {
		return err
	}
	s.counts.lost, s.noted = st.lost, st.lost
	return nil
}

// seal ends the active segment.
func (s *store) seal() {
	seg := s.active
	if seg == nil {
		return
	}
	s.active = nil
	if seg.file != nil {
		if seg.dirty && !s.syncNever {
			if err := s.syncFile(seg); err != nil {
				s.trouble(err)
			}
		}
		seg.file.Close()
		seg.file = nil
	}
	s.removeDone()
}

// syncActive syncs the active segment and the directory.
func (s *store) syncActive() error {
	if err := s.syncFile(s.active); err != nil {
		return err
	}
	return s.syncDirectory()
}

// syncStates syncs the active segment and the directory before a file is removed or set aside. The newest segment says how many samples are
// lost. Without the sync, a power loss could take that number and not bring the file back. If no segment is active, seal synced the
// newest one when it ended, but its name may not be durable yet.
func (s *store) syncStates() error {
	if s.syncNever {
		return nil
	}
	if a := s.active; a != nil && a.file != nil && a.dirty {
		return s.syncActive()
	}
	return s.syncDirectory()
}

// syncFile syncs a segment. If that fails, the segment ends with the next write: another sync could succeed although bytes are lost.
func (s *store) syncFile(seg *segment) error {
	if err := seg.file.Sync(); err != nil {
		seg.broken, s.atRisk = true, true
		return fmt.Errorf("sync segment %d: %w", seg.id, err)
	}
	seg.dirty = false
	return nil
}

// syncDirectory syncs the directory if files may have been created or removed since it was last synced.
func (s *store) syncDirectory() error {
	if !s.syncDir || !s.attached {
		return nil
	}
	if err := s.fs.Sync(); err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	s.syncDir = false
	return nil
}
