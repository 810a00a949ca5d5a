package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Only the owner may read the files: samples tell much about a machine.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Dir is a directory of the machine's file system.
type Dir string

// Lock implements [FS]. The lock file has the process id, so that an error can name the process. The operating system keeps the lock
// and releases it if the process is killed.
func (d Dir) Lock() (Lock, error) {
	if err := durable.MkdirAll(string(d), dirMode, durable.SyncDir); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	f, err := durable.Lock(d.path(lockName))
	if errors.Is(err, durable.ErrLocked) {
		holder, _ := os.ReadFile(d.path(lockName)) // only for the message; Windows does not let others read it
		if len(holder) > 0 {
			return nil, fmt.Errorf("%w (%.20s)", ErrInUse, strings.TrimSpace(string(holder)))
		}
		return nil, ErrInUse
	}
	if err != nil {
		return nil, err // it names what failed and the file
	}
	// If the process id cannot be written, for example because the disk is full, the lock still works.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return lockFile{f}, nil
}

// lockFile is the open lock file.
type lockFile struct{ *os.File }

// Held implements [Lock]. It returns true if an error keeps it from finding out.
func (l lockFile) Held() bool {
	there, err := os.Stat(l.Name())
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	own, err := l.Stat()
	return err != nil || os.SameFile(there, own)
}

// List implements [FS].
func (d Dir) List() ([]FileInfo, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	var files []FileInfo
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return nil, err
		}
		files = append(files, FileInfo{e.Name(), info.Size()})
	}
	return files, nil
}

// Open implements [FS].
func (d Dir) Open(name string, how OpenMode) (File, error) {
	flags := [...]int{ReadOnly: os.O_RDONLY, ReadWrite: os.O_RDWR, CreateNew: os.O_RDWR | os.O_CREATE | os.O_EXCL}[how]
	f, err := os.OpenFile(d.path(name), flags, fileMode)
	if err != nil {
		return nil, err // not f: a nil *os.File in an interface is not nil
	}
	return f, nil
}

// Rename implements [FS].
func (d Dir) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }

// Remove implements [FS].
func (d Dir) Remove(name string) error {
	if err := os.Remove(d.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Sync implements [FS].
func (d Dir) Sync() error { return durable.SyncDir(string(d)) }

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }
