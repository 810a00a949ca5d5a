//go:build browser

package browser_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// fleet is a lake of 30 hosts and 14 days up to now. It is made once for all tests that only read it.
var fleet = sync.OnceValues(func() (string, error) {
	dir, err := newDir()
	if err != nil {
		return "", err
	}
	var failed error
	to := time.Now().UTC().Truncate(time.Minute)
	laketest.WriteFleet(failer{&failed}, dir, laketest.Fleet{
		Hosts: 30, From: to.Add(-14 * 24 * time.Hour), To: to, Interval: time.Minute, Seed: 7,
	})
	return dir, failed
})

func fleetSite(t *testing.T) string {
	t.Helper()
	dir, err := fleet()
	if err != nil {
		t.Fatal(err)
	}
	return site(t, dir)
}

// spans is the range in which a dashboard is looked at here; without one it is 24h.
var spans = map[string]string{"overview": "1h", "patterns": "7d"}

func TestEveryDashboardShowsEveryPanel(t *testing.T) {
	address := fleetSite(t)
	for _, d := range panels.All() {
		if d.ID == "filters" {
			continue
		}
		t.Run(d.ID, func(t *testing.T) {
			b := open(t)
			span := spans[d.ID]
			if span == "" {
				span = "24h"
			}
			query := url.Values{"dashboard": {d.ID}, "range": {span}}
			if d.ID == "host" {
				query.Set("host", "db-01")
			}
			b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+query.Encode()), loaded(1))
			for _, p := range d.Panels {
				if p.Kind == panels.Stat || p.Kind == panels.Trend {
					continue
				}
				state := eval[string](b, fmt.Sprintf(
					"(() => { const e = document.querySelector('[data-panel=%s]'); return `${e.dataset.points} ${e.querySelector('.chart-state').textContent}`.trim(); })()", p.ID))
				if points, problem, _ := strings.Cut(state, " "); points == "0" || points == "undefined" || problem != "" {
					t.Errorf("%s shows %q", p.ID, state)
				}
				if p.Kind == panels.Table {
					continue
				}
				if drawn := eval[bool](b, fmt.Sprintf("(() => { const c = document.querySelector('[data-panel=%s] canvas'); "+
					"const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; return d.some((v) => v !== 0); })()", p.ID)); !drawn {
					t.Errorf("%s has drawn nothing", p.ID)
				}
			}
			if notice := eval[string](b, "document.querySelector('#notice').hidden ? '' : document.querySelector('#notice').textContent"); notice != "" {
				t.Errorf("the page says %q", notice)
			}
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 1440 {
				t.Errorf("the page is %d px wide in a window of 1440", wide)
			}
			b.shoot(d.ID + "-light")
			b.do(theme("dark"))
			b.shoot(d.ID + "-dark")
		})
	}
}
