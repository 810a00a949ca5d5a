package laketest

import (
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
)

// Open opens the lake below dir until the end of the test.
func Open(t testing.TB, dir string) *lake.Lake {
	t.Helper()
	l, err := lake.Open(dir, lake.Options{MemoryLimit: "1GB"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
