package lake_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// An hour in which a host sends nothing is counted, between its samples and after the last one.
func TestGapsCountHoursOfSilence(t *testing.T) {
	hour := start.Truncate(time.Hour)
	samples := slices.DeleteFunc(laketest.Samples(1, hour, hour.Add(6*time.Hour), 10*time.Second), func(s record.Sample) bool {
		since := s.TS - record.TS(hour)
		return since > 3590 && since < 3*3600 || since >= 4*3600
	})
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	gaps := runPanel(t, open(t, dir), "delivery-gaps", params(hour, hour.Add(6*time.Hour)))
	if gaps.Rows() != 6 {
		t.Fatalf("%d rows for 6 hours", gaps.Rows())
	}
	for i, want := range []map[string]float64{
		{"samples": 360, "gaps": 0, "longest_gap": 10},
		{"samples": 0, "gaps": 1, "longest_gap": 3610},
		{"samples": 0, "gaps": 1, "longest_gap": 7210},
		{"samples": 360, "gaps": 1, "longest_gap": 7210},
		{"samples": 0, "gaps": 1, "longest_gap": 3610},
		{"samples": 0, "gaps": 1, "longest_gap": 7210},
	} {
		want["t"], want["expected"] = record.TS(hour)+3600*float64(i), 360
		check(t, gaps, i, want)
	}
}

// One host has no fault, one loses 50 s of samples, and one sends 20 of its samples again.
func TestQuestionsAboutTheDelivery(t *testing.T) {
	hour := start.Truncate(time.Hour)
	samples := laketest.Samples(3, hour, hour.Add(2*time.Hour), 10*time.Second)
	lossy, repeating := samples[1].Hostname, samples[2].Hostname
	samples = slices.DeleteFunc(samples, func(s record.Sample) bool {
		since := s.TS - record.TS(hour) - (20 * time.Minute).Seconds()
		return s.Hostname == lossy && since > 0 && since <= 50
	})
	var again []record.Sample
	for _, s := range samples {
		if s.Hostname == repeating && len(again) < 20 {
			again = append(again, s)
		}
	}
	samples = append(samples, again...)
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	p := params(hour, hour.Add(2*time.Hour))

	gaps := runPanel(t, l, "delivery-gaps", p)
	if gaps.Rows() != 6 {
		t.Fatalf("%d rows for 3 hosts and 2 hours", gaps.Rows())
	}
	for i := range gaps.Rows() {
		want := map[string]float64{"samples": 360, "expected": 360, "gaps": 0, "longest_gap": 10}
		if at(t, gaps, "host", i) == lossy && at(t, gaps, "t", i) == float64(hour.Unix()) {
			want = map[string]float64{"samples": 355, "expected": 360, "gaps": 1, "longest_gap": 60}
		}
		check(t, gaps, i, want)
	}
	twice := runPanel(t, l, "delivery-duplicates", p)
	if twice.Rows() != 1 || at(t, twice, "host", 0) != repeating {
		t.Fatalf("duplicates are %v", twice.Data)
	}
	check(t, twice, 0, map[string]float64{"repeated": 20})
	if v := fmt.Sprint(at(t, twice, "extra_rows", 0)); v != "20" {
		t.Errorf("%s rows too many, want 20", v)
	}
}

// If several hosts have the highest value, tiles name the one whose line is first in the charts.
func TestTilesAndChartsNameOneHostOfEqual(t *testing.T) {
	samples := laketest.Samples(30, start, start.Add(10*time.Minute), 10*time.Second)
	first := samples[0].Hostname
	for i := range samples {
		s := &samples[i]
		first = min(first, s.Hostname)
		s.CPUPct, s.RAMPct, s.DiskBusyPct, s.CPUPressurePct = record.Some(float64(50)), record.Some(float64(50)), record.Some(float64(50)), record.Some(float64(50))
		s.Load1, s.CPUCount = record.Some(float64(1)), record.Some(int32(4))
	}
	slices.Reverse(samples)
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	l, p := open(t, dir), params(start, start.Add(10*time.Minute))
	p.Series = 1
	for panel, columns := range map[string][]string{
		"overview-now":    {"cpu_host", "ram_host", "disk_host"},
		"performance-now": {"cpu_host", "ram_host", "load_host", "pressure_host"},
	} {
		r := runPanel(t, l, panel, p)
		for _, column := range columns {
			if got := r.Data[r.Index(column)][0]; got != first {
				t.Errorf("%s: %s is %v, want %s", panel, column, got, first)
			}
		}
	}
	p.Few = 100
	if r := runPanel(t, l, "overview-disk", p); r.Data[r.Index("host")][0] != first {
		t.Errorf("the chart shows %v, want %s", r.Data[r.Index("host")][0], first)
	}
}

// Of an hour that the range cuts, only the samples of the part within the range are expected.
func TestExpectedSamplesOfAPartOfAnHour(t *testing.T) {
	hour := start.Truncate(time.Hour)
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, hour, hour.Add(2*time.Hour), 10*time.Second))
	gaps := runPanel(t, open(t, dir), "delivery-gaps", params(hour.Add(15*time.Minute), hour.Add(90*time.Minute)))
	if gaps.Rows() != 2 {
		t.Fatalf("%d rows for 2 hours", gaps.Rows())
	}
	check(t, gaps, 0, map[string]float64{"samples": 270, "expected": 270, "gaps": 0})
	check(t, gaps, 1, map[string]float64{"samples": 180, "expected": 180, "gaps": 0})
}
