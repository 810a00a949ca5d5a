// Package versioned reads and writes small files: a write says which version it replaces. It has no lock: between the look at the version
// and the write nobody else may write. Package objects does the same in S3.
package versioned

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// ErrConflict says that somebody else has written in the meantime.
var ErrConflict = errors.New("somebody else has written it")

// Read returns a file of at most limit bytes, and its version. It fails with [fs.ErrNotExist] if there is no such file.
func Read(path string, limit int64) (content []byte, version string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	content, err = io.ReadAll(io.LimitReader(file, limit+1))
	if err = errors.Join(err, file.Close()); err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("read %s: it has more than %d bytes", path, limit)
	}
	if err != nil {
		return nil, "", err
	}
	return content, Of(content), nil
}

// Write writes a file if its version is still the given one, or if version is empty and there is no file. Otherwise it fails with
// [ErrConflict], but not if the file has that content already. It returns the new version. The file is durable then.
func Write(path string, content []byte, version string) (string, error) {
	now, err := versionOf(path)
	if err != nil {
		return "", err
	}
	next := Of(content)
	if now != version && now != next {
		return "", fmt.Errorf("write %s: %w", path, ErrConflict)
	}
	if err := durable.WriteFile(path, content); err != nil {
		return "", err
	}
	return next, nil
}

// Of returns the version of a content.
func Of(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// versionOf returns the version of a file, of any size. It is empty if there is no file.
func versionOf(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return OfAll(file)
}

// OfAll returns the version of a content that is read to its end, and closes it.
func OfAll(content io.ReadCloser) (string, error) {
	sum := sha256.New()
	_, err := io.Copy(sum, content)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, content.Close())
}
