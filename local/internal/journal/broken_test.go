package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A write that fails and cannot be undone ends all later writes: nobody knows what the file holds. The next Open keeps what was
// acknowledged.
func TestWriteThatCannotBeUndone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := Open(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	put := func(record string) error { return j.Append(time.UnixMilli(1), [][]byte{[]byte(record)}) }
	if err := put("one"); err != nil {
		t.Fatal(err)
	}
	s := j.segments[0]
	readOnly, err := os.Open(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.file.Close(); err != nil {
		t.Fatal(err)
	}
	s.file = readOnly
	for _, err := range []error{put("two"), put("three"), j.Commit(1, nil), j.MovesDone()} {
		if !errors.Is(err, ErrBroken) {
			t.Errorf("%v, want that the journal is broken", err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{put("four"), j.Commit(1, nil), j.MovesDone()} {
		if !errors.Is(err, errClosed) && !errors.Is(err, os.ErrClosed) {
			t.Errorf("%v, want that the journal is closed", err)
		}
	}
	if j, err = Open(dir, 1<<20); err != nil {
		t.Fatal(err)
	}
	entries, err := j.Read(1, 100)
	if err != nil || len(entries) != 1 || string(entries[0].Data) != "one" || j.Damage() != (Damage{}) {
		t.Errorf("%+v, %v, damage %+v", entries, err, j.Damage())
	}
	if err := errors.Join(put("two"), j.Close(), j.Close()); err != nil {
		t.Fatal(err)
	}
}

// The file of a new segment cannot be written. If the file can be removed, nothing of the write is left, and the journal is not broken. If the
// file cannot be removed, the journal is broken, because the next Open may find a part of the write in it.
func TestSegmentThatCannotBeBegun(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := Open(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	readOnly := func() *segment {
		s, err := createSegment(dir, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.file.Close(); err != nil {
			t.Fatal(err)
		}
		if s.file, err = os.Open(s.path); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := readOnly()
	if err := j.beginWith(s); err == nil || errors.Is(err, ErrBroken) {
		t.Errorf("%v, want that the write failed and was undone", err)
	}
	if _, err := os.Stat(s.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of the segment: %v, want that it is removed", err)
	}
	s = readOnly()
	s.path = dir // has a file, so it cannot be removed
	if err := j.beginWith(s); !errors.Is(err, ErrBroken) {
		t.Errorf("%v, want that the journal is broken", err)
	}
	if err := errors.Join(j.Append(time.UnixMilli(1), [][]byte{[]byte("one")}), j.Close()); err != nil {
		t.Error(err)
	}
}

// A file that cannot be read is not damage: Read, Get and Commit fail, and nothing counts as lost.
func TestFileThatCannotBeRead(t *testing.T) {
	j, err := Open(filepath.Join(t.TempDir(), "journal"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(time.UnixMilli(1), [][]byte{[]byte("one"), []byte("two")}); err != nil {
		t.Fatal(err)
	}
	if err := j.segments[0].file.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Read(1, 100); !errors.Is(err, os.ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if _, err := j.Get(1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("get: %v", err)
	}
	if err := j.Commit(1, nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	if s := j.State(); s.Delivered != 0 || s.Last != 2 {
		t.Errorf("state %+v", s)
	}
	if err := j.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("close: %v", err)
	}
}
