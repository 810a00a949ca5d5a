package child

import (
	"slices"
	"strings"
	"testing"
)

// TestLines writes an output in pieces that do not end where its lines end.
func TestLines(t *testing.T) {
	var have []string
	l := &lines{call: func(line string) { have = append(have, line) }}
	long := strings.Repeat("x", maxLine)
	for _, piece := range []string{"1\n\n2", "\r\n3\n4 and", " more\n", long, long + "5\n", "unended"} {
		if n, err := l.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatalf("have %d, %v", n, err)
		}
	}
	l.end()
	l.end()
	if want := []string{"1", "", "2\r", "3", "4 and more", long, long + "5", "unended"}; !slices.Equal(have, want) {
		t.Errorf("have %.200q", have)
	}
}
