package durable

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sharingViolation is Windows' error for a file that another process has open and does not share (ERROR_SHARING_VIOLATION).
const sharingViolation = syscall.Errno(32)

// Lock locks a file for this process, until the file is closed or the process ends. It creates the file if it is missing. If another
// process holds the lock, Lock fails with [ErrLocked]. No other process can open the file meanwhile.
func Lock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	const notShared = 0
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, notShared, nil, syscall.OPEN_ALWAYS,
		syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, sharingViolation) {
		err = ErrLocked
	}
	if err != nil {
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return os.NewFile(uintptr(handle), path), nil
}
