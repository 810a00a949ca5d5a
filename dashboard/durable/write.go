package durable

import (
	"errors"
	"os"
	"path/filepath"
)

// WriteFile replaces a file, or makes it. After a crash or a loss of power the file has either its former content or the new one. If
// WriteFile fails, the file may have either.
func WriteFile(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return SyncDir(filepath.Dir(path))
}
