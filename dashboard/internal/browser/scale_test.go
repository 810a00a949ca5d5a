//go:build browser

package browser_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var scaleDir = flag.String("scale", "", "directory for the lakes of BenchmarkPage, kept for the next time; empty makes new ones")

// scales are the lakes that BenchmarkPage looks at: 1.44 and 2.88 million samples a day.
var scales = []laketest.Fleet{
	{Hosts: 1000, Interval: time.Minute},
	{Hosts: 10_000, Interval: 5 * time.Minute},
}

// scaleEnd is when these lakes end.
var scaleEnd = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

// scaleLake makes a lake of a fleet and the day before scaleEnd, unless it is there.
func scaleLake(t testing.TB, f laketest.Fleet) string {
	t.Helper()
	root := *scaleDir
	if root == "" {
		var err error
		if root, err = newDir(); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(root, fmt.Sprintf("hosts-%d", f.Hosts))
	if _, err := os.Stat(filepath.Join(dir, laketest.Prefix)); err == nil {
		return dir
	}
	f.From, f.To, f.Seed, f.Recent = scaleEnd.Add(-24*time.Hour), scaleEnd, 1, time.Hour
	began := time.Now()
	rows := laketest.WriteFleet(t, dir, f)
	t.Logf("made %d rows of %d hosts in %v", rows, f.Hosts, time.Since(began).Round(time.Second))
	return dir
}

// BenchmarkPage measures dashboards over a day of a large fleet in Chromium, with an open lake and files in the page cache: when the page
// paints first, when the first panel has data, when all have, and how many elements the page has.
//
//	go test -tags browser ./internal/browser -run '^$' -bench Page -benchtime 3x -timeout 1h -scale /tmp/lakes
func BenchmarkPage(b *testing.B) {
	for _, f := range scales {
		for _, d := range panels.All() {
			if d.NoPage {
				continue
			}
			b.Run(fmt.Sprintf("%d/%s", f.Hosts, d.ID), func(b *testing.B) {
				address := site(b, scaleLake(b, f))
				q := url.Values{"dashboard": {d.ID}, "from": {scaleEnd.Add(-24 * time.Hour).Format(time.RFC3339)}, "to": {scaleEnd.Format(time.RFC3339)}}
				if d.ID == "host" {
					q.Set("host", "web-01")
				}
				tab := open(b)
				show := func() {
					tab.do(chromedp.Navigate("about:blank"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+q.Encode()), loaded(1))
				}
				show() // opens the lake and warms the files
				var sums [4]float64
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
			})
		}
	}
}
