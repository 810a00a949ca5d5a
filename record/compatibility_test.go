package record_test

import (
	"bytes"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// A line of a collector that does not know lists is read as it was, and written again it is the same.
func TestLinesBeforeDetails(t *testing.T) {
	n := 0
	for line := range bytes.Lines(recordtest.BeforeDetails) {
		n++
		line = bytes.TrimSpace(line)
		s, err := record.ParseSample(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		if s.Filesystems != nil || s.Disks != nil || s.Interfaces != nil || s.Processes != nil || s.Units != nil || s.Sensors != nil {
			t.Errorf("%s has lists: %+v", line, s)
		}
		if again := s.AppendJSON(nil); !bytes.Equal(again, line) {
			t.Errorf("written again the line is\n%s, want\n%s", again, line)
		}
	}
	if n != 24 {
		t.Errorf("%d lines", n)
	}
}
