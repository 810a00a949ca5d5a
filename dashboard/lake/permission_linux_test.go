// Linux only: elsewhere a thread cannot give up the rights of root.

package lake_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// asNobody runs f without the rights of root, who can read everything. It removes the rights of the thread, so f must stay in this
// thread.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	const nobody = 65534
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0); errno != 0 {
		t.Fatal(errno)
	}
	defer func() {
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 0, 0, 0); errno != 0 {
			t.Fatal(errno)
		}
	}()
	f()
}

// A file that may not be read is left out only as long as that is so. A change of the mode does not change the modification
// time of the file, so the lake must not remember the refusal by that time.
func TestUnreadable(t *testing.T) {
	dir, path := hourOfMinute(t)
	must(t, os.Chmod(filepath.Dir(dir), 0o755)) // another user has to get there
	must(t, os.Chmod(path, 0o644))
	hour := filepath.Dir(path)
	file, other := filepath.Join(hour, "a.parquet"), filepath.Join(hour, "..", "hour=21")
	copyFile(t, path, file)
	must(t, os.Mkdir(other, 0))
	must(t, os.Chmod(file, 0))
	l := open(t, dir)
	ask := func() (rows any, warnings []string) {
		asNobody(t, func() {
			r := query(t, l, "SELECT count(*) FROM samples")
			rows, warnings = r.Data[0][0], r.Warnings
		})
		return rows, warnings
	}
	want := []string{
		"left out metricsdashboard-lake/analytics/year=2026/month=02/day=28/hour=21: permission denied",
		"left out metricsdashboard-lake/analytics/year=2026/month=02/day=28/hour=22/a.parquet: ",
	}
	// The lake reads footers in other threads, so root reads that of the file. Then DuckDB says that it may not read it.
	if rows, warnings := ask(); rows != int64(20) || len(warnings) != 2 || warnings[0] != want[0] ||
		!strings.HasPrefix(warnings[1], want[1]) || !strings.Contains(strings.ToLower(warnings[1]), "permission denied") {
		t.Errorf("%v rows, want 20; warnings %q, want %q", rows, warnings, want)
	}
	must(t, os.Chmod(file, 0o644))
	must(t, os.Chmod(other, 0o755))
	if rows, warnings := ask(); rows != int64(40) || len(warnings) != 0 {
		t.Errorf("once they may be read: %v rows, want 40; warnings %q", rows, warnings)
	}
}
