package demo

import (
	"slices"
	"strings"
	"testing"
)

// TestTail writes an output in pieces that do not end where its lines end.
func TestTail(t *testing.T) {
	var out strings.Builder
	lines := &tail{out: &out}
	long := strings.Repeat("x", lineBytes)
	for _, piece := range []string{"dropped\n\n1", "\r\n2\n3 level=WARN", " late\n4\n5\n6\n", long + long + "7\n", "unended"} {
		if n, err := lines.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("have %d, %v", n, err)
		}
	}
	want := []string{"3 level=WARN late", "4", "5", "6", long, long, "7", "unended"}
	for range 2 {
		if have := lines.last(); !slices.Equal(have, want) {
			t.Errorf("have %q", have)
		}
	}
	if want := "edge: 3 level=WARN late\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
