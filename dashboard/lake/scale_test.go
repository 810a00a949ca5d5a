package lake_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var scaleLakes = flag.String("scale", "", "directory for the lakes of large fleets, kept for the next time; empty makes new ones")

// BenchmarkScale prints the CPU time of each panel over a day of a large fleet, in an open lake with files in the page cache. It does not
// depend much on what else runs on the machine.
//
//	go test ./lake -run '^$' -bench Scale -benchtime 1x -scale /tmp/lakes -panel overview
func BenchmarkScale(b *testing.B) {
	for _, f := range laketest.LargeFleets() {
		b.Run(fmt.Sprint(f.Hosts), func(b *testing.B) {
			l, err := lake.Open(laketest.Large(b, *scaleLakes, f), lake.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() {
				if err := l.Close(); err != nil {
					b.Error(err)
				}
			}()
			r := panels.Range{From: f.To.Add(-24 * time.Hour), To: f.To}
			params := panels.Params{Range: r, Series: 12, Delay: time.Minute}
			var lines []string
			for b.Loop() {
				lines = nil
				var sum time.Duration
				for _, d := range panels.All() {
					for _, p := range d.Panels {
						if !strings.HasPrefix(p.ID, *yearPanel) || p.AnswerOf != "" {
							continue
						}
						params.Bucket = panels.BucketFor(r, min(300, panels.BucketsFor(p, f.Hosts, false)))
						var cpu time.Duration
						rows := 0
						for range 2 { // the first time warms the files
							q, err := panels.Bind(p, params, l.Form(b.Context()))
							if err != nil {
								b.Fatal(err)
							}
							before := cpuTime()
							result, err := l.Query(b.Context(), q)
							if err != nil {
								b.Fatalf("%s: %v", p.ID, err)
							}
							cpu, rows = cpuTime()-before, result.Rows()
						}
						sum += cpu
						lines = append(lines, fmt.Sprintf("%-24s %6.2f s %6d rows", p.ID, cpu.Seconds(), rows))
					}
				}
				lines = append(lines, fmt.Sprintf("%-24s %6.2f s", "all", sum.Seconds()))
			}
			b.Logf("CPU time:\n%s", strings.Join(lines, "\n"))
		})
	}
}
