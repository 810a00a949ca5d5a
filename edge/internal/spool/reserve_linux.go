package spool

import (
	"errors"
	"math"
	"os"
	"syscall"
)

const (
	// reserveBytes is how much room a segment takes from the file system at once. Without, it is given a few pages at a time,
	// each of which costs as many blocks of the file system's own.
	reserveBytes = 64 << 10
	keepSize     = 1 // FALLOC_FL_KEEP_SIZE
)

// reserving is a file that takes room ahead of what is written. Its size is only ever what was written.
type reserving struct {
	*os.File
	reserved int64
}

func reserve(f *os.File) File { return &reserving{File: f} }

// WriteAt implements [io.WriterAt].
func (r *reserving) WriteAt(b []byte, off int64) (int, error) {
	if end := off + int64(len(b)); end > r.reserved {
		r.extend(end)
	}
	return r.File.WriteAt(b, off)
}

// extend reserves what is needed up to end, and more. Where there is no room for it, or no such call, writing will tell.
func (r *reserving) extend(end int64) {
	conn, err := r.SyscallConn()
	if err != nil {
		return
	}
	to := (end + reserveBytes - 1) / reserveBytes * reserveBytes
	var failed error
	err = conn.Control(func(fd uintptr) { failed = syscall.Fallocate(int(fd), keepSize, 0, to) })
	switch {
	case errors.Is(failed, syscall.EOPNOTSUPP), errors.Is(failed, syscall.ENOSYS):
		r.reserved = math.MaxInt64 // it need not be asked again
	case err == nil && failed == nil:
		r.reserved = to
	}
}

// Truncate implements [File].
func (r *reserving) Truncate(size int64) error {
	r.reserved = 0
	return r.File.Truncate(size)
}

// Close gives back what was reserved and not written, which the file system does where a file is cut to the size it has.
// Where that fails, it comes back with the file's removal.
func (r *reserving) Close() error {
	if info, err := r.Stat(); err == nil && r.reserved > info.Size() {
		_ = r.File.Truncate(info.Size())
	}
	return r.File.Close()
}
