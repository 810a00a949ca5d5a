package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// segment is a run of lines: a file, or while the disk fails a piece of memory that is laid out as one. Its lines are
// numbered from 0.
type segment struct {
	id   uint64 // 0 while in memory
	file File   // open while lines are appended, else nil
	mem  []byte
	size int64 // end of the last entry; the file may be longer if a write failed
	disk int64 // size of the file

	// unknown says that the file system has not let the file be read yet. Then the rest is not known either.
	unknown bool
	lines   int
	acked   int // how many lines, from the first on, nobody waits for any more
	// unreadable is how many of the lines from acked on are known to be damaged. They count as damaged.
	unreadable int
	readAt     int64 // where the line with the number acked is found, or after this offset

	backlog bool
	dirty   bool // written to since the last sync
	broken  bool // a write failed and left a part of an entry
	damaged bool // the file is kept aside when nobody waits for its lines any more
	failing bool // the last attempt to read it failed
	// lostAs is where the lines that waited were counted when the segment was given up, else nil. A batch may still refer
	// to it.
	lostAs *int64
}

// waiting is how many lines can still be delivered.
func (s *segment) waiting() int { return s.lines - s.acked - s.unreadable }

func (s *segment) inMemory() bool { return s.mem != nil }

func newMemorySegment() *segment {
	return &segment{mem: make([]byte, headerBytes), size: headerBytes, readAt: headerBytes}
}

// open returns where to read the segment, and what to close afterwards.
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

// read calls each with the lines that wait, in order, until it returns false. It returns io.EOF once it has read all there
// is; any other error is the file system's and says nothing about the content.
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

// write appends an entry to the segment's file.
func (s *segment) write(b []byte) error {
	if s.broken {
		return fmt.Errorf("write segment %d: an earlier write failed", s.id)
	}
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		// A part of it may be there. Nothing may follow it.
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
