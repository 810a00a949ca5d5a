package demo

import (
	"slices"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	var out strings.Builder
	lines := &tail{out: &out}
	for _, line := range []string{"dropped", "", "1\r", "2", "3 level=WARN late", "4", "5", "6", "7", "8"} {
		lines.add(line)
	}
	if have, want := lines.last(), []string{"1", "2", "3 level=WARN late", "4", "5", "6", "7", "8"}; !slices.Equal(have, want) {
		t.Errorf("have %q", have)
	}
	if want := "edge: 3 level=WARN late\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
}
