package failed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Folder is the bucket of a lake in a directory, as `local up` writes it.
type Folder struct{ dir string }

// OpenFolder returns the bucket with failed records in a lake's directory. The directory may be the bucket or hold it.
func OpenFolder(dir string) (*Folder, error) {
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the lake %s does not exist: name another with --lake", dir)
		}
		return nil, err
	}
	for _, folder := range []string{Errors, Replayed} {
		if isDir(filepath.Join(dir, folder)) {
			return &Folder{dir}, nil
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var buckets []string
	for _, e := range entries {
		if bucket := filepath.Join(dir, e.Name()); isDir(filepath.Join(bucket, Errors)) || isDir(filepath.Join(bucket, Replayed)) {
			buckets = append(buckets, bucket)
		}
	}
	switch len(buckets) {
	case 0: // nothing has failed yet
		return &Folder{dir}, nil
	case 1:
		return &Folder{buckets[0]}, nil
	}
	return nil, fmt.Errorf("the lake %s has failed records of %d buckets: name one of them with --lake: %s", dir, len(buckets), strings.Join(buckets, ", "))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (f *Folder) path(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

// Lock implements [Storage]. The lock ends with the process.
func (f *Folder) Lock() (func() error, bool, error) {
	path := f.path(states + "lock")
	if err := durable.MkdirAll(filepath.Dir(path), 0o755, durable.SyncDir); err != nil {
		return nil, false, err
	}
	file, err := durable.Lock(path)
	if errors.Is(err, durable.ErrLocked) {
		return nil, false, fmt.Errorf("lock %s: %w", path, errInUse)
	}
	if err != nil {
		return nil, false, err
	}
	return file.Close, true, nil
}

var errInUse = errors.New("another replay of this lake is running; wait for its end")

// List implements [Storage].
func (f *Folder) List(ctx context.Context, folder string, each func(Object) error) error {
	root := f.path(folder)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // moved meanwhile, or nothing has failed yet
			return nil
		case err != nil:
			return err
		case !d.Type().IsRegular():
			return ctx.Err()
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		key, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		return errors.Join(ctx.Err(), each(Object{Key: filepath.ToSlash(key), Size: info.Size(), Modified: info.ModTime()}))
	})
}

// Open implements [Storage]. Somebody may have replaced the file since List saw it. So Open follows no link out of the folder, and checks
// the file that it has opened.
func (f *Folder) Open(_ context.Context, o Object) (io.ReadCloser, error) {
	file, err := os.OpenInRoot(f.dir, filepath.FromSlash(o.Key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", o.Key, ErrGone)
	} else if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: it is not a regular file", o.Key)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Content implements [Storage].
func (f *Folder) Content(ctx context.Context, o Object) (string, error) {
	file, err := f.Open(ctx, o)
	if err != nil {
		return "", err
	}
	return versioned.OfAll(file)
}

// Move implements [Storage].
func (f *Folder) Move(_ context.Context, o Object, to string) error {
	from, path := f.path(o.Key), f.path(to)
	if err := durable.MkdirAll(filepath.Dir(path), 0o755, durable.SyncDir); err != nil {
		return err
	}
	if err := os.Rename(from, path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", o.Key, ErrGone)
		}
		return err
	}
	return errors.Join(durable.SyncDir(filepath.Dir(path)), durable.SyncDir(filepath.Dir(from)))
}

// Get implements [Storage].
func (f *Folder) Get(_ context.Context, key string) ([]byte, string, error) {
	return versioned.Read(f.path(key), MaxState)
}

// Put implements [Storage]. The caller holds the lock, so no other process writes between the check and the rename.
func (f *Folder) Put(_ context.Context, key string, content []byte, version string) (string, error) {
	path := f.path(key)
	if err := durable.MkdirAll(filepath.Dir(path), 0o755, durable.SyncDir); err != nil {
		return "", err
	}
	next, err := versioned.Write(path, content, version)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", key, err)
	}
	return next, nil
}
