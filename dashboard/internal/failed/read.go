package failed

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxLine is how long a line may be. The base64 of the largest record has 1.4 MB.
const maxLine = 8 << 20

// Reader reads the entries of an object, one after the other. It keeps one line in memory.
//
// Firehose writes one document a line. Documents that follow each other on a line are read, too. A broken document costs only the rest
// of its line. The number of an entry depends on the content alone, so that each run gives the same numbers.
type Reader struct {
	source *source
	lines  *bufio.Reader
	buffer []byte // of the current line
	line   []byte // what is left of it
	next   int
	ended  bool
	cut    bool // compressed content ended too early
}

// source is the content as the storage gives it. It remembers errors of the storage: they are not the content's.
type source struct {
	io.ReadCloser
	ctx  context.Context
	key  string
	left int64
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.ReadCloser.Read(p)
	s.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && s.left > 0:
		s.err = fmt.Errorf("read %s: the storage sent %d bytes too few; try again", s.key, s.left)
	case err != nil && !errors.Is(err, io.EOF):
		s.err = fmt.Errorf("read %s: %w", s.key, err)
	}
	return n, err
}

// Open opens the entries of an object.
func Open(ctx context.Context, storage Storage, o Object) (*Reader, error) {
	content, err := storage.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &source{ReadCloser: content, ctx: ctx, key: o.Key, left: o.Size}
	lines := bufio.NewReaderSize(s, 64<<10)
	r := &Reader{source: s, lines: lines}
	if magic, _ := lines.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // the stream compresses its objects
		expanded, err := gzip.NewReader(lines)
		switch {
		case s.err != nil:
			return nil, errors.Join(s.err, content.Close())
		case err != nil: // cut in its header
			r.ended, r.cut = true, true
		default:
			r.lines = bufio.NewReaderSize(expanded, 64<<10)
		}
	}
	return r, nil
}

// Close closes the content.
func (r *Reader) Close() error { return r.source.Close() }

// Next returns the next entry, and [io.EOF] at the end. Any other error is one of the storage.
func (r *Reader) Next() (Entry, error) {
	for len(bytes.TrimSpace(r.line)) == 0 {
		if r.ended {
			if r.cut {
				r.cut = false
				return r.entry(Entry{Problem: errors.New("the compressed content is cut off or broken")}), nil
			}
			return Entry{}, io.EOF
		}
		long, err := r.readLine()
		if err != nil {
			return Entry{}, err
		}
		if long {
			return r.entry(Entry{Problem: errLong}), nil
		}
	}
	if e := parse(r.line); e.Problem == nil || json.Valid(r.line) { // one document, the usual case
		r.line = r.line[:0]
		return r.entry(e), nil
	}
	var text json.RawMessage
	d := json.NewDecoder(bytes.NewReader(r.line))
	if err := d.Decode(&text); err != nil {
		e := parse(r.line)
		r.line = r.line[:0]
		return r.entry(e), nil
	}
	r.line = r.line[d.InputOffset():]
	return r.entry(parse(text)), nil
}

func (r *Reader) entry(e Entry) Entry {
	e.Index = r.next
	r.next++
	return e
}

// readLine reads the next line. It skips a line that is too long, and says so.
func (r *Reader) readLine() (long bool, err error) {
	r.buffer, r.line = r.buffer[:0], nil
	for {
		part, err := r.lines.ReadSlice('\n')
		if long = long || len(r.buffer)+len(part) > maxLine; !long {
			r.buffer = append(r.buffer, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case r.source.err != nil:
			return false, r.source.err
		case err != nil && !errors.Is(err, io.EOF): // of the decompression
			r.ended, r.cut = true, true
			return false, nil
		}
		r.ended = err != nil
		if !long {
			r.line = r.buffer
		}
		return long, nil
	}
}
