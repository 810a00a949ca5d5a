package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// filled makes a journal of batches, commits its first few records, and closes it. It returns the records that are not delivered.
func filled(t *testing.T, dir string, rng *rand.Rand, batches int) (pending [][]byte) {
	t.Helper()
	j, err := journal.Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for range batches {
		var records [][]byte
		for range 1 + rng.IntN(20) {
			r := fmt.Appendf(nil, "record %d %x ", len(pending)+len(records), rng.Uint64())
			records = append(records, append(r, bytes.Repeat([]byte("x"), rng.IntN(300))...))
		}
		if err := j.Append(arrival, records); err != nil {
			t.Fatal(err)
		}
		pending = append(pending, records...)
	}
	delivered := 1 + rng.IntN(5)
	err = errors.Join(j.Commit(uint64(delivered), []journal.Move{{Staged: "staged", Final: "final"}}), j.Close())
	if err != nil {
		t.Fatal(err)
	}
	return pending[delivered:]
}

// content opens a journal and returns the records that it reads, and the damage.
func content(t *testing.T, dir string) (records [][]byte, d journal.Damage) {
	t.Helper()
	j, err := journal.Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	}()
	if moves := j.Moves(); len(moves) != 1 || moves[0] != (journal.Move{Staged: "staged", Final: "final"}) {
		t.Errorf("moves %v", moves)
	}
	s := j.State()
	for from := s.Delivered + 1; ; {
		entries, err := j.Read(from, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			return records, j.Damage()
		}
		for _, e := range entries {
			records, from = append(records, e.Data), e.Seq+1
		}
	}
}

// segments returns the paths of a journal's files.
func segments(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("segments %v, %v", paths, err)
	}
	return paths
}

// checkKept fails the test unless kept are the records without some of them, and the damage counts the missing ones.
func checkKept(t *testing.T, what string, records, kept [][]byte, d journal.Damage) (lost int) {
	t.Helper()
	i := 0
	for _, r := range records {
		if i < len(kept) && bytes.Equal(r, kept[i]) {
			i++
		} else {
			lost++
		}
	}
	if i != len(kept) {
		t.Errorf("%s: %d of %d records that come out are not what was put", what, len(kept)-i, len(kept))
	}
	if d.Records != int64(lost) {
		t.Errorf("%s: %d records are lost, %d are counted", what, lost, d.Records)
	}
	return lost
}

// A flipped bit costs at most one record. Lost records are counted, and no record is changed silently. The next Open finds no damage.
func TestFlippedBits(t *testing.T) {
	flips, lostRecords, found := 0, 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		dir := filepath.Join(t.TempDir(), "journal")
		records := filled(t, dir, rng, 12)
		path := segments(t, dir)[0]
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bit := rng.IntN(8 * len(data))
		data[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("seed %d, bit %d of %d", seed, bit, 8*len(data))
		kept, d := content(t, dir)
		lost := checkKept(t, what, records, kept, d)
		if lost > 1 {
			t.Errorf("%s: %d records lost", what, lost)
		}
		if d.SetAside == "" {
			t.Errorf("%s: the damage is not found", what)
		} else if found++; len(segments(t, d.SetAside)) != 1 {
			t.Errorf("%s: damaged file is not set aside", what)
		}
		flips, lostRecords = flips+1, lostRecords+lost
		if again, d := content(t, dir); d != (journal.Damage{}) || len(again) != len(kept) {
			t.Errorf("%s: opened again: %d records, damage %+v", what, len(again), d)
		}
	}
	t.Logf("%d flips, %d found, %d records lost and counted", flips, found, lostRecords)
}

// headerBytes is the length of a frame's header.
const headerBytes = 44

// A flipped bit in a header costs only its record.
func TestFlippedHeaders(t *testing.T) {
	origin := filepath.Join(t.TempDir(), "journal")
	j := open(t, origin)
	all := []string{"a", "bb", strings.Repeat("c", 1000), "d", "ee", strings.Repeat("f", 1000), "g", "hh", strings.Repeat("i", 1000)}
	for i := 0; i < len(all); i += 3 {
		add(t, j, all[i:i+3]...)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := segments(t, origin)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := bytes.LastIndex(data, []byte(all[5])) - headerBytes
	for i := range headerBytes {
		dir := filepath.Join(t.TempDir(), "journal")
		damaged := bytes.Clone(data)
		damaged[header+i] ^= 1 << (i % 8)
		err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, filepath.Base(path)), damaged, 0o600))
		if err != nil {
			t.Fatal(err)
		}
		j := open(t, dir)
		entries, err := j.Read(1, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		var records, kept [][]byte
		for _, r := range all {
			records = append(records, []byte(r))
		}
		for _, e := range entries {
			kept = append(kept, e.Data)
		}
		n := checkKept(t, fmt.Sprintf("byte %d", i), records, kept, j.Damage())
		if n != 1 || len(kept) != 8 || string(kept[4]) != all[4] || string(kept[5]) != all[6] {
			t.Errorf("byte %d: %d records lost, %d kept", i, n, len(kept))
		}
	}
}

// After damage of any length, the journal goes on with the next whole record.
func TestOverwritten(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 2))
		dir := filepath.Join(t.TempDir(), "journal")
		records := filled(t, dir, rng, 40)
		path := segments(t, dir)[0]
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		from := rng.IntN(len(data) / 2)
		for i := range 4096 {
			data[from+i] = byte(rng.Uint32())
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		kept, d := content(t, dir)
		checkKept(t, fmt.Sprint("seed ", seed), records, kept, d)
	}
}

// A torn end is not damage: the journal never acknowledged that write.
func TestTornEnd(t *testing.T) {
	for _, torn := range []string{"M", "MDJ2R", string(make([]byte, 5000))} {
		dir := filepath.Join(t.TempDir(), "journal")
		records := filled(t, dir, rand.New(rand.NewPCG(1, 1)), 3)
		path := segments(t, dir)[0]
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(torn); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		kept, d := content(t, dir)
		if d != (journal.Damage{}) || len(kept) != len(records) {
			t.Errorf("%.10q: %d of %d records, damage %+v", torn, len(kept), len(records), d)
		}
		j := open(t, dir)
		add(t, j, "next")
		if got := read(t, j, j.State().Last, 10); !strings.HasSuffix(got, ":next") {
			t.Errorf("%.10q: the next record reads as %q", torn, got)
		}
	}
}

// A truncated file loses only the records that were cut off.
func TestTruncated(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 3))
		dir := filepath.Join(t.TempDir(), "journal")
		j := open(t, dir)
		var all []string
		for i := range 50 {
			all = append(all, fmt.Sprint("record ", i))
			add(t, j, all[i])
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		path := segments(t, dir)[0]
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, rng.Int64N(info.Size())); err != nil {
			t.Fatal(err)
		}
		j = open(t, dir)
		entries, err := j.Read(1, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if string(e.Data) != all[i] {
				t.Errorf("seed %d: record %d is %q", seed, i, e.Data)
			}
		}
		add(t, j, "next")
	}
}

// An error of the operating system is not damage: Open fails, and sets no files aside.
func TestSystemError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	records := filled(t, dir, rand.New(rand.NewPCG(1, 1)), 3)
	blocked := filepath.Join(dir, "0000000000000009-00000000.log")
	if err := os.Mkdir(blocked, 0o700); err != nil { // cannot be opened for writing
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, 1<<20); err == nil {
		t.Fatal("opened")
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if kept, d := content(t, dir); d != (journal.Damage{}) || len(kept) != len(records) {
		t.Errorf("%d of %d records, damage %+v", len(kept), len(records), d)
	}
}

// A record that contains a frame of a journal is never read as a frame, even if the header of that record is damaged.
func TestForgedFrames(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other")
	j := open(t, other)
	add(t, j, "forged 1", "forged 2")
	forged, err := os.ReadFile(segments(t, other)[0])
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "journal")
	j = open(t, dir)
	add(t, j, "before", string(forged))
	add(t, j, "after")
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := segments(t, dir)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(data[bytes.Index(data, forged)-headerBytes:][:headerBytes])
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	if got := read(t, j, 1, 1<<20); got != "1:before 2:after" || j.Damage().Records != 1 {
		t.Errorf("%q, damage %+v", got, j.Damage())
	}
}

// If the process dies while Open writes a new journal, the next Open finishes that work.
func TestDeathWhileRewriting(t *testing.T) {
	for _, at := range []string{"new is half written", "old is set aside"} {
		dir := filepath.Join(t.TempDir(), "journal")
		records := filled(t, dir, rand.New(rand.NewPCG(1, 1)), 3)
		var err error
		switch at {
		case "new is half written":
			err = errors.Join(os.Mkdir(dir+".new", 0o700), os.WriteFile(filepath.Join(dir+".new", "0000000000000001-00000000.log"), []byte("MDJ2"), 0o600))
		case "old is set aside":
			err = os.Rename(dir, dir+".new")
		}
		if err != nil {
			t.Fatal(err)
		}
		if kept, d := content(t, dir); d != (journal.Damage{}) || len(kept) != len(records) {
			t.Errorf("%s: %d of %d records, damage %+v", at, len(kept), len(records), d)
		}
		if _, err := os.Stat(dir + ".new"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", at, err)
		}
	}
}

// A segment is removed when its records are delivered. Reading goes on from one segment to the next.
func TestSegments(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	const batches, size = 20, 3 << 20
	for i := range batches {
		record := bytes.Repeat([]byte{byte(i)}, size)
		if err := j.Append(arrival, [][]byte{record, {byte(i)}}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(segments(t, dir)); n != 4 {
		t.Errorf("%d segments", n)
	}
	if err := errors.Join(j.Commit(2*12+1, nil), j.Close()); err != nil { // in the middle of a batch
		t.Fatal(err)
	}
	j, err = journal.Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(segments(t, dir)); n != 2 {
		t.Errorf("%d segments after a commit", n)
	}
	if s := j.State(); s.Bytes != 1+(batches-13)*(size+1) || s.Last != 2*batches || s.Delivered != 25 {
		t.Errorf("state %+v", s)
	}
	for seq := uint64(26); seq <= 2*batches; seq++ {
		e, err := j.Get(seq)
		if err != nil || e.Data[0] != byte((seq-1)/2) {
			t.Errorf("record %d: %v", seq, err)
		}
	}
	if _, err := j.Get(25); !errors.Is(err, journal.ErrNotThere) {
		t.Errorf("a delivered record: %v", err)
	}
	if err := j.Commit(2*batches, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(segments(t, dir)); n != 1 {
		t.Errorf("%d segments after all was delivered", n)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whole records of a large journal are copied into segments of a new one. Segments that are whole are not kept.
func TestDamageInALargeJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	const records, size = 60, 1 << 20
	for i := range records {
		if err := j.Append(arrival, [][]byte{bytes.Repeat([]byte{byte(i)}, size)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(j.Commit(3, []journal.Move{{Staged: "staged", Final: "final"}}), j.Close()); err != nil {
		t.Fatal(err)
	}
	paths := segments(t, dir)
	if len(paths) < 3 {
		t.Fatalf("%d segments", len(paths))
	}
	data, err := os.ReadFile(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(paths[1], data, 0o600); err != nil {
		t.Fatal(err)
	}
	kept, d := content(t, dir)
	if len(kept) != records-3-1 || d.Records != 1 {
		t.Errorf("%d records kept, damage %+v", len(kept), d)
	}
	for _, r := range kept {
		if len(r) != size || bytes.Count(r, r[:1]) != size {
			t.Errorf("a record of %d bytes is changed", len(r))
		}
	}
	if aside := segments(t, d.SetAside); len(aside) != 1 || filepath.Base(aside[0]) != filepath.Base(paths[1]) {
		t.Errorf("set aside: %v", aside)
	}
}

// The file of an open journal is damaged. Read returns the damaged records without data, and a commit works as usual.
func TestDamageUnderARunningJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "journal")
	j := open(t, dir)
	add(t, j, "a", "bbbb", "c")
	add(t, j, "dddd", "eeee")
	add(t, j, "f")
	path := segments(t, dir)[0]
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.LastIndex(data, []byte("bbbb"))] ^= 1
	for _, record := range []string{"dddd", "eeee"} {
		clear(data[bytes.LastIndex(data, []byte(record))-headerBytes:][:headerBytes])
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := j.Read(1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, fmt.Sprintf("%d:%s", e.Seq, e.Data))
	}
	if have := strings.Join(got, " "); have != "1:a 2: 3:c 4: 5: 6:" || entries[1].Data != nil || entries[5].Data != nil {
		t.Errorf("read %q", have)
	}
	if _, err := j.Get(2); !errors.Is(err, journal.ErrNotThere) {
		t.Errorf("a damaged record: %v", err)
	}
	if err := j.Commit(6, nil); err != nil {
		t.Fatal(err)
	}
	if s := j.State(); s != (journal.State{Delivered: 6, Last: 6}) {
		t.Errorf("state %+v", s)
	}
}
