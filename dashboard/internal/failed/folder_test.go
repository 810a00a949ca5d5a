package failed_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
)

// makeFolders makes folders below a lake and returns its directory.
func makeFolders(t *testing.T, folders ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range folders {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOpenFolder finds the bucket, and does not guess among several.
func TestOpenFolder(t *testing.T) {
	for name, c := range map[string]struct {
		folders []string
		below   string // the bucket is this folder of the lake
		refused string
	}{
		"the bucket itself":           {[]string{"errors"}, "", ""},
		"the bucket, all sent again":  {[]string{"replayed"}, "", ""},
		"a lake with one bucket":      {[]string{"b/errors", "c/analytics"}, "b", ""},
		"a lake without failures":     {[]string{"b/analytics"}, "", ""},
		"a lake with several buckets": {[]string{"b/errors", "c/replayed"}, "", "failed records of 2 buckets"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := makeFolders(t, c.folders...)
			f, err := failed.OpenFolder(dir)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("opened: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			object := filepath.Join(dir, c.below, "errors", "x", "o")
			if err := errors.Join(os.MkdirAll(filepath.Dir(object), 0o755), os.WriteFile(object, []byte("{}"), 0o644)); err != nil {
				t.Fatal(err)
			}
			if found := keys(t, f, failed.Errors); len(found) != 1 || found[0] != "errors/x/o" {
				t.Errorf("objects %v", found)
			}
		})
	}
	if _, err := failed.OpenFolder(filepath.Join(t.TempDir(), "none")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a lake that is not there: %v", err)
	}
}

// TestFolderLock: a second replay of a lake is refused until the first one has ended.
func TestFolderLock(t *testing.T) {
	f := newFolder(t, nil)
	release, exclusive, err := f.Lock()
	if err != nil || !exclusive {
		t.Fatal(exclusive, err)
	}
	if _, _, err := f.Lock(); err == nil || !strings.Contains(err.Error(), "another replay of this lake is running") {
		t.Errorf("a second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	release, _, err = f.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
}

// TestGone: an object that another run has moved is gone, and not an error of the storage.
func TestGone(t *testing.T) {
	storages(t, map[string]string{"errors/x/o": "{}"}, func(t *testing.T, storage failed.Storage) {
		gone := failed.Object{Key: "errors/x/other"}
		if _, err := storage.Open(t.Context(), gone); !errors.Is(err, failed.ErrGone) {
			t.Errorf("open: %v", err)
		}
		if err := storage.Move(t.Context(), gone, "replayed/x/other"); !errors.Is(err, failed.ErrGone) {
			t.Errorf("move: %v", err)
		}
	})
}

// TestReplacedObject: an object that was replaced after it was listed is refused, if it is no regular file of the lake now.
func TestReplacedObject(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string]func(path string) error{
		"a folder":           func(path string) error { return os.Mkdir(path, 0o755) },
		"a link to a file":   func(path string) error { return os.Symlink(outside, path) },
		"a link to a folder": func(path string) error { return os.Symlink(filepath.Dir(outside), path) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := makeFolders(t, "errors/x")
			f, err := failed.OpenFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := replace(filepath.Join(dir, "errors", "x", "o")); err != nil {
				if runtime.GOOS == "windows" {
					t.Skip(err) // a link needs a right there
				}
				t.Fatal(err)
			}
			if content, err := f.Open(t.Context(), failed.Object{Key: "errors/x/o"}); err == nil {
				t.Error("opened", content.Close())
			}
		})
	}
}

// TestConditionalWrite: a state is written only over the version that the writer has read.
func TestConditionalWrite(t *testing.T) {
	storages(t, nil, func(t *testing.T, storage failed.Storage) {
		const key = "replayed/_state/x.json"
		first, err := storage.Put(t.Context(), key, []byte("one"), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := storage.Put(t.Context(), key, []byte("two"), ""); !errors.Is(err, failed.ErrConflict) {
			t.Errorf("a second creation: %v", err)
		}
		second, err := storage.Put(t.Context(), key, []byte("three"), first)
		if err != nil || second == first {
			t.Fatal(second, err)
		}
		if _, err := storage.Put(t.Context(), key, []byte("four"), first); !errors.Is(err, failed.ErrConflict) {
			t.Errorf("over an old version: %v", err)
		}
		if content, version, err := storage.Get(t.Context(), key); err != nil || string(content) != "three" || version != second {
			t.Errorf("content %q, version %s, %v", content, version, err)
		}
	})
}

// TestLargeState: a state that is larger than any is refused, and not read in part.
func TestLargeState(t *testing.T) {
	const key = "replayed/_state/x.json"
	dir := makeFolders(t, "errors", "replayed/_state")
	path := filepath.Join(dir, filepath.FromSlash(key))
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, failed.MaxState+1)); err != nil {
		t.Fatal(err)
	}
	f, err := failed.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if content, _, err := f.Get(t.Context(), key); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%d bytes, %v; want an error with the name of the file", len(content), err)
	}
}

func TestFind(t *testing.T) {
	const key = "errors/processing-failed/2026/02/03/o"
	content := line(sample("a", 1), status, arrived) + "broken\n" + line(sample("b", 2), status, arrived)
	storages(t, map[string]string{key: content, key + "2": content}, func(t *testing.T, storage failed.Storage) {
		f, err := failed.Find(t.Context(), storage, key, 2)
		if err != nil || f.Sample.Host != "b" || f.Name() != key+"#2" || f.Type() != "processing-failed" || !f.Arrival().Equal(arrived) {
			t.Errorf("%+v, %v", f, err)
		}
		if f, err := failed.Find(t.Context(), storage, key, 1); err != nil || f.Entry.Problem == nil {
			t.Errorf("the broken entry: %+v, %v", f, err)
		}
		if _, err := failed.Find(t.Context(), storage, key, 3); err == nil || !strings.Contains(err.Error(), "has no record 3") {
			t.Errorf("a record that is not there: %v", err)
		}
		if _, err := failed.Find(t.Context(), storage, "errors/x", 0); err == nil || !strings.Contains(err.Error(), "there is no object errors/x") {
			t.Errorf("an object that is not there: %v", err)
		}
	})
}

// TestStateThatCannotBeUsed: if it is not known what was sent, nothing is sent.
func TestStateThatCannotBeUsed(t *testing.T) {
	for want, state := range map[string]string{
		"is not readable":                 "{",
		"another version of dashboard":    `{"version":2,"object":"errors/x/o"}`,
		`is of version 1 for object "no"`: `{"version":1,"object":"no"}`,
	} {
		storages(t, map[string]string{"errors/x/o": line(sample("a", 1), status, arrived), "replayed/_state/x/o.json": state},
			func(t *testing.T, storage failed.Storage) {
				to := newFirehose()
				if _, err := replay(storage, to).Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %s", err, want)
				}
				if to.seen != 0 {
					t.Errorf("%d records sent", to.seen)
				}
			})
	}
}
