package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// segment holds a part of the queue's lines, numbered from 0. It is a file, or, while the disk fails, memory with the layout of a file.
type segment struct {
	id   uint64 // 0 while in memory
	file File   // open while it is the active segment, else nil
	mem  []byte
	size int64 // end of the last entry; the file may be longer if a write failed
	disk int64 // size of the file

	// unknown says that the file could not be read yet. Then lines, acked and unreadable are not known either.
	unknown bool
	lines   int
	acked   int // how many of the first lines are done: delivered or given up
	// unreadable is how many of the lines from acked on are known to be damaged. Stats counts them as damaged.
	unreadable int
	readAt     int64 // an offset at or before the line with the number acked

	backlog bool
	dirty   bool // written to since the last sync
	broken  bool // nothing can be written to it any more: a write failed and left a part of an entry, or a sync failed
	damaged bool // set the file aside once its lines are done
	failing bool // the last attempt to read it failed
	// lostAs is the count to which giveUp added the lines that waited, or nil if the segment was not given up. A batch may still
	// have these lines.
	lostAs *int64
}

// waiting is how many lines can still be delivered.
func (s *segment) waiting() int { return s.lines - s.acked - s.unreadable }

func (s *segment) inMemory() bool { return s.mem != nil }

func newMemorySegment() *segment {
	return &segment{mem: make([]byte, headerBytes), size: headerBytes, readAt: headerBytes}
}

// appendWaiting appends the lines that wait to dst, as entries of another file. The first byte of dst is at offset base of that file.
func (s *segment) appendWaiting(dst []byte, base int64, fs FS) ([]byte, error) {
	err := s.read(fs, func(e entry) bool {
		dst = appendEntry(dst, base, e.kind, e.line, e.payload)
		return true
	})
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return dst, nil
}

// moveTo gives a segment in memory the file of another segment. Its lines were written to that file, beginning at offset.
func (s *segment) moveTo(other *segment, offset int64) {
	s.id, s.file, s.mem = other.id, other.file, nil
	s.size, s.disk, s.readAt, s.dirty = other.size, other.disk, offset, true
}

// open returns a reader of the segment, and what to close after reading.
func (s *segment) open(fs FS) (io.ReaderAt, io.Closer, error) {
	switch {
	case s.inMemory():
		return bytes.NewReader(s.mem), io.NopCloser(nil), nil
	case s.file != nil:
		return s.file, io.NopCloser(nil), nil
	}
	f, err := fs.Open(segmentName(s.id), ReadOnly)
	if err != nil {
		return nil, nil, err
	}
	return f, f, nil
}

// read calls the function each with every line that waits, in order, until the function returns false. It returns io.EOF at the end of the
// segment. Any other error comes from the file system and does not mean that the content is damaged.
func (s *segment) read(fs FS, each func(entry) bool) error {
	src, closer, err := s.open(fs)
	if err != nil {
		return err
	}
	defer closer.Close()
	for scan := newScanner(src, s.readAt, s.size); ; {
		e, err := scan.next()
		if err != nil {
			return err
		}
		if e.kind != kindLine || e.line < s.acked || e.line >= s.lines {
			continue
		}
		if !each(e) {
			return nil
		}
	}
}

// count sets unreadable by reading all lines that wait.
func (s *segment) count(fs FS) error {
	if s.acked == s.lines {
		s.unreadable, s.readAt = 0, s.size
		return nil
	}
	readable := 0
	err := s.read(fs, func(entry) bool { readable++; return true })
	if !errors.Is(err, io.EOF) {
		return err
	}
	s.unreadable = max(0, s.lines-s.acked-readable)
	return nil
}

// write appends whole entries to the segment's file.
func (s *segment) write(b []byte) error {
	if s.broken {
		return fmt.Errorf("write segment %d: an earlier write or sync failed", s.id)
	}
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		// The file may have a part of the entry. Unless it can be cut off, the segment ends here.
		s.broken, s.disk = true, s.size+int64(len(b))
		if s.file.Truncate(s.size) == nil {
			s.broken, s.disk = false, s.size
		}
		return fmt.Errorf("write segment %d: %w", s.id, err)
	}
	s.size += int64(len(b))
	s.disk = max(s.disk, s.size)
	s.dirty = true
	return nil
}
