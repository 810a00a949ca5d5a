package versioned_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
)

func TestReadWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if _, _, err := versioned.Read(path, 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read no file: %v", err)
	}
	if _, err := versioned.Write(path, []byte("one"), versioned.Of([]byte("other"))); !errors.Is(err, versioned.ErrConflict) {
		t.Errorf("replace no file: %v", err)
	}
	first, err := versioned.Write(path, []byte("one"), "")
	if err != nil {
		t.Fatal(err)
	}
	if content, version, err := versioned.Read(path, 3); err != nil || string(content) != "one" || version != first {
		t.Errorf("%q, %q, %v", content, version, err)
	}
	if _, err := versioned.Write(path, []byte("two"), ""); !errors.Is(err, versioned.ErrConflict) {
		t.Errorf("write without the version: %v", err)
	}
	if again, err := versioned.Write(path, []byte("one"), ""); err != nil || again != first {
		t.Errorf("write the same again: %q, %v", again, err)
	}
	second, err := versioned.Write(path, []byte("two"), first)
	if err != nil || second == first {
		t.Errorf("%q, %v", second, err)
	}
	if _, err := versioned.Write(path, []byte("three"), first); !errors.Is(err, versioned.ErrConflict) {
		t.Errorf("write over an old version: %v", err)
	}
}

// A file that is too large is refused by its name, and not cut.
func TestLargeFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, version, err := versioned.Read(path, 4); err == nil || content != nil || version != "" || !strings.Contains(err.Error(), path+": it has more than 4 bytes") {
		t.Errorf("%q, %q, %v", content, version, err)
	}
	if content, _, err := versioned.Read(path, 5); err != nil || string(content) != "12345" {
		t.Errorf("%q, %v", content, err)
	}
}
