package spool

import (
	"errors"
	"io"
)

// FS is the directory of a spool. [Dir] is the real one. Names have no separators. The spool does not check that a write is
// on the medium before Sync returns, or that writes get there in order.
type FS interface {
	// Lock makes the directory if need be and takes it for this process until the lock is closed. It fails with [ErrInUse]
	// while another process has it. It works on a read-only disk if the directory has been used before.
	Lock() (Lock, error)
	// List returns the files, in any order.
	List() ([]FileInfo, error)
	// Open opens a file.
	Open(name string, how OpenMode) (File, error)
	// Rename gives a file another name and replaces the file that had it.
	Rename(from, to string) error
	// Remove removes a file. It is no error if the file does not exist.
	Remove(name string) error
	// Sync makes durable which files there are.
	Sync() error
}

// Lock is a locked directory.
type Lock interface {
	io.Closer
	// Held reports whether the directory and its lock are still there. They are not if someone removed or replaced them.
	Held() bool
}

// OpenMode says what a file is opened for.
type OpenMode int

// The modes.
const (
	ReadOnly  OpenMode = iota // an existing file; works on a read-only disk
	ReadWrite                 // an existing file
	CreateNew                 // a new file for reading and writing; fails if the file exists
)

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the content durable.
	Sync() error
	// Truncate cuts the file to a size.
	Truncate(size int64) error
}

// FileInfo is a file in a listing.
type FileInfo struct {
	Name string
	Size int64
}

// ErrInUse says that another process has the directory.
var ErrInUse = errors.New("in use by another process")
