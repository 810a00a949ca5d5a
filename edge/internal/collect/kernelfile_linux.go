package collect

import (
	"errors"
	"io/fs"
	"syscall"
)

// kernelFile is a file of /proc that is read at each sample. It stays open until the process ends, because opening and closing is
// half the cost of a reading. The kernel writes the content anew for each read at offset 0. The file is opened without package os,
// which would add it to the runtime's poller and wake the process for it.
type kernelFile struct {
	path string
	fd   int
	open bool
	buf  []byte
}

func newKernelFile(path string) *kernelFile { return &kernelFile{path: path, buf: make([]byte, 512)} }

// whole returns the whole content. It is valid until the next call.
func (f *kernelFile) whole() ([]byte, error) {
	return f.until(func([]byte) bool { return false })
}

// until reads until the content is enough, or to the end. The content is valid until the next call.
func (f *kernelFile) until(enough func(text []byte) bool) ([]byte, error) {
	for n := 0; ; {
		if n == len(f.buf) {
			f.buf = append(f.buf, make([]byte, n)...)
		}
		got, err := f.read(f.buf[n:], int64(n))
		if err != nil {
			return nil, err
		}
		n += got
		if got == 0 || enough(f.buf[:n]) {
			return f.buf[:n], nil
		}
	}
}

// begin returns what one read gives: at least the first line. It is valid until the next call.
func (f *kernelFile) begin() ([]byte, error) {
	n, err := f.read(f.buf, 0)
	return f.buf[:n], err
}

func (f *kernelFile) read(b []byte, offset int64) (n int, err error) {
	if !f.open {
		f.fd, err = syscall.Open(f.path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return 0, &fs.PathError{Op: "open", Path: f.path, Err: err}
		}
		f.open = true
	}
	for {
		n, err = syscall.Pread(f.fd, b, offset)
		if err == nil {
			return n, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.open = false
			_ = syscall.Close(f.fd)
			return 0, &fs.PathError{Op: "read", Path: f.path, Err: err}
		}
	}
}
