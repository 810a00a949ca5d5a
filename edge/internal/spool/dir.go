package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Samples say much about a machine, so only the owner may read them.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Dir is a directory of the machine's file system.
type Dir string

// Lock implements [FS]. The lock file holds the process id, for the message of another process. The lock itself is the
// operating system's, so a killed process leaves none behind.
func (d Dir) Lock() (Lock, error) {
	if err := os.MkdirAll(string(d), dirMode); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	path := d.path(lockName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		// What waits there can still be read. Without a lock file no collector has used the directory, so nothing waits.
		f, err = os.Open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := lock(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 20)) // for the message only; Windows does not allow to read it
		f.Close()
		if errors.Is(err, ErrInUse) && len(holder) > 0 {
			return nil, fmt.Errorf("%w (%s)", err, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("lock: %w", err)
	}
	// If the disk is full, the message of another process says less; the lock holds all the same.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return lockFile{f}, nil
}

// lockFile is the open lock file.
type lockFile struct{ *os.File }

// Held implements [Lock]. An error other than that there is no such file proves nothing.
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

// Sync implements [FS]. Windows has no such call; NTFS journals its directories.
func (d Dir) Sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(string(d))
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (d Dir) path(name string) string { return filepath.Join(string(d), name) }
