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
)

// Modes: samples say much about a machine, so only its owner reads them.
const (
	dirMode  = 0o700
	fileMode = 0o600
)

// Dir is a directory of the machine's file system.
type Dir string

// Lock implements [FS]. The file of the lock holds the process id, for the message; the lock itself is the operating
// system's, so that a process that was killed leaves none behind.
func (d Dir) Lock() (io.Closer, error) {
	if err := os.MkdirAll(string(d), dirMode); err != nil {
		return nil, fmt.Errorf("make the directory: %w", err)
	}
	f, err := os.OpenFile(d.path(lockName), os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	if err := lock(f); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 20)) // for the message only; Windows does not let it be read
		f.Close()
		if errors.Is(err, ErrInUse) && len(holder) > 0 {
			return nil, fmt.Errorf("%w (%s)", err, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("lock: %w", err)
	}
	// Without the number on a full disk the message says less, the lock holds all the same.
	if f.Truncate(0) == nil {
		_, _ = fmt.Fprintln(f, os.Getpid())
	}
	return f, nil
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
func (d Dir) Open(name string, create bool) (File, error) {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE | os.O_EXCL
	}
	f, err := os.OpenFile(d.path(name), flags, fileMode)
	if err != nil {
		return nil, err
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
