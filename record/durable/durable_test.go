package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := durable.Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Lock(path); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("a second lock: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := durable.Lock(path)
	if err != nil {
		t.Fatalf("after the first lock ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := durable.Lock(filepath.Join(path, "below a file")); err == nil || errors.Is(err, durable.ErrLocked) {
		t.Errorf("a lock that cannot be created: %v", err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"one", "", "three"} {
		if err := durable.WriteFile(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		if have, err := os.ReadFile(path); err != nil || string(have) != content {
			t.Errorf("%q, %v; want %q", have, err, content)
		}
	}
	// A directory cannot be replaced: the file stays as it was, and nothing is left over.
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := durable.WriteFile(folder, []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 {
		t.Errorf("files %v, %v", names, err)
	}
}

// MkdirAll syncs the directories that got names, and no others.
func TestMkdirAll(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b", "c")
	var synced []string
	sync := func(dir string) error {
		synced = append(synced, dir)
		return durable.SyncDir(dir)
	}
	if err := durable.MkdirAll(dir+string(filepath.Separator), 0o700, sync); err != nil {
		t.Fatal(err)
	}
	if want := []string{filepath.Join(top, "a", "b"), filepath.Join(top, "a"), top}; !slices.Equal(synced, want) {
		t.Errorf("synced %v, want %v", synced, want)
	}
	synced = nil
	if err := durable.MkdirAll(dir, 0o700, sync); err != nil || len(synced) != 0 {
		t.Errorf("again: synced %v, %v", synced, err)
	}
	bad := errors.New("input/output error")
	if err := durable.MkdirAll(filepath.Join(dir, "d"), 0o700, func(string) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("%v, want the error of the sync", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := durable.MkdirAll(filepath.Join(file, "x"), 0o700, durable.SyncDir); err == nil {
		t.Error("a directory was made below a file")
	}
	t.Chdir(top)
	if err := durable.MkdirAll(filepath.Join("x", "y"), 0o700, durable.SyncDir); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(top, "x", "y")); err != nil || !info.IsDir() {
		t.Errorf("a relative path: %v, %v", info, err)
	}
}

// A folder that is not there: nothing is written, nothing panics.
func TestNoFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "none")
	if err := durable.WriteFile(filepath.Join(folder, "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("WriteFile: %v", err)
	}
	if err := durable.SyncDir(folder); !errors.Is(err, fs.ErrNotExist) && runtime.GOOS != "windows" {
		t.Errorf("SyncDir: %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}
