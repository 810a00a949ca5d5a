package spool

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
)

// scanBytes is how much a scanner reads at once.
const scanBytes = 32 << 10

// entry is one good entry of a segment. Its payload is valid until the next one is read.
type entry struct {
	kind    byte
	line    int // how many lines of the segment are before it
	payload []byte
	end     int64 // offset of what follows it
}

// scanner reads the good entries of a segment and skips damaged bytes.
type scanner struct {
	src  io.ReaderAt
	size int64
	// good is where the last entry with a good head ends. If that entry is not whole, it is where the entry begins. After io.EOF, the
	// bytes from there on are the tail.
	good   int64
	lines  int // lines of the segment, according to the heads
	places int // damaged runs of bytes
	// unfinished says that the tail begins with a good head but does not have its whole payload.
	unfinished bool

	off   int64
	buf   []byte
	start int64 // offset of buf
}

func newScanner(src io.ReaderAt, from, size int64) *scanner {
	return &scanner{src: src, size: size, good: from, off: from}
}

// next returns the next good entry, or io.EOF. Any other error comes from the source and does not mean damage.
func (s *scanner) next() (entry, error) {
	for {
		b, err := s.window(headBytes)
		if err != nil {
			return entry{}, err
		}
		h, ok := parseHead(b, s.off)
		if !ok {
			s.skip()
			continue
		}
		if s.off > s.good {
			s.places++
		}
		s.good = s.off
		s.lines = max(s.lines, h.line)
		b, err = s.window(headBytes + h.size)
		if errors.Is(err, io.EOF) {
			s.unfinished = true
		}
		if err != nil {
			return entry{}, err
		}
		s.lines = max(s.lines, h.lines())
		s.off += int64(len(b))
		s.good = s.off
		payload := b[headBytes:]
		if crc32.Checksum(payload, castagnoli) != h.sum {
			s.places++
			continue
		}
		return entry{h.kind, h.line, payload, s.off}, nil
	}
}

// endTail is called after io.EOF. It decides whether the tail is damage, or an entry that was being written when the process or the machine
// stopped. It counts damage as one more line, unless the tail is as long as a state.
func (s *scanner) endTail() error {
	rest := s.size - s.good
	if s.unfinished || rest < headBytes {
		return nil
	}
	// If the power failed, the file system may have made the file longer without writing the content: then the tail is zeros.
	zeros := true
	for s.off = s.good; s.off < s.size && zeros; {
		b, err := s.window(int(min(scanBytes, s.size-s.off)))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		zeros = len(bytes.Trim(b, "\x00")) == 0
		s.off += int64(len(b))
	}
	if zeros {
		return nil
	}
	s.places++
	if rest != stateBytes {
		s.lines++
	}
	return nil
}

// skip moves on to the next byte that may begin a marker.
func (s *scanner) skip() {
	rest := s.buf[s.off+1-s.start:]
	if i := bytes.IndexByte(rest, marker[0]); i >= 0 {
		s.off += int64(i) + 1
		return
	}
	s.off += int64(len(rest)) + 1
}

// window returns the n bytes at the offset, or io.EOF if the segment ends before.
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
		if err != nil && !errors.Is(err, io.EOF) && read < n {
			return nil, err
		}
		if int64(read) < want && (err == nil || errors.Is(err, io.EOF)) {
			s.size = s.off + int64(read) // the file was cut after its size was read
		}
		if read < n {
			return nil, io.EOF
		}
	}
	i := s.off - s.start
	return s.buf[i : i+int64(n)], nil
}
