package spool_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// three returns a spool of three segments with the lines a0..a3, b0..b3 and c0..c3.
func three(t *testing.T) *spooltest.FS {
	t.Helper()
	fs := spooltest.New()
	q := open(t, fs)
	for _, s := range []string{"a", "b", "c"} {
		put(t, q, s+"0", s+"1", s+"2", s+"3")
		if s != "c" {
			q.Split()
		}
	}
	return fs.Killed()
}

func name(id int) string { return fmt.Sprintf("%020d.seg", id) }

// TestDamage: lines without damage are read, and damaged lines are counted.
func TestDamage(t *testing.T) {
	const everything = "[a0 a1 a2 a3 b0 b1 b2 b3 c0 c1 c2 c3]"
	at := func(data []byte, text string) int { return bytes.Index(data, []byte(text)) }
	for title, c := range map[string]struct {
		file    int
		change  func(data []byte) []byte
		want    string
		damaged int64
		aside   int64 // segments set aside after one more line was appended
	}{
		"none": {1, func(d []byte) []byte { return d }, everything, 0, 0},
		"a bit of a line": {
			2, func(d []byte) []byte { d[at(d, "b1")] ^= 4; return d },
			"[a0 a1 a2 a3 b0 b2 b3 c0 c1 c2 c3]", 1, 0,
		},
		"a length too large": {
			2, func(d []byte) []byte { d[at(d, "b1")-14] = 0xff; return d },
			"[a0 a1 a2 a3 b0 b2 b3 c0 c1 c2 c3]", 1, 0,
		},
		"a length beyond the end": {
			2, func(d []byte) []byte { d[at(d, "b1")-15] = 1; return d },
			"[a0 a1 a2 a3 b0 b2 b3 c0 c1 c2 c3]", 1, 0,
		},
		"two lines apart": {
			2, func(d []byte) []byte { d[at(d, "b0")] ^= 1; d[at(d, "b2")] ^= 1; return d },
			"[a0 a1 a2 a3 b1 b3 c0 c1 c2 c3]", 2, 0,
		},
		"three lines in one place": {
			2, func(d []byte) []byte { clear(d[at(d, "b0")-20 : at(d, "b2")+2]); return d },
			"[a0 a1 a2 a3 b3 c0 c1 c2 c3]", 3, 0,
		},
		"the last line of a complete segment": {
			2, func(d []byte) []byte { d[at(d, "b3")] ^= 1; return d },
			"[a0 a1 a2 a3 b0 b1 b2 c0 c1 c2 c3]", 1, 0,
		},
		"the last line of the newest segment": {
			3, func(d []byte) []byte { d[at(d, "c3")] ^= 1; return d },
			"[a0 a1 a2 a3 b0 b1 b2 b3 c0 c1 c2]", 1, 0,
		},
		"the length of the newest line": {
			3, func(d []byte) []byte { d[at(d, "c3")-14] = 3; return d },
			"[a0 a1 a2 a3 b0 b1 b2 b3 c0 c1 c2]", 1, 0,
		},
		"a state": {2, func(d []byte) []byte { d[40] ^= 1; return d }, everything, 0, 0},
		"an entry moved": {2, func(d []byte) []byte {
			i, j := at(d, "b1")-20, at(d, "b2")-20
			copy(d[j:], d[i:j])
			return d
		}, "[a0 a1 a2 a3 b0 b1 b3 c0 c1 c2 c3]", 1, 0},
		"a complete segment cut by a byte": {
			2, func(d []byte) []byte { return d[:len(d)-1] },
			"[a0 a1 a2 a3 b0 b1 b2 c0 c1 c2 c3]", 1, 0,
		},
		"a torn tail":       {3, func(d []byte) []byte { return d[:at(d, "c3")+1] }, "[a0 a1 a2 a3 b0 b1 b2 b3 c0 c1 c2]", 0, 0},
		"a tail of zeros":   {3, func(d []byte) []byte { return append(d, make([]byte, 5000)...) }, everything, 0, 0},
		"no entries":        {2, func(d []byte) []byte { return d[:36] }, "[a0 a1 a2 a3 c0 c1 c2 c3]", 4, 1},
		"a torn header":     {2, func(d []byte) []byte { return d[:35] }, "[a0 a1 a2 a3 c0 c1 c2 c3]", 4, 1},
		"an empty file":     {3, func([]byte) []byte { return nil }, "[a0 a1 a2 a3 b0 b1 b2 b3]", 0, 0},
		"another magic":     {1, func(d []byte) []byte { d[0] ^= 1; return d }, everything, 0, 0},
		"a bit of a header": {2, func(d []byte) []byte { d[20] ^= 1; return d }, everything, 0, 0},
		"a bit of version":  {2, func(d []byte) []byte { d[8] ^= 2; return d }, everything, 0, 0},
		"another's number":  {3, func(d []byte) []byte { return slices.Concat(d[:16], []byte{9}, d[17:]) }, everything, 0, 0},
		"nothing but zeros": {2, func(d []byte) []byte { clear(d); return d }, "[a0 a1 a2 a3 c0 c1 c2 c3]", 4, 1},
		"rubbish, at least one line": {
			3, func([]byte) []byte { return bytes.Repeat([]byte("rubbish"), 99) },
			"[a0 a1 a2 a3 b0 b1 b2 b3]", 1, 1,
		},
	} {
		t.Run(title, func(t *testing.T) {
			fs := three(t)
			fs.Change(name(c.file), c.change)
			q := open(t, fs)
			if got := text(peek(t, q, 99, 1000)); got != c.want {
				t.Errorf("left is %s, want %s", got, c.want)
			}
			if s := q.Stats(); s.Damaged != c.damaged {
				t.Errorf("%+v, want %d damaged", s, c.damaged)
			}
			// A line that is appended now is in the queue after another start.
			put(t, q, "d")
			if s := q.Stats(); s.SetAside != c.aside || len(fs.Names(".corrupt")) != int(c.aside) {
				t.Errorf("%+v, want %d set aside", s, c.aside)
			}
			want := strings.TrimSuffix(c.want, "]") + " d]"
			again := open(t, fs.Killed())
			if got := text(peek(t, again, 99, 1000)); got != want {
				t.Errorf("after another start there is %s, want %s", got, want)
			}
			if s := again.Stats(); s.Lost != c.damaged {
				t.Errorf("after another start %+v, want %d lost", s, c.damaged)
			}
		})
	}
}

// TestAnotherVersion: a segment of another version is neither changed nor treated as damaged, even if all else in it differs.
func TestAnotherVersion(t *testing.T) {
	for _, rest := range []string{"same", "different"} {
		fs := three(t)
		fs.Change(name(2), func(d []byte) []byte {
			binary.LittleEndian.PutUint16(d[8:], 2)
			binary.LittleEndian.PutUint32(d[12:], crc32.Checksum(d[:12], crc32.MakeTable(crc32.Castagnoli)))
			if rest == "different" {
				d = append(d[:16], "a format of the future that is laid out otherwise"...)
			}
			return d
		})
		before := fs.Content(name(2))
		var log bytes.Buffer
		q := openWith(t, spool.Options{FS: fs, Log: slog.New(slog.NewTextHandler(&log, nil))})
		for range 3000 { // more than there is room for
			put(t, q, strings.Repeat("x", 1000))
		}
		if fs.Content(name(2)) != before {
			t.Error("it was changed")
		}
		if s := q.Stats(); s.Damaged != 0 || s.SetAside != 0 || s.Bytes != fs.Size()-int64(len(before)) {
			t.Errorf("%+v", s)
		}
		if n := strings.Count(log.String(), "written by another version of edge: its format is 2, this version reads 1"); n != 1 {
			t.Errorf("it says:\n%s", &log)
		}
		if got := q.Stats().Lines; got < 700 {
			t.Errorf("only %d lines are kept", got)
		}
	}
}

// TestSetAsideIsBounded: if many segments are bad, few are kept, and they are the first to be removed to make room. The newest segment
// is continued.
func TestSetAsideIsBounded(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	for range 12 {
		put(t, q, strings.Repeat("x", 30_000))
		q.Split()
	}
	fs = fs.Killed()
	for i := range 12 {
		fs.Change(name(i+1), func(d []byte) []byte { d[len(d)-9] ^= 1; return d })
	}
	q = open(t, fs)
	put(t, q, "a")
	if s := q.Stats(); s.Damaged != 12 || s.Lost != 12 || s.Lines != 1 {
		t.Errorf("%+v", s)
	}
	if kept := fs.Names(".corrupt"); len(kept) != 4 || q.Stats().SetAside != 11 || q.Stats().Bytes != fs.Size() {
		t.Errorf("%d are kept, %+v", len(kept), q.Stats())
	}
	for range 945 {
		put(t, q, strings.Repeat("x", 1000))
	}
	if kept := fs.Names(".corrupt"); len(kept) != 0 || q.Stats().Dropped != 0 {
		t.Errorf("%d are kept while there is no room, %+v", len(kept), q.Stats())
	}
}

// TestOtherFiles: the spool does not touch files with other names.
func TestOtherFiles(t *testing.T) {
	fs := three(t)
	for _, other := range []string{"notes.txt", "1.seg", "00000000000000000000.seg", "99999999999999999999999.seg"} {
		f, err := fs.Open(other, spool.CreateNew)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("mine"), 0); err != nil {
			t.Fatal(err)
		}
	}
	q := open(t, fs)
	if s := q.Stats(); s.Lines != 12 || s.SetAside != 0 || fs.Content("1.seg") != "mine" {
		t.Errorf("%+v", s)
	}
}

func TestReject(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	for i := range 1000 {
		put(t, q, fmt.Sprintf("%d-%0*d", i, 100, 0))
		if err := q.Reject(peek(t, q, 1, 1)); err != nil {
			t.Fatal(err)
		}
	}
	s := q.Stats()
	last, before := fs.Content("rejected.jsonl"), fs.Content("rejected.1.jsonl")
	if s.Rejected != 1000 || s.Lines != 0 || len(last)+len(before) > spool.MinBytes/32 || s.Bytes != fs.Size() {
		t.Errorf("%+v, files of %d and %d bytes", s, len(last), len(before))
	}
	if !strings.HasSuffix(last, fmt.Sprintf("\n999-%0*d\n", 100, 0)) || len(before) < 15_000 {
		t.Errorf("rejected ends in %q, and before it there are %d bytes", last[max(0, len(last)-20):], len(before))
	}
}

// TestRejectedFileChangedByOthers: somebody removes, empties or makes a file of rejected lines while a collector runs. The next rejected lines
// are appended to what is there.
func TestRejectedFileChangedByOthers(t *testing.T) {
	remove := func(fs *spooltest.FS) error { return fs.Remove("rejected.jsonl") }
	empty := func(fs *spooltest.FS) error {
		fs.Change("rejected.jsonl", func([]byte) []byte { return nil })
		return nil
	}
	const full = spool.MinBytes/64 - 100
	for name, c := range map[string]struct {
		lengths []int // of the lines that are rejected before
		change  func(*spooltest.FS) error
	}{
		"removed":         {[]int{100}, remove},
		"removed if full": {[]int{full}, remove},
		"emptied":         {[]int{100}, empty},
		"emptied if full": {[]int{full}, empty},
		"made": {nil, func(fs *spooltest.FS) error {
			_, err := fs.Open("rejected.jsonl", spool.CreateNew)
			return err
		}},
		"both removed": {[]int{full, full}, func(fs *spooltest.FS) error {
			return errors.Join(fs.Remove("rejected.1.jsonl"), remove(fs))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			fs := spooltest.New()
			q := open(t, fs)
			reject := func(line string) {
				t.Helper()
				put(t, q, line)
				if err := q.Reject(peek(t, q, 1, 1)); err != nil {
					t.Error(err)
				}
			}
			for _, length := range c.lengths {
				reject(strings.Repeat("x", length))
			}
			if err := c.change(fs); err != nil {
				t.Fatal(err)
			}
			next := strings.Repeat("y", 200)
			reject(next)
			reject("z")
			if got := fs.Content("rejected.jsonl"); got != next+"\nz\n" {
				t.Errorf("the file has %q", got)
			}
			if s := q.Stats(); s.Rejected != int64(len(c.lengths)+2) || s.Bytes != fs.Size() {
				t.Errorf("%+v, %d bytes", s, fs.Size())
			}
		})
	}
}

// TestRejectedLineThatCannotBeWritten: if the disk takes only a part of a rejected line, the next one is whole all the same.
func TestRejectedLineThatCannotBeWritten(t *testing.T) {
	fs := spooltest.New()
	q := open(t, fs)
	put(t, q, "first", "second", "third")
	for _, failing := range []bool{false, true, false} {
		b := peek(t, q, 1, 1)
		fs.Fail = func(_ int, op string) error {
			if failing && op == "write rejected.jsonl" {
				return syscall.ENOSPC
			}
			return nil
		}
		if err := q.Reject(b); (err != nil) != failing {
			t.Errorf("the disk fails: %t, Reject says %v", failing, err)
		}
	}
	if got := fs.Content("rejected.jsonl"); got != "first\nthird\n" {
		t.Errorf("the file has %q", got)
	}
}
