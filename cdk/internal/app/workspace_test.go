package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
)

func TestRoot(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	if err := os.MkdirAll(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Root(deep); err == nil || !strings.Contains(err.Error(), "run inside a clone") {
		t.Errorf("outside a repository: %v", err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.work"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{root, deep} {
		if got, err := app.Root(dir); err != nil || got != root {
			t.Errorf("root of %s is %s, %v", dir, got, err)
		}
	}
}
