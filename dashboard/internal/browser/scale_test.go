//go:build browser

package browser_test

import (
	"flag"
	"fmt"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

var scaleDir = flag.String("scale", "", "directory for the lakes of BenchmarkPage, kept for the next time; empty makes new ones")

// BenchmarkPage measures dashboards over a day of a large fleet in Chromium, with an open lake and files in the page cache: when the page
// paints first, when the first panel has data, when all have, and how many elements the page has.
//
//	go test -tags browser ./internal/browser -run '^$' -bench Page//overview -benchtime 3x -timeout 1h -scale /tmp/lakes
func BenchmarkPage(b *testing.B) {
	for _, f := range laketest.LargeFleets() {
		b.Run(fmt.Sprint(f.Hosts), func(b *testing.B) {
			dir := laketest.Large(b, *scaleDir, f)
			for _, d := range panels.All() {
				if d.NoPage {
					continue
				}
				b.Run(d.ID, func(b *testing.B) { benchmarkPage(b, dir, f, d) })
			}
		})
	}
}

func benchmarkPage(b *testing.B, dir string, f laketest.Fleet, d panels.Dashboard) {
	b.Helper()
	l, err := lake.Open(dir, lake.Options{}) // with the memory that the program takes by default: 10,000 hosts need 2 GB
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	}()
	address := siteOf(b, l, server.Options{})
	q := url.Values{"dashboard": {d.ID}}
	if d.ID == "host" {
		q.Set("host", "web-01")
	}
	tab := open(b)
	// Each load has another time range, as each refresh of a page has: otherwise it would find what the load before shared among its panels.
	loads := 0
	show := func() {
		earlier := time.Duration(loads) * time.Second
		q.Set("from", f.From.Add(-earlier).Format(time.RFC3339))
		q.Set("to", f.To.Add(-earlier).Format(time.RFC3339))
		loads++
		tab.do(chromedp.Navigate("about:blank"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+q.Encode()), loaded(1))
	}
	show() // opens the lake and warms the files
	var sums [4]float64
	before := cpuTime()
	for b.Loop() {
		show()
		for i, v := range eval[[]float64](tab, "[performance.getEntriesByName('first-contentful-paint')[0].startTime, "+
			"...(([a, ...z]) => [a.startTime, (z.at(-1) ?? a).startTime])(performance.getEntriesByName('panel')), document.querySelectorAll('*').length]") {
			sums[i] += v
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, unit := range []string{"ms-to-paint", "ms-to-data", "ms-to-all", "elements"} {
		b.ReportMetric(sums[i]/float64(b.N), unit)
	}
	b.ReportMetric(float64((cpuTime()-before).Milliseconds())/float64(b.N), "server-cpu-ms")
}

// cpuTime is the CPU time of this process so far: of the server and the test, not of the browser.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
