package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

var arrival = time.UnixMilli(1770094830123)

func open(t *testing.T, path string) *journal.Journal {
	t.Helper()
	j, err := journal.Open(path, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func add(t *testing.T, j *journal.Journal, records ...string) {
	t.Helper()
	var data [][]byte
	for _, r := range records {
		data = append(data, []byte(r))
	}
	if err := j.Append(arrival, data); err != nil {
		t.Fatal(err)
	}
}

// read returns the records from a sequence number on as "seq:data".
func read(t *testing.T, j *journal.Journal, from uint64, maxBytes int) string {
	t.Helper()
	entries, err := j.Read(from, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !e.Arrival.Equal(arrival) {
			t.Errorf("record %d arrived at %v", e.Seq, e.Arrival)
		}
		out = append(out, fmt.Sprintf("%d:%s", e.Seq, e.Data))
	}
	return strings.Join(out, " ")
}

func TestReadsWhatWasAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path)
	if got := read(t, j, 1, 100); got != "" {
		t.Errorf("empty journal has %q", got)
	}
	add(t, j, "a", "", "ccc")
	add(t, j, "d")
	add(t, j, "e", "f")
	check := func(j *journal.Journal) {
		t.Helper()
		for _, c := range []struct {
			from uint64
			max  int
			want string
		}{
			{1, 100, "1:a 2: 3:ccc 4:d 5:e 6:f"},
			{0, 4, "1:a 2: 3:ccc"},
			{1, 0, "1:a"}, // at least one
			{2, 100, "2: 3:ccc 4:d 5:e 6:f"},
			{3, 1, "3:ccc"},
			{4, 100, "4:d 5:e 6:f"},
			{6, 100, "6:f"},
			{7, 100, ""},
		} {
			if got := read(t, j, c.from, c.max); got != c.want {
				t.Errorf("from %d, %d bytes: %q, want %q", c.from, c.max, got, c.want)
			}
		}
		if s := j.State(); s != (journal.State{Last: 6, Bytes: 7}) {
			t.Errorf("state %+v", s)
		}
		if e, err := j.Get(5); err != nil || string(e.Data) != "e" {
			t.Errorf("Get(5) = %q, %v", e.Data, err)
		}
		if _, err := j.Get(7); err == nil {
			t.Error("Get of a record that is not there")
		}
	}
	check(j)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	check(open(t, path))
}

func TestCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	j := open(t, path)
	add(t, j, "a", "b", "c")
	add(t, j, "d", "e")
	moves := []journal.Move{{Staged: "s1", Final: "x/1"}, {Staged: "s2", Final: "x/2"}}
	if err := j.Commit(2, moves); err != nil { // in the middle of a batch
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path)
	if s := j.State(); s != (journal.State{Delivered: 2, Last: 5, Bytes: 3}) {
		t.Errorf("state %+v", s)
	}
	if got := j.Moves(); fmt.Sprint(got) != fmt.Sprint(moves) {
		t.Errorf("moves %v", got)
	}
	if got := read(t, j, 3, 100); got != "3:c 4:d 5:e" {
		t.Errorf("left: %q", got)
	}
	if err := errors.Join(j.MovesDone(), j.Commit(5, nil)); err != nil {
		t.Fatal(err)
	}
	if got := j.Moves(); len(got) != 0 {
		t.Errorf("moves %v", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, path) // an empty journal goes on counting
	add(t, j, "f")
	if got := read(t, j, 1, 100); got != "6:f" {
		t.Errorf("after all was delivered: %q", got)
	}
}

func TestBound(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "j"))
	half := string(bytes.Repeat([]byte("x"), 1<<19))
	add(t, j, half, half)
	if err := j.Append(arrival, [][]byte{{1}}); !errors.Is(err, journal.ErrFull) {
		t.Errorf("a byte over the bound: %v", err)
	}
	if err := j.Commit(1, nil); err != nil {
		t.Fatal(err)
	}
	add(t, j, half)
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j")
	open(t, path)
	if _, err := journal.Open(path, 1); err == nil || !strings.Contains(err.Error(), "another process has it open") {
		t.Errorf("second open: %v", err)
	}
}

func TestJournalOfAnEarlierBuild(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	path := filepath.Join(dir, "0000000000000001-00000000.log")
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, []byte("MDJ1S and so on"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, 1); err == nil || !strings.Contains(err.Error(), "an earlier build wrote it") {
		t.Errorf("open: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestConcurrentAppends(t *testing.T) {
	j := open(t, filepath.Join(t.TempDir(), "j"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { add(t, j, fmt.Sprint("a", i), fmt.Sprint("b", i)) })
	}
	wg.Wait()
	entries, err := j.Read(1, 1<<20)
	if err != nil || len(entries) != 40 {
		t.Fatalf("%d records, %v", len(entries), err)
	}
	for i := 0; i < len(entries); i += 2 {
		a, b := string(entries[i].Data), string(entries[i+1].Data)
		if entries[i].Seq != uint64(i+1) || a[0] != 'a' || b != "b"+a[1:] {
			t.Errorf("records %d: %s, %s", entries[i].Seq, a, b)
		}
	}
}
