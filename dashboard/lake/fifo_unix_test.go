//go:build unix

package lake_test

import (
	"path/filepath"
	"syscall"
	"testing"
)

// Opening a FIFO waits until another process opens it for writing.
func TestFIFO(t *testing.T) {
	dir, path := hourOfMinute(t)
	must(t, syscall.Mkfifo(filepath.Join(filepath.Dir(path), "a.parquet"), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(filepath.Dir(path), "..", "hour=21"), 0o600))
	expectRows(t, dir, 20, "a.parquet: not a regular file", "hour=21: not a directory")
}
