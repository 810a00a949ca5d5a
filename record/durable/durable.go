// Package durable has what programs need to keep files safe, beyond package os: a lock between processes, files that are replaced as a
// whole, and names that are still there after a loss of power.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// ErrLocked means that another process holds the lock.
var ErrLocked = errors.New("another process holds the lock")

// WriteFile replaces the content of a file, which only its owner may read. After a crash the file has either the old content or the new
// one. Two calls for the same file at the same time must not happen. A crash may leave a file <path>.new behind.
func WriteFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// MkdirAll makes a directory, and those above it that are missing. It syncs the directories in which it makes names: after a loss of power all
// are there. sync is [SyncDir]; a test may use another function.
func MkdirAll(dir string, mode fs.FileMode, sync func(dir string) error) error {
	var missing []string
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		missing = append(missing, at)
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	for _, made := range missing {
		if err := sync(filepath.Dir(made)); err != nil {
			return err
		}
	}
	return nil
}

// SyncDir syncs a directory, so that the names in it are on disk. Windows cannot do that; its file system keeps names in a journal.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
