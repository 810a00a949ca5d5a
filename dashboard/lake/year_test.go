package lake_test

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var (
	yearLake  = flag.String("year", "", "directory for the lake of a year, kept for the next time; empty makes a new one")
	yearPanel = flag.String("panel", "", "measure only panels whose id begins so")
	yearSpan  = flag.Duration("span", 0, "measure only this time range; 0 measures a day, a month and a year")
)

const (
	yearHosts    = 100
	yearInterval = 15 * time.Second
	yearDays     = 365
	minuteDays   = 32 // days that have minutes
)

// BenchmarkYear measures each panel over a day, a month and a year of 100 hosts at 15 s. Two days of samples are simulated and rolled up. The
// other days have rollups only, which are those of the whole day with other times: to simulate a year of samples would take hours. It
// prints for each panel how long the first query of a new process takes, with no file in the page cache on Linux, how long the next one
// takes, and how much CPU time that needs, which does not depend on what else runs on the machine.
//
//	go test ./lake -run '^$' -bench Year -benchtime 1x -timeout 1h -year /tmp/year
func BenchmarkYear(b *testing.B) {
	dir := *yearLake
	if dir == "" {
		dir = b.TempDir()
	}
	writeYear(b, dir)
	fmt.Println("first, again, CPU time of again, rollup, rows:")
	for b.Loop() {
		for _, span := range []time.Duration{24 * time.Hour, 30 * 24 * time.Hour, yearDays * 24 * time.Hour} {
			if *yearSpan > 0 && span != *yearSpan {
				continue
			}
			r := panels.Range{From: benchEnd.Add(-span), To: benchEnd}
			params := panels.Params{Range: r, Bucket: panels.BucketFor(r, 300), Series: 12, Delay: time.Minute}
			for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
				for _, p := range d.Panels {
					if !strings.HasPrefix(p.ID, *yearPanel) {
						continue
					}
					params.Host = ""
					if d.ID == "host" {
						params.Host = "web-01"
					}
					fmt.Printf("%4.0f d  %s\n", span.Hours()/24, measure(b, dir, p, params)) // the testing package cuts a long log
				}
			}
		}
	}
}

func measure(b *testing.B, dir string, p panels.Panel, params panels.Params) string {
	b.Helper()
	if err := dropCache(dir); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	}()
	var took [2]time.Duration
	var cpu time.Duration
	var rows int
	var q panels.Query
	for i := range took {
		before := cpuTime()
		if q, err = panels.Bind(p, params, l.Form(b.Context())); err != nil {
			b.Fatal(err)
		}
		r, err := l.Query(b.Context(), q)
		if err != nil {
			b.Fatalf("%s: %v", p.ID, err)
		}
		took[i], cpu, rows = time.Since(began), cpuTime()-before, r.Rows()
		began = time.Now()
	}
	return fmt.Sprintf("%-24s %6.2f s %6.2f s %6.2f s  %-2s %6d", p.ID, took[0].Seconds(), took[1].Seconds(), cpu.Seconds(), q.Rollup, rows)
}

// writeYear makes the lake, or what is missing of it. It ends at benchEnd, which is a noon.
func writeYear(b *testing.B, dir string) {
	b.Helper()
	if _, err := os.Stat(filepath.Join(dir, laketest.Prefix)); err != nil {
		writeTwoDays(b, dir)
	}
	db := laketest.DuckDB(b)
	whole := panels.Hours.Start(benchEnd).Add(-24 * time.Hour) // the day that is rolled up whole
	for _, r := range []panels.Rollup{panels.Days, panels.Hours, panels.Minutes} {
		days := yearDays
		if r.Name == panels.Minutes.Name {
			days = minuteDays
		}
		repeatDay(b, db, dir, r, whole, days)
	}
}

// writeTwoDays writes the samples of two days and rolls them up.
func writeTwoDays(b *testing.B, dir string) {
	b.Helper()
	began := time.Now()
	rows := laketest.WriteFleet(b, dir, laketest.Fleet{Hosts: yearHosts, From: benchEnd.Add(-48 * time.Hour), To: benchEnd, Interval: yearInterval, Seed: 1})
	b.Logf("made %d samples in %v", rows, time.Since(began).Round(time.Second))
	began = time.Now()
	roller, err := lake.OpenRoller(dir, 2)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(roller.Run(b.Context(), benchEnd, func(lake.Rolled) {}), roller.Close()); err != nil {
		b.Fatal(err)
	}
	b.Logf("rolled them up in %v", time.Since(began).Round(time.Second))
}

// repeatDay writes the rollup of a day for the days before, and says how large that of the day is.
func repeatDay(b *testing.B, db *sql.DB, dir string, r panels.Rollup, whole time.Time, days int) {
	b.Helper()
	var bytes, buckets int64
	for start := whole; start.Before(whole.Add(24 * time.Hour)); start = start.Add(r.Period) {
		from := rollupFiles(b, dir, r, start)
		if len(from) != 1 {
			b.Fatalf("%d files of %s %v", len(from), r.Name, start)
		}
		info, err := os.Stat(from[0])
		if err != nil {
			b.Fatal(err)
		}
		bytes += info.Size()
		var n int64
		if err := db.QueryRow("SELECT count(*) FROM read_parquet('" + from[0] + "')").Scan(&n); err != nil {
			b.Fatal(err)
		}
		buckets += n
		for day := 1; day < days; day++ {
			folder := rollupDir(dir, r, start.Add(-time.Duration(day)*24*time.Hour))
			to := filepath.Join(folder, "shifted.parquet")
			if _, err := os.Stat(to); err == nil {
				continue
			}
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
			back, fresh := fmt.Sprint(day*86400), filepath.Join(folder, ".new")
			_, err := db.Exec("COPY (SELECT * REPLACE (t - " + back + " AS t, first_ts - " + back + " AS first_ts, last_ts - " + back +
				" AS last_ts) FROM read_parquet('" + from[0] + "', hive_partitioning = false)) TO '" + fresh + "' (FORMAT parquet, ROW_GROUP_SIZE 20480, COMPRESSION zstd, COMPRESSION_LEVEL 9)")
			if err := errors.Join(err, os.Rename(fresh, to)); err != nil {
				b.Fatal(err)
			}
		}
	}
	samples := yearHosts * float64(24*time.Hour/yearInterval)
	b.Logf("%s: %d rows a day, %.0f bytes each, %.2f bytes per sample", r.Name, buckets, float64(bytes)/float64(buckets), float64(bytes)/samples)
}

func rollupDir(dir string, r panels.Rollup, start time.Time) string {
	return filepath.Join(dir, filepath.Dir(laketest.Prefix), filepath.FromSlash(r.Prefix()+r.Folder(start)))
}

// rollupFiles are the files of a period.
func rollupFiles(t laketest.TB, dir string, r panels.Rollup, start time.Time) (files []string) {
	t.Helper()
	err := filepath.WalkDir(rollupDir(dir, r, start), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return files
}
