package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// scanBytes is how much a scanner reads at once.
const scanBytes = 32 << 10

// entry is one entry of a segment. Its payload is valid until the next one is read.
type entry struct {
	kind     byte
	payload  []byte
	from, to int64 // its place; from is where the entry before it ended, with what is damaged in between
}

// pair returns the two numbers of an entry that has them.
func (e entry) pair() (a, b uint64) {
	if len(e.payload) != 16 {
		return 0, 0
	}
	return binary.LittleEndian.Uint64(e.payload), binary.LittleEndian.Uint64(e.payload[8:])
}

// scanner reads the entries of a segment, passing over what is damaged.
type scanner struct {
	src  io.ReaderAt
	size int64
	good int64 // where the last good entry ended
	// damaged counts the runs of bytes between good entries that are none.
	damaged int

	off   int64
	buf   []byte
	start int64 // place of buf
}

func newScanner(src io.ReaderAt, from, size int64) *scanner {
	return &scanner{src: src, size: size, good: from, off: from}
}

// next returns the next good entry, or io.EOF. After io.EOF, what is between good and size is a torn tail.
func (s *scanner) next() (entry, error) {
	for {
		b, err := s.window(entryBytes)
		if err != nil {
			return entry{}, err
		}
		if payload, ok, err := s.payload(b); err != nil {
			return entry{}, err
		} else if ok {
			e := entry{kind: s.buf[s.off-s.start+2], payload: payload, from: s.good}
			if s.off > s.good {
				s.damaged++
			}
			s.off += int64(entryBytes + len(payload))
			s.good, e.to = s.off, s.off
			return e, nil
		}
		s.skip()
	}
}

// payload returns the payload of the entry that begins at the offset, if there is a good one. b is its head.
func (s *scanner) payload(b []byte) ([]byte, bool, error) {
	n := int64(binary.LittleEndian.Uint32(b[4:]))
	if [2]byte(b) != marker || n > MaxLine || s.off+entryBytes+n > s.size {
		return nil, false, nil
	}
	b, err := s.window(entryBytes + int(n))
	if errors.Is(err, io.EOF) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	payload := b[entryBytes:]
	return payload, entrySum(b[2:8], payload, s.off) == binary.LittleEndian.Uint32(b[8:]), nil
}

// skip moves on to what may be the next marker.
func (s *scanner) skip() {
	rest := s.buf[s.off+1-s.start:]
	if i := bytes.IndexByte(rest, marker[0]); i >= 0 {
		s.off += int64(i) + 1
		return
	}
	s.off += int64(len(rest)) + 1
}

// window returns the n bytes at the offset, or io.EOF where the segment ends before.
func (s *scanner) window(n int) ([]byte, error) {
	if s.off+int64(n) > s.size {
		return nil, io.EOF
	}
	if s.off < s.start || s.off+int64(n) > s.start+int64(len(s.buf)) {
		want := min(int64(max(n, scanBytes)), s.size-s.off)
		if int64(cap(s.buf)) < want {
			s.buf = make([]byte, want)
		}
		s.buf, s.start = s.buf[:want], s.off
		read, err := s.src.ReadAt(s.buf, s.off)
		s.buf = s.buf[:read]
		if read < n {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.EOF // shorter than it was when it was opened
			}
			return nil, err
		}
	}
	i := s.off - s.start
	return s.buf[i : i+int64(n)], nil
}
