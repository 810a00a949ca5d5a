//go:build browser

package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
)

// TestMarks: restarts are lines in the charts over time, problems of a chosen host are shaded spans, and a click on a restart shows
// the time around it on the page of its host.
func TestMarks(t *testing.T) {
	dir := t.TempDir()
	from := time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	samples := laketest.Restarts(from)
	laketest.Write(t, dir, samples)
	host := samples[0].Hostname
	address := site(t, dir)
	b := open(t)
	span := fmt.Sprintf("from=%s&to=%s", from.Format(time.RFC3339), from.Add(time.Hour).Format(time.RFC3339))
	const chart = "echarts.getInstanceByDom(document.querySelector('[data-panel=%s] .chart')).getOption().series.at(-1)"
	marks := func(panel, kind string) int { return eval[int](b, fmt.Sprintf(chart+".%s.data.length", panel, kind)) }

	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+span), loaded(1))
	if lines, spans := marks("overview-cpu", "markLine"), marks("overview-cpu", "markArea"); lines != 2 || spans != 0 {
		t.Errorf("%d lines and %d spans over all hosts, want 2 and 0", lines, spans)
	}
	b.shoot("marks")
	b.do(chromedp.Navigate(address+"/?dashboard=host&host="+host+"&"+span), loaded(1))
	if lines, spans := marks("host-cpu", "markLine"), marks("host-cpu", "markArea"); lines != 2 || spans != 1 {
		t.Errorf("%d lines and %d spans over one host, want 2 and 1", lines, spans)
	}
	b.shoot("marks-host")

	b.do(chromedp.Navigate(address+"/?"+span), loaded(1), script("document.querySelector('[data-panel=overview-cpu]').scrollIntoView({block: 'center'})"))
	box := b.rectOf("[data-panel=overview-cpu] .chart")
	x := eval[float64](b, fmt.Sprintf("echarts.getInstanceByDom(document.querySelector('[data-panel=overview-cpu] .chart')).convertToPixel({xAxisIndex: 0}, %d)", from.Add(40*time.Minute).UnixMilli()))
	y := box.Y + box.H/2
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, box.X+x-20, y), chromedp.MouseEvent(chromedp.MouseMoved, box.X+x, y), chromedp.WaitVisible(".tip-more"))
	if got := eval[string](b, "document.querySelector('.tip-more').textContent"); !strings.Contains(got, "Machine started: "+host) {
		t.Errorf("the tooltip says %q", got)
	}
	b.settle(chromedp.MouseEvent(chromedp.MousePressed, box.X+x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(chromedp.MouseReleased, box.X+x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	q := b.query()
	if q.Get("dashboard") != "host" || q.Get("host") != host || q.Get("from") != from.Add(25*time.Minute).Format(time.RFC3339) ||
		q.Get("to") != from.Add(55*time.Minute).Format(time.RFC3339) {
		t.Errorf("a click on the restart leads to %v", q)
	}
}
