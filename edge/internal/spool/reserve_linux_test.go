package spool_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// TestReserve: a segment holds more room than its size while it is written, and no more than that once it is closed.
func TestReserve(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	f, err := spool.Dir(dir).Open("a", true)
	if err != nil {
		t.Fatal(err)
	}
	state := func() (size, room int64) {
		t.Helper()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size(), info.Sys().(*syscall.Stat_t).Blocks * 512
	}
	line := strings.Repeat("x", 1000)
	for i := range 70 {
		if _, err := f.WriteAt([]byte(line), int64(i*1000)); err != nil {
			t.Fatal(err)
		}
		size, room := state()
		if size != int64(i+1)*1000 {
			t.Fatalf("after %d bytes the size is %d", (i+1)*1000, size)
		}
		if i == 0 && room < 64<<10 {
			t.Skipf("this file system does not reserve: %d bytes of room", room)
		}
	}
	if _, room := state(); room < 128<<10 {
		t.Errorf("past the first 64 KiB the room is %d", room)
	}
	if err := f.Truncate(500); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(line), 500); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if size, room := state(); size != 1500 || room > 8<<10 {
		t.Errorf("closed it has %d bytes, and room for %d", size, room)
	}
	data, err := os.ReadFile(path)
	if err != nil || string(data) != strings.Repeat("x", 1500) {
		t.Errorf("it holds %d bytes: %v", len(data), err)
	}
}
