package durable

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Lock locks the file for this process. The lock ends when the file is closed. If another process holds it, Lock fails with [ErrLocked].
func Lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// SyncDir does nothing: NTFS keeps names in its own journal, and Windows cannot sync a directory.
func SyncDir(string) error { return nil }
