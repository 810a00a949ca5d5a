package spool

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// FuzzScanner: whatever a file holds, reading ends, and what is found is what an entry at its place would be.
func FuzzScanner(f *testing.F) {
	good := appendHeader(nil, 1, time.UnixMilli(0))
	good = appendEntry(good, 0, kindLine, []byte(`{"ts":1}`))
	good = appendPair(good, 0, kindAck, 1, uint64(len(good)))
	good = appendEntry(good, 0, kindLine, []byte(`{"ts":2}`))
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(bytes.Clone(good), good...))
	f.Add(append(bytes.Clone(good), 0xfe, 0xed, 1, 0, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = checkHeader(data, 1)
		s := newScanner(bytes.NewReader(data), min(headerBytes, int64(len(data))), int64(len(data)))
		end := int64(0)
		for {
			e, err := s.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			start := e.to - int64(len(e.payload)) - entryBytes
			again := appendEntry(nil, start, e.kind, e.payload)
			if e.from < end || start < e.from || e.to > int64(len(data)) || !bytes.Equal(again[4:], data[start+4:e.to]) &&
				data[start+3] == 0 {
				t.Fatalf("entry at %d..%d of %d bytes", start, e.to, len(data))
			}
			end = e.to
		}
	})
}
