package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mark is the file at the root of the repository.
const mark = "go.work"

// Root returns the root of the repository that dir lies in.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		_, err := os.Stat(filepath.Join(at, mark))
		switch {
		case err == nil:
			return at, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("find the repository: %w", err)
		case at == filepath.Dir(at):
			return "", fmt.Errorf("find the repository: no %s in %s or above it; run inside a clone", mark, dir)
		}
	}
}

// functions is the folder of the Lambda functions' module.
func functions(root string) string { return filepath.Join(root, "functions") }
