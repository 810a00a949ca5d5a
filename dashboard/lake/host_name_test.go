package lake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// TestHostNameOfSeveralMachines: it is a problem if two machines send one host name at the same time. It is not a problem if one
// machine follows the other, or if samples have no machine_id.
func TestHostNameOfSeveralMachines(t *testing.T) {
	const overlap = 10 * time.Minute
	half := start.Add(30 * time.Minute)
	machines := func(s record.Sample) (host, id string) {
		before := s.TS < record.TS(half)
		switch s.Hostname[len(s.Hostname)-2:] {
		case "01":
			return "cloned", "a"
		case "02":
			return "cloned", map[bool]string{true: "a", false: "b"}[before] // a second one from half the time on
		case "03":
			return "reinstalled", map[bool]string{true: "c", false: "d"}[before]
		case "04":
			return "old", ""
		}
		return "old", "e"
	}
	dir := t.TempDir()
	samples := laketest.Samples(5, start, half.Add(overlap), 10*time.Second)
	for i := range samples {
		samples[i].Hostname, samples[i].MachineID = machines(samples[i])
	}
	laketest.Write(t, dir, samples)
	result := runPanel(t, open(t, dir), "overview-attention", params(start, half.Add(overlap)))
	var got []string
	for i := range result.Rows() {
		if at(t, result, "problem", i) == "Host name of several machines" {
			got = append(got, fmt.Sprint(at(t, result, "host", i)))
			check(t, result, i, map[string]float64{"value": 2, "since": record.TS(half), "severity": 2})
		}
	}
	if fmt.Sprint(got) != "[cloned]" {
		t.Errorf("names of several machines are %v, want [cloned]", got)
	}
}
