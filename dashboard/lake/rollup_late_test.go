package lake_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// A file that is moved to its place after the rollup, with the time when it was written before, makes its hour due. Local delivery moves
// files so, and a process that died moves them when it starts again.
func TestRollupOfAMovedFile(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	samples := laketest.Samples(1, from, from.Add(time.Hour), time.Minute)
	paths := laketest.Write(t, dir, samples[:50])
	staged := laketest.Write(t, t.TempDir(), samples[50:])
	earlier := time.Now().Add(-time.Hour)
	if err := os.Chtimes(staged[0], earlier, earlier); err != nil {
		t.Fatal(err)
	}
	now := from.Add(2 * time.Hour)
	rollUp(t, dir, now)
	moved := filepath.Join(filepath.Dir(paths[0]), "moved.parquet")
	copyInto(t, staged[0], moved)
	if err := os.Chtimes(moved, earlier, earlier); err != nil {
		t.Fatal(err)
	}
	if written, _ := rollUp(t, dir, now); !slices.Equal(written, []string{"1m 2026-02-28T21 60"}) {
		t.Errorf("wrote %v", written)
	}
	if written, _ := rollUp(t, dir, now); len(written) > 0 {
		t.Errorf("wrote %v, want nothing again", written)
	}
}

// Samples of a clock that is a year ahead, and files whose time is in the future, are rolled up once and not again and again.
func TestRollupOfTheFuture(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	paths := laketest.Write(t, dir, laketest.Samples(1, from, from.Add(time.Hour), time.Minute))
	laketest.Write(t, dir, laketest.Samples(1, from.AddDate(1, 0, 0), from.AddDate(1, 0, 0).Add(time.Hour), time.Minute))
	future := time.Now().AddDate(1, 0, 0)
	if err := os.Chtimes(paths[0], future, future); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"1m 2026-02-28T21 60"}, nil} {
		if written, _ := rollUp(t, dir, from.Add(2*time.Hour)); !slices.Equal(written, want) {
			t.Errorf("run %d wrote %v, want %v", i, written, want)
		}
	}
}

// A Parquet file of another schema in an hour is left out and named, and the hour is rolled up without it.
func TestRollupOfAForeignFile(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	paths := laketest.Write(t, dir, laketest.Samples(1, from, from.Add(time.Hour), time.Minute))
	other := t.TempDir()
	laketest.Write(t, other, laketest.Samples(1, from, from.Add(time.Hour), time.Minute))
	rollUp(t, other, from.Add(2*time.Hour))
	copyInto(t, filepath.Join(other, "metricsdashboard-lake", "rollup", "1m", "year=2026", "month=02", "day=28", "hour=21", "rollup.parquet"),
		filepath.Join(filepath.Dir(paths[0]), "foreign.parquet"))
	written, warnings := rollUp(t, dir, from.Add(2*time.Hour))
	if !slices.Equal(written, []string{"1m 2026-02-28T21 60"}) || len(warnings) != 1 || !strings.Contains(warnings[0], "no column ts: not a file of samples") {
		t.Errorf("wrote %v with warnings %v", written, warnings)
	}
	if written, _ := rollUp(t, dir, from.Add(2*time.Hour)); len(written) > 0 {
		t.Errorf("wrote %v, want nothing again", written)
	}
}

// A copy of a stack's bucket can have the folders of several runs. The newest one counts, and a file of local rollup counts more.
func TestRollupsOfACopiedBucket(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	laketest.Write(t, dir, laketest.Samples(1, from, from.Add(time.Hour), time.Minute))
	rollUp(t, dir, from.Add(2*time.Hour))
	hour := filepath.Join(dir, "metricsdashboard-lake", "rollup", "1m", "year=2026", "month=02", "day=28", "hour=21")
	old := filepath.Join(hour, "20260228T221500Z-AAAA")
	newest := filepath.Join(hour, "20260228T231500Z-AAAA")
	for _, folder := range []string{old, newest} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	copyInto(t, filepath.Join(hour, "rollup.parquet"), filepath.Join(old, "a"))
	copyInto(t, filepath.Join(hour, "rollup.parquet"), filepath.Join(newest, "a"))
	count := func(want int) {
		t.Helper()
		if rows := rollupRows(t, open(t, dir), panels.Minutes, "hostname, t, samples"); len(rows) != want {
			t.Errorf("%d rows, want %d", len(rows), want)
		}
	}
	count(60)
	copyInto(t, filepath.Join(hour, "rollup.parquet"), filepath.Join(newest, "b")) // two files of one run are two halves
	count(60)
	if err := os.Remove(filepath.Join(hour, "rollup.parquet")); err != nil {
		t.Fatal(err)
	}
	count(120)
}
