package lake_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// rollUp rolls up a lake at a time and says what was written, such as "1m 2026-02-28T22 8".
func rollUp(t *testing.T, dir string, now time.Time) (written, warnings []string) {
	t.Helper()
	r, err := lake.OpenRoller(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = r.Run(t.Context(), now, func(d lake.Rolled) {
		written = append(written, fmt.Sprintf("%s %s %d", d.Rollup.Name, d.Start.Format("2006-01-02T15"), d.Rows))
		warnings = append(warnings, d.Warnings...)
	})
	if err != nil {
		t.Fatal(err)
	}
	return written, warnings
}

// rollupRows returns the rows of a rollup as SQL sees them.
func rollupRows(t *testing.T, l *lake.Lake, r panels.Rollup, columns string) [][]any {
	t.Helper()
	result := query(t, l, "SELECT "+columns+" FROM "+r.Table()+" ORDER BY hostname, machine_id, t")
	rows := make([][]any, result.Rows())
	for i := range rows {
		for _, c := range result.Data {
			rows[i] = append(rows[i], c[i])
		}
	}
	return rows
}

// A rollup has the mean, the lowest and the highest value of each bucket, and the newest text. A sample that was delivered twice
// counts once.
func TestRollup(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 22, 0, 0, 0, time.UTC)
	samples := laketest.Samples(3, from, from.Add(130*time.Minute), 7*time.Second)
	for i := range samples {
		samples[i].DiskUsedMount = fmt.Sprintf("/%d", i)
		if i%5 == 0 {
			samples[i].CPUPct = record.Float{}
		}
		if i%3 == 0 {
			samples[i].DiskUsedMount = ""
		}
	}
	samples[10].NetBytesRecvPerS = record.Some(1e308) // not plausible
	laketest.Write(t, dir, samples)
	for _, path := range laketest.Write(t, t.TempDir(), samples[:200]) { // delivered twice
		copyInto(t, path, filepath.Join(dir, "metricsdashboard-lake", "analytics", "year=2026", "month=02", "day=28", "hour=22", "again.parquet"))
	}
	written, warnings := rollUp(t, dir, from.Add(24*time.Hour))
	want := []string{"1m 2026-02-28T22 180", "1m 2026-02-28T23 180", "1m 2026-03-01T00 30", "1h 2026-02-28T00 6", "1d 2026-02-28T00 3"}
	if !slices.Equal(written, want) || len(warnings) > 0 {
		t.Errorf("wrote %v with warnings %v, want %v", written, warnings, want)
	}
	l := open(t, dir)
	for _, r := range panels.Rollups() {
		rows := rollupRows(t, l, r, "hostname, t, samples, last_ts, cpu_pct, cpu_pct_min, cpu_pct_max, net_bytes_recv_per_s, disk_used_mount")
		compareWithSamples(t, r, rows, samples, from)
	}
	if n := one(t, l, "SELECT count(*) FROM samples"); n != fmt.Sprint(len(samples)+200) {
		t.Errorf("%s samples; the rollups must not count as samples", n)
	}
}

func copyInto(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// compareWithSamples computes a rollup from the samples in another way.
func compareWithSamples(t *testing.T, r panels.Rollup, rows [][]any, samples []record.Sample, from time.Time) {
	t.Helper()
	type key struct {
		host string
		t    int64
	}
	buckets := map[key][]record.Sample{}
	for _, s := range samples {
		start := time.UnixMilli(record.Millis(s.TS)).UTC().Truncate(r.Bucket)
		if r.Start(start).After(from) && r.Period == 24*time.Hour {
			continue // the day has not ended
		}
		k := key{s.Hostname, start.Unix()}
		buckets[k] = append(buckets[k], s)
	}
	if len(rows) != len(buckets) {
		t.Errorf("%s: %d rows, want %d", r.Name, len(rows), len(buckets))
	}
	for _, row := range rows {
		bucket := buckets[key{row[0].(string), row[1].(int64)}]
		if len(bucket) == 0 {
			t.Fatalf("%s: no sample for %v", r.Name, row)
		}
		cpu := values(bucket, record.Percent, func(s record.Sample) record.Float { return s.CPUPct })
		recv := values(bucket, record.BytesPerSecond, func(s record.Sample) record.Float { return s.NetBytesRecvPerS })
		mount := ""
		for _, s := range bucket {
			mount = cmp.Or(s.DiskUsedMount, mount)
		}
		want := []any{int64(len(bucket)), bucket[len(bucket)-1].TS, meanOf(cpu), slices.Min(cpu), slices.Max(cpu), meanOf(recv), any(mount)}
		if r.From().Name != "" {
			want[2] = weightedMean(r.From(), bucket, record.Percent, func(s record.Sample) record.Float { return s.CPUPct })
			want[5] = weightedMean(r.From(), bucket, record.BytesPerSecond, func(s record.Sample) record.Float { return s.NetBytesRecvPerS })
		}
		if mount == "" {
			want[6] = nil
		}
		for i, w := range want {
			got := row[i+2]
			if a, ok := got.(float64); ok {
				if b := w.(float64); math.Abs(a-b) > 1e-9*math.Abs(b) {
					t.Errorf("%s %v: column %d is %v, want %v", r.Name, row[:2], i+2, got, w)
				}
			} else if got != w {
				t.Errorf("%s %v: column %d is %v, want %v", r.Name, row[:2], i+2, got, w)
			}
		}
	}
}

// values are the plausible values as they stand on the wire.
func values(bucket []record.Sample, unit record.Unit, of func(record.Sample) record.Float) (list []float64) {
	plausible, _ := record.Column{Unit: unit}.Range()
	for _, s := range bucket {
		if v, ok := of(s).Get(); ok && plausible.Contains(v) {
			list = append(list, unit.Round(v))
		}
	}
	return list
}

// weightedMean is the mean of the means of finer buckets. Each of these weighs as much as it has samples, also those that lack the value.
func weightedMean(finer panels.Rollup, bucket []record.Sample, unit record.Unit, of func(record.Sample) record.Float) float64 {
	buckets := map[time.Time][]record.Sample{}
	for _, s := range bucket {
		start := time.UnixMilli(record.Millis(s.TS)).UTC().Truncate(finer.Bucket)
		buckets[start] = append(buckets[start], s)
	}
	sum, weight := 0., 0.
	for _, b := range buckets {
		sum += meanOf(values(b, unit, of)) * float64(len(b))
		weight += float64(len(b))
	}
	return sum / weight
}

func meanOf(list []float64) float64 {
	sum := 0.
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// Only what has changed is rolled up again.
func TestRollupIsDue(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	samples := laketest.Samples(1, from, from.Add(3*time.Hour), time.Minute)
	laketest.Write(t, dir, samples[:150])
	check := func(step string, now time.Time, want ...string) {
		t.Helper()
		if written, _ := rollUp(t, dir, now); !slices.Equal(written, want) {
			t.Errorf("%s: wrote %v, want %v", step, written, want)
		}
	}
	check("the third hour goes on", from.Add(2*time.Hour+20*time.Minute), "1m 2026-02-28T21 60", "1m 2026-02-28T22 60")
	check("again", from.Add(2*time.Hour+20*time.Minute))
	check("the third hour has ended, but its last samples may be on their way", from.Add(3*time.Hour+time.Minute))
	late := laketest.Write(t, t.TempDir(), samples[110:120])
	copyInto(t, late[0], filepath.Join(dir, "metricsdashboard-lake", "analytics", "year=2026", "month=02", "day=28", "hour=22", "late.parquet"))
	check("the day has ended, and samples came late", from.Add(4*time.Hour), "1m 2026-02-28T22 60", "1m 2026-02-28T23 30", "1h 2026-02-28T00 3", "1d 2026-02-28T00 1")
	check("nothing is new", from.Add(40*time.Hour))
}

// A file that cannot be read is left out and named. When it is whole, the hour is due again.
func TestRollupOfABrokenFile(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	paths := laketest.Write(t, dir, laketest.Samples(1, from, from.Add(time.Hour), time.Minute))
	whole, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(paths[0], whole[:len(whole)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	now := from.Add(90 * time.Minute)
	if written, warnings := rollUp(t, dir, now); !slices.Equal(written, []string{"1m 2026-02-28T21 0"}) || len(warnings) != 1 || !strings.Contains(warnings[0], "left out") {
		t.Errorf("wrote %v with warnings %v", written, warnings)
	}
	if err := os.WriteFile(paths[0], whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if written, warnings := rollUp(t, dir, now); !slices.Equal(written, []string{"1m 2026-02-28T21 60"}) || len(warnings) > 0 {
		t.Errorf("wrote %v with warnings %v", written, warnings)
	}
}

// Runs beside each other, and what a killed run leaves, change no row.
func TestRollupsSideBySide(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	laketest.Write(t, dir, laketest.Samples(2, from, from.Add(3*time.Hour), time.Minute))
	left := filepath.Join(dir, "metricsdashboard-lake", "rollup", "1m", "year=2026", "month=02", "day=28", "hour=12")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, ".77.tmp"), []byte("PAR1"), 0o644); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() { rollUp(t, dir, from.Add(30*time.Hour)) })
	}
	group.Wait()
	l := open(t, dir)
	for r, want := range map[string]int{"1m": 360, "1h": 6, "1d": 2} {
		i := slices.IndexFunc(panels.Rollups(), func(p panels.Rollup) bool { return p.Name == r })
		if rows := rollupRows(t, l, panels.Rollups()[i], "hostname, t, samples"); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", r, len(rows), want)
		}
	}
}

// A period that is rolled up in parts has the rows of one that is not. Copies in one of its parts count once.
func TestRollupInParts(t *testing.T) {
	dir, from := t.TempDir(), time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	samples := laketest.Samples(3, from, from.Add(2*time.Hour), 10*time.Second)
	laketest.Write(t, dir, append(samples, samples[100:120]...))
	parts, now := copyOf(t, dir), from.Add(30*time.Hour)
	whole := answers(t, dir, now)
	r, err := lake.OpenRoller(parts, 1)
	if err != nil {
		t.Fatal(err)
	}
	r.InParts(10_000)
	var rows []int64
	if err := errors.Join(r.Run(t.Context(), now, func(d lake.Rolled) { rows = append(rows, d.Rows) }), r.Close()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows, []int64{180, 180, 6, 3}) {
		t.Errorf("wrote %v rows", rows)
	}
	if got := answers(t, parts, now); fmt.Sprint(got) != fmt.Sprint(whole) {
		t.Errorf("rows in parts:\n%v, want\n%v", got, whole)
	}
	if left, err := filepath.Glob(filepath.Join(parts, "*", "rollup", "*", "*", "*", "*", "*", ".*")); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// The rollups lie beside the table, so its folder alone does not do.
func TestRollupOfTheTableItself(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), time.Second))
	r, err := lake.OpenRoller(filepath.Join(dir, laketest.Prefix), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = r.Run(t.Context(), start.Add(48*time.Hour), func(lake.Rolled) {})
	if err == nil || !strings.Contains(err.Error(), "give the directory above it") {
		t.Errorf("error %v", err)
	}
}
