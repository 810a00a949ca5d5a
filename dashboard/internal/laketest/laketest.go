// Package laketest writes lakes of Parquet files for tests: the samples of seeded machines, in the layout and with the
// columns that the pipeline delivers. It is for tests only and is not how the project writes Parquet.
package laketest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// TB is the part of *testing.T and *testing.B that the functions here use.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Prefix is the folder of the table below the directory of a lake.
var Prefix = filepath.Join("metricsdashboard-lake", "analytics")

// Samples returns the samples of some machines between two times, oldest first. The second time is not included.
func Samples(hosts int, from, to time.Time, interval time.Duration) []record.Sample {
	var samples []record.Sample
	for seed := range hosts {
		h := recordtest.New(uint64(seed) + 1)
		for t := from; t.Before(to); t = t.Add(interval) {
			s := h.Sample(t)
			s.Hostname = fmt.Sprintf("%s-%02d", s.NodeRole, seed+1)
			s.IntervalS = int32(interval.Seconds())
			samples = append(samples, s)
		}
	}
	slices.SortStableFunc(samples, func(a, b record.Sample) int { return int(record.Millis(a.TS) - record.Millis(b.TS)) })
	return samples
}

// Write writes the samples below dir, one file for each hour, and returns the files' paths. Columns named in without are
// left out of the files, as in those of an older release.
func Write(t TB, dir string, samples []record.Sample, without ...string) []string {
	t.Helper()
	hours := map[record.Hour][]record.Sample{}
	var order []record.Hour
	for _, s := range samples {
		h := record.HourOf(s.TS)
		if _, ok := hours[h]; !ok {
			order = append(order, h)
		}
		hours[h] = append(hours[h], s)
	}
	var paths []string
	for _, h := range order {
		hour := hourDir(dir, h)
		entries, err := os.ReadDir(hour)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("%v", err)
		}
		path := filepath.Join(hour, fmt.Sprintf("stream-1-%d.parquet", len(entries)))
		WriteFile(t, path, hours[h], without...)
		paths = append(paths, path)
	}
	return paths
}

// hourDir returns the folder of the files of an hour.
func hourDir(dir string, h record.Hour) string {
	p := h.Partition()
	return filepath.Join(dir, Prefix, "year="+p.Year, "month="+p.Month, "day="+p.Day, "hour="+p.Hour)
}

// WriteFile writes one Parquet file.
func WriteFile(t TB, path string, samples []record.Sample, without ...string) {
	t.Helper()
	file, err := create(path, without)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for i := range samples {
		if err := file.write(&samples[i]); err != nil {
			t.Fatalf("write %s: %v", path, err)
		}
	}
	if err := file.close(); err != nil {
		t.Fatalf("%v", err)
	}
}
