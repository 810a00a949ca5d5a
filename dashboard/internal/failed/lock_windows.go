package failed

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lock locks the file for this process. The lock ends when the file is closed.
func lock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errInUse
	}
	return err
}

// syncDir does nothing: NTFS keeps names in its own journal, and Windows cannot sync a directory.
func syncDir(string) error { return nil }
