//go:build browser

package browser_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
)

// openIn opens a tab whose clock is that of a time zone.
func openIn(t *testing.T, zone string) *tab {
	t.Helper()
	b := open(t)
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: zone})
		return err
	}))
	return b
}

// asked is the offset in the newest request for a panel's data.
func (b *tab) asked(panel string) string {
	b.t.Helper()
	return eval[string](b, "new URL(performance.getEntriesByType('resource').findLast((e) => e.name.includes('/api/panels/"+panel+"?')).name).searchParams.get('offset')")
}

// TestTimeZone: the page says by which clock its times are, and can show all of them in UTC.
func TestTimeZone(t *testing.T) {
	dir := t.TempDir()
	from := time.Date(2025, time.October, 26, 8, 0, 0, 0, time.UTC)
	laketest.Write(t, dir, laketest.Samples(2, from, from.Add(4*time.Hour), time.Minute))
	b := openIn(t, "Europe/Berlin")
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site(t, dir)+"/?from=2025-10-26T08:00:00Z&to=2025-10-26T12:00:00Z"), loaded(1))
	const ticks = "echarts.getInstanceByDom(document.querySelector('[data-panel=overview-cpu] .chart')).getModel().getComponent('xAxis', 0).axis.getViewLabels().map((l) => l.formattedLabel)"
	check := func(zone, first, last, offset string) {
		t.Helper()
		if got := b.text("#zone"); got != zone {
			t.Errorf("the button says %q, want %q", got, zone)
		}
		if got := b.text("#custom-label"); !strings.Contains(got, first) || !strings.Contains(got, last) {
			t.Errorf("the range is %q, want one from %s to %s", got, first, last)
		}
		labels := eval[[]string](b, ticks)
		if len(labels) < 3 || slices.Min(labels) < first || slices.Min(labels) > first[:2]+":59" {
			t.Errorf("the axis has %q, want times from %s", labels, first)
		}
		if got := b.asked("overview-cpu"); got != offset {
			t.Errorf("the page asks with the offset %s, want %s", got, offset)
		}
		// The form is filled after the browser has opened it.
		b.do(chromedp.Click("#custom-label"), poll("document.querySelector('#custom-from').value.startsWith('2025-10-26T"+first+"')"))
		b.settle(chromedp.Click("#custom-form button"))
		if got := b.query().Get("from"); got != "2025-10-26T08:00:00Z" {
			t.Errorf("the form leads to %s", got)
		}
	}
	check("UTC+1", "09:00", "13:00", "7200,1761440400:3600") // some panels show the week before, in which daylight saving ended
	b.settle(chromedp.Click("#zone"))
	if b.query().Get("utc") != "1" {
		t.Error("UTC is not in the address")
	}
	check("UTC", "08:00", "12:00", "0")
	b.settle(chromedp.Click("#zone"))
	if b.query().Has("utc") {
		t.Error("the address still has UTC")
	}
	check("UTC+1", "09:00", "13:00", "7200,1761440400:3600")
	const kiosk = "document.querySelector('#kiosk-zone').checkVisibility()"
	if eval[bool](b, kiosk) {
		t.Error("the page says the zone twice")
	}
	here := eval[string](b, "location.href")
	for query, want := range map[string]string{"&kiosk=1": "Times of Europe/Berlin (UTC+1)", "&kiosk=1&utc=1": "Times in UTC"} {
		b.do(chromedp.Navigate(here+query), loaded(1))
		if got := b.text("#kiosk-zone"); got != want || !eval[bool](b, kiosk) {
			t.Errorf("the page without controls says %q, want %q", got, want)
		}
	}
	b.do(chromedp.Navigate(here+"&utc=1"), loaded(1))
	check("UTC", "08:00", "12:00", "0")
}

// TestDaysOfDaylightSaving: a day that has 25 hours is one day, and those that the range has a part of are marked.
func TestDaysOfDaylightSaving(t *testing.T) {
	dir := t.TempDir()
	from := time.Date(2025, time.October, 25, 12, 0, 0, 0, time.UTC)
	to := from.Add(48 * time.Hour)
	laketest.Write(t, dir, laketest.Samples(1, from, to, 10*time.Minute))
	b := openIn(t, "Europe/Berlin")
	b.do(chromedp.EmulateViewport(1440, 900),
		chromedp.Navigate(site(t, dir)+"/?dashboard=patterns&from="+from.Format(time.RFC3339)+"&to="+to.Format(time.RFC3339)), loaded(1))
	if got := b.text("#zone"); got != "UTC+2 / UTC+1" {
		t.Errorf("the button says %q", got)
	}
	if got := b.asked("patterns-days"); got != "7200,1761440400:3600" {
		t.Errorf("the page asks with the offset %s", got)
	}
	for option, panel := range map[string]string{".xAxis[0].data": "patterns-trend", ".yAxis[0].data": "patterns-days"} {
		days := eval[[]string](b, optionOf("[data-panel="+panel+"] .chart")+option)
		if len(days) != 3 || !strings.HasSuffix(days[0], "(part)") || strings.Contains(days[1], "part") || !strings.HasSuffix(days[2], "(part)") {
			t.Errorf("%s has the days %q, want parts of two and a whole one between them", panel, days)
		}
	}
	if hours := b.points("patterns-days"); hours != 10+24+13 {
		t.Errorf("%d cells by hour and day, want %d", hours, 10+24+13)
	}
	if note := b.text("[data-panel=patterns-weekday] .note"); !strings.Contains(note, "needs 7 days, the range has 2 days") {
		t.Errorf("the note is %q", note)
	}
	if note := b.text("[data-panel=patterns-hour] .note"); strings.Contains(note, "needs") {
		t.Errorf("the note is %q", note)
	}
	b.settle(chromedp.Click("#zone"))
	if days := eval[[]string](b, optionOf("[data-panel=patterns-trend] .chart")+".xAxis[0].data"); len(days) != 3 {
		t.Errorf("in UTC the days are %q", days)
	}
	if hours := b.points("patterns-days"); hours != 12+24+12 {
		t.Errorf("%d cells by hour and day in UTC, want 48", hours)
	}
}
