// Package spooltest is a file system in memory for tests of the spool and of packages that use it. It fails when a test says so, counts
// operations, and loses unsynced bytes at a power cut. It is not a general file system and is for tests only.
package spooltest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// ErrOff is an error for Fail: the power is off. A write that fails with it writes no byte.
var ErrOff = errors.New("no power")

// FS is a directory in memory. It is safe for concurrent use.
type FS struct {
	// Fail is called before each operation with its number, from 0, and its name, such as "write 1.seg". If it returns an
	// error the operation fails, and a write writes a part of its bytes. Fail may be nil.
	Fail func(n int, op string) error

	mu      sync.Mutex // guards the fields below
	ops     int
	written int64
	syncs   int
	names   map[string]*file
	durable map[string]*file // names as of the last Sync
	held    *lock            // nil if the directory is not locked
}

type file struct {
	data   []byte
	synced []byte
	same   int // how many bytes at the beginning have not changed since the last sync
	// lost says that a sync failed while the power was on. Later syncs succeed, but what was written since the last good one never becomes
	// durable.
	lost bool
}

// New returns an empty directory.
func New() *FS { return &FS{names: map[string]*file{}, durable: map[string]*file{}} }

// Ops returns how many operations there were.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Written returns how many bytes were written.
func (f *FS) Written() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.written
}

// Syncs returns how often files were synced.
func (f *FS) Syncs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.syncs
}

// Size returns the size of all files together.
func (f *FS) Size() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sum int64
	for _, file := range f.names {
		sum += int64(len(file.data))
	}
	return sum
}

// Killed returns the directory as it is after the process was killed: all written bytes, but no lock.
func (f *FS) Killed() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := New()
	copies := map[*file]*file{}
	copied := func(names map[string]*file) map[string]*file {
		next := map[string]*file{}
		for name, old := range names {
			if copies[old] == nil {
				copies[old] = &file{data: bytes.Clone(old.data), synced: bytes.Clone(old.synced), same: old.same, lost: old.lost}
			}
			next[name] = copies[old]
		}
		return next
	}
	next.names, next.durable = copied(f.names), copied(f.durable)
	return next
}

// PowerCut returns the directory as it may be after a power loss: a random part of what was not synced is lost. A file keeps a prefix of
// the bytes written since its last sync, or has zeros instead. Some names that were created, removed or changed since the last sync
// of the directory are as they were then.
func (f *FS) PowerCut(rng *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := New()
	names := map[string]*file{}
	for name, old := range f.durable {
		if f.names[name] == old || rng.IntN(2) == 0 {
			names[name] = old
		}
	}
	for name, now := range f.names {
		if f.durable[name] != now && rng.IntN(2) == 0 {
			names[name] = now
		}
	}
	for name, old := range names {
		data := bytes.Clone(old.synced)
		if more := len(old.data) - len(data); more > 0 {
			switch keep := rng.IntN(more + 1); rng.IntN(3) {
			case 0:
				data = append(data, old.data[len(data):len(data)+keep]...)
			case 1:
				data = append(data, make([]byte, keep)...)
			}
		}
		next.names[name] = &file{data: data, synced: bytes.Clone(data), same: len(data)}
	}
	maps.Copy(next.durable, next.names)
	return next
}

// Change changes the content of a file without the spool's knowledge.
func (f *FS) Change(name string, change func(data []byte) []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file := f.names[name]
	file.data = change(file.data)
	file.synced, file.same = bytes.Clone(file.data), len(file.data)
}

// Names returns the names of files that end in suffix.
func (f *FS) Names(suffix string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for name := range f.names {
		if strings.HasSuffix(name, suffix) {
			names = append(names, name)
		}
	}
	return names
}

// Content returns a file's content.
func (f *FS) Content(name string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if file := f.names[name]; file != nil {
		return string(file.data)
	}
	return ""
}

// beginLocked counts an operation and returns the error with which it must fail, if any.
func (f *FS) beginLocked(op, name string) error {
	n := f.ops
	f.ops++
	if f.Fail == nil {
		return nil
	}
	return f.Fail(n, op+" "+name)
}

// Lock implements [spool.FS].
func (f *FS) Lock() (spool.Lock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.beginLocked("lock", ""); err != nil {
		return nil, err
	}
	if f.held != nil {
		return nil, spool.ErrInUse
	}
	f.held = &lock{f}
	return f.held, nil
}

type lock struct{ fs *FS }

// Close implements [io.Closer].
func (l *lock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.fs.held == l {
		l.fs.held = nil
	}
	return nil
}

// Held implements [spool.Lock].
func (l *lock) Held() bool {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	return l.fs.held == l
}

// Gone removes the directory with all files, as a person may do while a collector runs.
func (f *FS) Gone() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.names, f.durable, f.held = map[string]*file{}, map[string]*file{}, nil
}

// RemoveLock removes the lock and no other file.
func (f *FS) RemoveLock() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = nil
}

// List implements [spool.FS].
func (f *FS) List() ([]spool.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.beginLocked("list", ""); err != nil {
		return nil, err
	}
	var files []spool.FileInfo
	for name, file := range f.names {
		files = append(files, spool.FileInfo{Name: name, Size: int64(len(file.data))})
	}
	return files, nil
}

// Open implements [spool.FS].
func (f *FS) Open(name string, how spool.OpenMode) (spool.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	op := [...]string{spool.ReadOnly: "open", spool.ReadWrite: "reopen", spool.CreateNew: "create"}[how]
	create := how == spool.CreateNew
	if err := f.beginLocked(op, name); err != nil {
		return nil, err
	}
	old := f.names[name]
	switch {
	case create && old != nil:
		return nil, fmt.Errorf("create %s: %w", name, fs.ErrExist)
	case create:
		old = &file{}
		f.names[name] = old
	case old == nil:
		return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
	}
	return &handle{fs: f, name: name, file: old, readOnly: how == spool.ReadOnly}, nil
}

// Rename implements [spool.FS].
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.beginLocked("rename", from); err != nil {
		return err
	}
	old := f.names[from]
	if old == nil {
		return fmt.Errorf("rename %s: %w", from, fs.ErrNotExist)
	}
	delete(f.names, from)
	f.names[to] = old
	return nil
}

// Remove implements [spool.FS].
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.beginLocked("remove", name); err != nil {
		return err
	}
	delete(f.names, name)
	return nil
}

// Sync implements [spool.FS].
func (f *FS) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.beginLocked("syncdir", ""); err != nil {
		return err
	}
	f.durable = maps.Clone(f.names)
	return nil
}

type handle struct {
	fs   *FS
	name string
	file *file
	// readOnly says that the file was opened for reading only.
	readOnly bool
	closed   bool
}

var errClosed = fmt.Errorf("file is closed: %w", fs.ErrClosed)

// begin locks mu, which the caller must unlock, and counts an operation.
func (h *handle) begin(op string) error {
	h.fs.mu.Lock()
	if h.closed {
		return errClosed
	}
	return h.fs.beginLocked(op, h.name)
}

func (h *handle) ReadAt(p []byte, off int64) (int, error) {
	err := h.begin("read")
	defer h.fs.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if off >= int64(len(h.file.data)) {
		return 0, io.EOF
	}
	n := copy(p, h.file.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (h *handle) WriteAt(p []byte, off int64) (int, error) {
	err := h.begin("write")
	defer h.fs.mu.Unlock()
	if errors.Is(err, errClosed) {
		return 0, err
	}
	if h.readOnly {
		return 0, fmt.Errorf("write %s: %w", h.name, fs.ErrPermission)
	}
	switch {
	case errors.Is(err, ErrOff):
		p = nil
	case err != nil:
		p = p[:len(p)/2]
	}
	if end := off + int64(len(p)); end > int64(len(h.file.data)) {
		h.file.data = append(h.file.data, make([]byte, end-int64(len(h.file.data)))...)
	}
	copy(h.file.data[off:], p)
	h.file.same = min(h.file.same, int(off))
	h.fs.written += int64(len(p))
	return len(p), err
}

func (h *handle) Sync() error {
	err := h.begin("sync")
	defer h.fs.mu.Unlock()
	if err != nil {
		h.file.lost = h.file.lost || !errors.Is(err, ErrOff)
		return err
	}
	h.fs.syncs++
	if h.file.lost {
		return nil
	}
	h.file.synced = append(h.file.synced[:h.file.same], h.file.data[h.file.same:]...)
	h.file.same = len(h.file.data)
	return nil
}

func (h *handle) Truncate(size int64) error {
	err := h.begin("truncate")
	defer h.fs.mu.Unlock()
	if err != nil {
		return err
	}
	h.file.data = h.file.data[:size]
	h.file.same = min(h.file.same, int(size))
	return nil
}

func (h *handle) Close() error {
	h.fs.mu.Lock()
	defer h.fs.mu.Unlock()
	h.closed = true
	return nil
}
