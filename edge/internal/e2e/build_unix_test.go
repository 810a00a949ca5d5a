// Unix only: the tests that start the real binary ask it to stop by a signal.

//go:build unix

package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// build builds edge as for a release.
func build(tb testing.TB) string {
	tb.Helper()
	seeSources(tb)
	path := filepath.Join(tb.TempDir(), "edge")
	c := exec.Command("go", "build", "-trimpath", "-tags", "nethttpomithttp2", "-ldflags", "-s -w", "-o", path, "../..")
	c.Env = testenv.Environ(tb, "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		tb.Fatalf("build edge: %v\n%s", err, out)
	}
	return path
}

// seeSources looks at every source file of the binary. go test notes which files a test looks at, but not those of the processes that
// it starts. Without this, go test would use a cached result although the sources have changed.
func seeSources(tb testing.TB) {
	tb.Helper()
	err := filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}
