package lake_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var (
	benchRows = flag.Int("rows", 10_000_000, "rows of the lake that the benchmarks read")
	benchLake = flag.String("lake", "", "directory for that lake, kept for the next time; empty makes a new one")
)

// benchEnd is when the benchmarks' lake ends.
var benchEnd = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

const (
	benchHosts    = 30
	benchInterval = 3 * time.Second
)

// BenchmarkPanels measures each panel over one hour and one day of a large lake of 30 hosts. The lake is opened anew for each
// run. On Linux, its files are dropped from the page cache first.
//
//	go test ./lake -run '^$' -bench Panels -benchtime 1x -timeout 1h -rows 100000000 -lake /tmp/lake
func BenchmarkPanels(b *testing.B) {
	dir := *benchLake
	if dir == "" {
		dir = b.TempDir()
	}
	if _, err := os.Stat(filepath.Join(dir, laketest.Prefix)); err != nil {
		began := time.Now()
		span := time.Duration(*benchRows/benchHosts) * benchInterval
		rows := laketest.WriteFleet(b, dir, laketest.Fleet{Hosts: benchHosts, From: benchEnd.Add(-span), To: benchEnd, Interval: benchInterval, Seed: 1})
		b.Logf("made %d rows in %v", rows, time.Since(began).Round(time.Second))
	}
	for _, span := range []time.Duration{time.Hour, 24 * time.Hour} {
		r := panels.Range{From: benchEnd.Add(-span), To: benchEnd}
		p := panels.Params{Range: r, Bucket: panels.BucketFor(r, 300), Series: 12, Delay: time.Minute}
		for _, d := range panels.All() {
			for _, panel := range d.Panels {
				b.Run(span.String()+"/"+panel.ID, func(b *testing.B) {
					q, err := panels.Bind(panel, p, panels.DuckDB())
					if err != nil {
						b.Fatal(err)
					}
					for b.Loop() {
						b.StopTimer()
						if err := dropCache(dir); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
						l, err := lake.Open(dir, lake.Options{})
						if err != nil {
							b.Fatal(err)
						}
						if _, err := l.Query(b.Context(), q); err != nil {
							b.Fatal(err)
						}
						if err := l.Close(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
