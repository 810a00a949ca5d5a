//go:build browser

package browser_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// optionOf is the ECharts option of the chart below a selector.
func optionOf(selector string) string {
	return fmt.Sprintf("echarts.getInstanceByDom(document.querySelector('%s')).getOption()", selector)
}

// TestPeakAndGap: the axis of a host's chart reaches its highest reading, which has an entry in the legend, and the small charts break
// where there are no samples.
func TestPeakAndGap(t *testing.T) {
	dir := t.TempDir()
	from := time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	samples := laketest.Samples(1, from, from.Add(time.Hour), 3*time.Second)
	for i := range samples {
		samples[i].CPUPct = record.Some(12.0)
	}
	samples[100].CPUPct = record.Some(93.0)
	samples = slices.Delete(samples, 400, 800) // 20 minutes
	laketest.Write(t, dir, samples)
	address := site(t, dir)
	b := open(t)
	span := fmt.Sprintf("from=%s&to=%s", from.Format(time.RFC3339), from.Add(time.Hour).Format(time.RFC3339))
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+span), loaded(1))
	if top := eval[float64](b, optionOf("[data-panel=overview-cpu] .chart")+".yAxis[0].max"); top < 93 {
		t.Errorf("the axis ends at %v, the peak is 93", top)
	}
	if legend := eval[string](b, "document.querySelector('[data-panel=overview-cpu] .card-legend').innerText"); !strings.Contains(legend, "peak") {
		t.Errorf("the legend says %q", legend)
	}
	const nulls = ".series[0].data.filter(([, v]) => v === null).length"
	if n := eval[int](b, optionOf("[data-tile=cpu_pct] .spark")+nulls); n == 0 {
		t.Error("the small chart bridges 20 minutes without samples")
	}
}

// TestTooltipListsAllHosts: hosts whose samples are apart are all in the tooltip, and no two lines of a
// chart have equal colour and dashes, and no two layers equal colours.
func TestTooltipListsAllHosts(t *testing.T) {
	dir := t.TempDir()
	from := time.Now().UTC().Truncate(time.Hour).Add(-3 * time.Hour)
	samples := laketest.Samples(4, from, from.Add(15*time.Minute), time.Minute)
	hosts := map[string]int{}
	for i := range samples {
		n, ok := hosts[samples[i].Hostname]
		if !ok {
			n = len(hosts)
			hosts[samples[i].Hostname] = n
		}
		samples[i].TS += float64(11 * n)
	}
	laketest.Write(t, dir, samples)
	address := site(t, dir)
	b := open(t)
	span := fmt.Sprintf("from=%s&to=%s", from.Format(time.RFC3339), from.Add(15*time.Minute).Format(time.RFC3339))
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+span), loaded(1),
		script("document.querySelector('[data-panel=overview-cpu]').scrollIntoView({block: 'center'})"))
	box := b.rectOf("[data-panel=overview-cpu] .chart")
	x, y := box.X+box.W/2, box.Y+box.H/2
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, x-20, y), chromedp.MouseEvent(chromedp.MouseMoved, x, y), chromedp.WaitVisible(".tip-body"))
	text := eval[string](b, "document.querySelector('.tip-body').innerText")
	for host := range hosts {
		if !strings.Contains(text, host) {
			t.Errorf("the tooltip lacks %s:\n%s", host, text)
		}
	}
	const unequal = `(async () => {
		const { styleOf, stylesOf } = await import(document.querySelector('script[type=module]').src.replace(/[^/]*$/, 'palette.js'));
		const names = Array.from({ length: 80 }, (_, i) => 'style-' + String(i).padStart(3, '0'));
		for (const name of names) styleOf(name, 'style');
		const styles = [...stylesOf([names[0], names[36], names[72], names[1]], 'style').values()];
		const layers = [...stylesOf([names[0], names[12]], 'style', false).values()];
		return new Set(styles.map((s) => s.colour + s.dash)).size + new Set(layers.map((s) => s.colour)).size;
	})()`
	if n := eval[int](b, unequal, chromedp.EvalAwaitPromise); n != 4+2 {
		t.Errorf("four lines and two layers of charts have %d styles, want 6", n)
	}
}

// TestShownSpan: a panel that does not follow the chosen range says which span it shows.
func TestShownSpan(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(chromedp.Navigate(address+"/?dashboard=disk&range=1h"), loaded(1))
	if note := eval[string](b, "document.querySelector('[data-panel=disk-fullest] .note').textContent"); !strings.Contains(note, "the last 24 h") {
		t.Errorf("the note says %q", note)
	}
}
