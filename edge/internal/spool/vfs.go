package spool

import (
	"errors"
	"io"
)

// FS is the directory of a spool. [Dir] is the real one. Names have no separators. The spool relies only on Sync: before it returns,
// writes may reach the medium in any order, or not at all.
type FS interface {
	// Lock makes the directory if it does not exist and locks it for this process until the lock is closed. If another process has
	// the lock, it fails with [ErrInUse]. It works on a read-only disk if the directory was used before.
	Lock() (Lock, error)
	// List returns the files, in any order.
	List() ([]FileInfo, error)
	// Open opens a file.
	Open(name string, how OpenMode) (File, error)
	// Rename gives a file another name and replaces the file that had it.
	Rename(from, to string) error
	// Remove removes a file. It succeeds if the file does not exist.
	Remove(name string) error
	// Sync makes creations, renames and removals of files durable.
	Sync() error
}

// Lock is a locked directory.
type Lock interface {
	io.Closer
	// Held reports whether the directory and its lock still exist. It is false if somebody removed or replaced them.
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

// ErrInUse says that another process uses the directory.
var ErrInUse = errors.New("in use by another process")
