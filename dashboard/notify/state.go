package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Folder keeps the states of receivers as files of a directory. While it is open, no other process can use the directory.
type Folder struct {
	dir  string
	lock *os.File
}

// OpenFolder opens a directory for states, and makes it if it is not there.
func OpenFolder(dir string) (*Folder, error) {
	if err := durable.MkdirAll(dir, 0o755, durable.SyncDir); err != nil {
		return nil, fmt.Errorf("make the directory for the state of alerts: %w", err)
	}
	lock, err := durable.Lock(filepath.Join(dir, "lock"))
	if errors.Is(err, durable.ErrLocked) {
		err = errors.New("another dashboard sends alerts from it; end that one, or choose another directory")
	}
	if err != nil {
		return nil, fmt.Errorf("lock the directory %s for the state of alerts: %w", dir, err)
	}
	return &Folder{dir, lock}, nil
}

// Close lets other processes use the directory.
func (f *Folder) Close() error { return f.lock.Close() }

// Store returns the state of one receiver, whose key is a part of the file's name.
func (f *Folder) Store(key string) alerts.Store {
	return file(filepath.Join(f.dir, "told-"+key+".json"))
}

// file is a state in a file. Only this process uses it, see [Folder].
type file string

// Load implements [alerts.Store].
func (f file) Load(context.Context) ([]byte, string, error) {
	content, version, err := versioned.Read(string(f), alerts.MaxStateBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	return content, version, err
}

// Save implements [alerts.Store].
func (f file) Save(_ context.Context, content []byte, version string) (string, error) {
	return versioned.Write(string(f), content, version)
}

// Memory is a state that ends with the process.
type Memory struct {
	mu      sync.Mutex // guards content
	content []byte
}

// Load implements [alerts.Store].
func (m *Memory) Load(context.Context) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.content == nil {
		return nil, "", nil
	}
	return m.content, versioned.Of(m.content), nil
}

// Save implements [alerts.Store].
func (m *Memory) Save(_ context.Context, content []byte, _ string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.content = content
	return versioned.Of(content), nil
}
