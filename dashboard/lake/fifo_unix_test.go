// Unix only: other systems have no named pipes in folders.

//go:build unix

package lake_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
)

// Opening a FIFO waits until another process opens it for writing.
func TestFIFO(t *testing.T) {
	dir, path := hourOfMinute(t)
	must(t, syscall.Mkfifo(filepath.Join(filepath.Dir(path), "a.parquet"), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(filepath.Dir(path), "..", "hour=21"), 0o600))
	expectRows(t, dir, 20, "a.parquet: not a regular file", "hour=21: not a directory")
}

// A file that turns into a FIFO after it was listed does not make the lake wait for a writer.
func TestFIFOInPlaceOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	must(t, syscall.Mkfifo(path, 0o600))
	if err := lake.CheckFile(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Error(err)
	}
}
