package spool

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// FuzzScanner: whatever a file contains, reading ends, and each entry that is found has the length, line number and checksum that
// appendEntry would write there.
func FuzzScanner(f *testing.F) {
	good := appendHeader(nil, 1, time.UnixMilli(0))
	good = appendEntry(good, 0, kindLine, 0, []byte(`{"ts":1}`))
	good = appendState(good, 0, 1, state{segment: 1, acked: 1})
	good = appendEntry(good, 0, kindLine, 1, []byte(`{"ts":2}`))
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(bytes.Clone(good), good...))
	f.Add(append(bytes.Clone(good), 0xfe, 0xed, 1, 0, 0xff, 0xff, 0xff, 0xff))
	f.Add(append(bytes.Clone(good), make([]byte, 100)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = checkHeader(data, 1)
		_, _ = headerFields(data)
		s := newScanner(bytes.NewReader(data), min(headerBytes, int64(len(data))), int64(len(data)))
		last := int64(0)
		for {
			e, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			start := e.end - int64(len(e.payload)) - headBytes
			again := appendEntry(nil, start, e.kind, e.line, e.payload)
			if start < last || e.end > int64(len(data)) || !bytes.Equal(again[4:16], data[start+4:start+16]) {
				t.Fatalf("entry at %d..%d of %d bytes", start, e.end, len(data))
			}
			last = e.end
			_, _ = parseState(e.payload)
		}
		lines := s.lines
		if err := s.endTail(); err != nil || s.lines < lines || s.lines > lines+1 || s.good > int64(len(data)) {
			t.Fatalf("%d lines, after the tail %d; the tail begins at %d of %d: %v", lines, s.lines, s.good, len(data), err)
		}
	})
}
