package spool

import (
	"errors"
	"io"
)

// FS is the one directory that a spool lives in, as far as the spool needs a file system. [Dir] is the real one. Names have
// no separators. What is not checked: that a write which succeeded is on the medium before Sync has, or in order.
type FS interface {
	// Lock makes the directory if need be and takes it for this process until the closer is closed. It fails with
	// [ErrInUse] while another process has it.
	Lock() (io.Closer, error)
	// List returns the files, in any order.
	List() ([]FileInfo, error)
	// Open opens a file for reading and writing, or where create is set makes a new one and fails if there is one.
	Open(name string, create bool) (File, error)
	// Rename gives a file another name, replacing what had it.
	Rename(from, to string) error
	// Remove removes a file. It is no error if there is none.
	Remove(name string) error
	// Sync makes durable which files there are.
	Sync() error
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes the contents durable.
	Sync() error
	// Truncate cuts the file to a size.
	Truncate(size int64) error
}

// FileInfo is what a listing says of a file.
type FileInfo struct {
	Name string
	Size int64
}

// ErrInUse says that another process has the directory.
var ErrInUse = errors.New("in use by another process")
