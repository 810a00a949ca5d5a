package delivery

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// plain is a stream that delivers records as they are.
var plain = spec.Stream{
	Name: "metrics", Bucket: "lake", Prefix: "analytics/!{timestamp:yyyy}/", ErrorPrefix: "errors/",
	Buffering: spec.Buffering{Bytes: 1 << 20, Interval: time.Minute},
}

// syncs notes which directories were synced. It fails the first calls for one directory.
type syncs struct {
	mu    sync.Mutex // guards the fields below
	fail  string
	times int
	done  map[string]bool
}

func (s *syncs) dir(dir string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir == s.fail && s.times > 0 {
		s.times--
		return errors.New("input/output error")
	}
	s.done[dir] = true
	return nil
}

func (s *syncs) synced(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done[dir]
}

func openSynced(t *testing.T, dir string, s *syncs) *Engine {
	t.Helper()
	s.done = map[string]bool{}
	e, err := Open(dir, plain, nil, Options{Log: slog.New(slog.DiscardHandler), syncDir: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// All objects are moved, and then the sync of their names fails. The names are synced before the journal forgets the moves: else a loss of
// power could undo them.
func TestNamesAreSyncedAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		objects := filepath.Join(dir, "lake", "analytics", "2000") // synctest begins in 2000
		s := &syncs{fail: objects, times: 3}
		e := openSynced(t, dir, s)
		if err := errors.Join(e.Put(t.Context(), [][]byte{[]byte("a")}), e.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		if n := e.Stats().DeliveryErrors; n != 3 || !s.synced(objects) || !s.synced(filepath.Dir(objects)) {
			t.Errorf("%d failures; synced %v", n, s.done)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// The process dies after it moved the objects and before it synced their names. The next start syncs them.
func TestNamesAreSyncedAfterADeath(t *testing.T) {
	dir := t.TempDir()
	objects := filepath.Join(dir, "lake", "analytics", "2000")
	if err := openSynced(t, dir, &syncs{}).Close(); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(dir, StateDir, "metrics", "journal"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		j.Append(time.UnixMilli(1), [][]byte{[]byte("a")}), j.Commit(1, []journal.Move{{Staged: "x", Final: "analytics/2000/1"}}), j.Close(),
		os.MkdirAll(objects, 0o755), os.WriteFile(filepath.Join(objects, "1"), []byte("a"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	s := &syncs{}
	e := openSynced(t, dir, s)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if !s.synced(objects) || !s.synced(filepath.Dir(objects)) || len(e.journal.Moves()) != 0 {
		t.Errorf("synced %v; moves %v", s.done, e.journal.Moves())
	}
}

// The journal does not commit a delivery before the names of its staged files are synced: else they may be gone after a loss of power.
func TestStagedNamesAreSyncedBeforeTheCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		staging := filepath.Join(dir, StateDir, "metrics", "staging")
		s := &syncs{fail: staging, times: 10}
		e := openSynced(t, dir, s)
		if err := e.Put(t.Context(), [][]byte{[]byte("a")}); err != nil {
			t.Fatal(err)
		}
		flushed := make(chan error, 1)
		go func() { flushed <- e.Flush(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		staged, err := os.ReadDir(staging)
		if delivered := e.journal.State().Delivered; err != nil || delivered != 0 || len(staged) != 0 || e.Stats().DeliveryErrors == 0 {
			t.Errorf("delivered up to record %d; %d staged files, %v; stats %+v", delivered, len(staged), err, e.Stats())
		}
		if err := errors.Join(<-flushed, e.Close()); err != nil {
			t.Fatal(err)
		}
		if n := e.Stats().Objects; n != 1 || !s.synced(staging) {
			t.Errorf("%d objects; synced %v", n, s.done)
		}
	})
}

// Open syncs the names of the directories that it makes, also above the lake. A record may be accepted as soon as it returns.
func TestNewDirectoriesAreSynced(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "data", "lake")
	s := &syncs{}
	if err := openSynced(t, dir, s).Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{top, filepath.Dir(dir), dir, filepath.Join(dir, StateDir)} {
		if !s.synced(want) {
			t.Errorf("synced %v, want %s too", s.done, want)
		}
	}
}
