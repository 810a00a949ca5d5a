package lake_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// beforeDetails is a file that the local stack wrote before samples had lists, of those lines of [recordtest.BeforeDetails] that are
// of one hour. It must not change: such files stay in people's lakes.
const beforeDetails = "testdata/before-details.parquet"

// Files without lists and files with them are in one lake, and in one hour.
func TestFileBeforeDetails(t *testing.T) {
	file, err := os.ReadFile(beforeDetails)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at := time.Date(2026, 2, 3, 4, 58, 0, 0, time.UTC)
	laketest.Write(t, dir, laketest.Samples(1, at, at.Add(time.Minute), 3*time.Second))
	hour := filepath.Join(dir, laketest.Prefix, "year=2026", "month=02", "day=03", "hour=04")
	if err := os.WriteFile(filepath.Join(hour, "before-details.parquet"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	if got, want := one(t, l, "SELECT count(*), count(sensors), count(filesystems), sum(len(sensors)) > 0 FROM samples"), "43 1 1 true"; got != want {
		t.Errorf("rows and lists: %s, want %s", got, want)
	}
	for line := range bytes.Lines(recordtest.BeforeDetails) {
		s, err := record.ParseSample(bytes.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		if record.HourOf(s.TS) != record.HourOf(record.TS(at)) {
			continue
		}
		r := query(t, l, fmt.Sprintf(`SELECT hostname, cpu_pct, ram_used_bytes, inodes_used_pct, machine_id, event_time, sensors, processes
			FROM samples WHERE session_id = '%s' AND seq = %d AND ts = %f`, s.SessionID, s.Seq, s.TS))
		if r.Rows() != 1 {
			t.Fatalf("%s: %d rows", line, r.Rows())
		}
		value := func(v any, ok bool) string {
			if !ok {
				v = nil
			}
			return fmt.Sprint(v)
		}
		cpu, hasCPU := s.CPUPct.Get()
		ram, hasRAM := s.RAMUsedBytes.Get()
		inodes, hasInodes := s.InodesUsedPct.Get()
		for i, want := range []string{
			s.Hostname, value(cpu, hasCPU), value(ram, hasRAM), value(inodes, hasInodes), value(s.MachineID, s.MachineID != ""),
			fmt.Sprint(time.UnixMilli(record.Millis(s.TS)).UTC()), "<nil>", "<nil>",
		} {
			if got := first(r, i); got != want {
				t.Errorf("%s of %s, %d is %s, want %s", r.Columns[i].Name, s.SessionID, s.Seq, got, want)
			}
		}
	}
	p := params(at.Add(-time.Hour), at.Add(10*time.Minute))
	for _, d := range panels.All() {
		for _, panel := range d.Panels {
			runPanel(t, l, panel.ID, p) // fails if the query fails
		}
	}
}

// first is a value of the first row, printed.
func first(r panels.Result, column int) string { return fmt.Sprint(r.Data[column][0]) }
