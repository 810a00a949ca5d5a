//go:build browser

package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// TestCompare: one switch, which the address holds, lets charts show the time before too.
func TestCompare(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Minute)
	for _, before := range []time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour} {
		end := now.Add(-before)
		samples := laketest.Samples(2, end.Add(-2*time.Hour), end, 10*time.Second)
		for i := range samples {
			samples[i].CPUPct = record.Some(10 + before.Hours()/10)
		}
		laketest.Write(t, dir, samples)
	}
	address := site(t, dir)
	b := open(t)
	lines := func(panel string) []float64 {
		return eval[[]float64](b, fmt.Sprintf(`echarts.getInstanceByDom(document.querySelector('[data-panel=%s] .chart')).getOption().series
			.filter((s) => s.name.endsWith('(earlier)')).map((s) => s.data.find((p) => p[1] !== null)?.[1] ?? -1)`, panel))
	}
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	if got := lines("overview-cpu"); len(got) != 0 {
		t.Errorf("earlier lines %v before anything is chosen", got)
	}
	b.pause()
	for choice, want := range map[string]float64{"period": 10, "day": 12.4, "week": 26.8} {
		b.do(chromedp.Click("[data-choose=compare] summary"), searching("compare"))
		b.settle(chromedp.Click("[data-choose=compare] [data-value=" + choice + "]"))
		if q := b.query(); q.Get("compare") != choice {
			t.Errorf("address %v after choosing %s", q, choice)
		}
		if got := lines("overview-cpu"); len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("%s: the earlier lines are %v, want two of %v", choice, got, want)
		}
		// They lie where the chart shows now.
		if got := eval[bool](b, `(() => { const o = echarts.getInstanceByDom(document.querySelector('[data-panel=overview-cpu] .chart')).getOption();
			return o.series.filter((s) => s.name.endsWith('(earlier)')).every((s) => s.data.every((p) => p[0] >= o.xAxis[0].min - 61000 && p[0] <= o.xAxis[0].max)); })()`); !got {
			t.Errorf("%s: earlier points lie outside of the chart", choice)
		}
	}
	b.shoot("compare")
	b.do(chromedp.Navigate(address+"/?dashboard=hosts&range=1h&compare=day"), loaded(1))
	bars := "echarts.getInstanceByDom(document.querySelector('[data-panel=hosts-cpu] .chart')).getOption().series.at(-1).data.map((v) => Math.round(10 * v) / 10)"
	if kind := eval[string](b, "document.querySelector('[data-panel=hosts-cpu]').className"); strings.Contains(kind, "kind-bar") {
		if got := fmt.Sprint(eval[[]float64](b, bars)); got != "[12.4 12.4]" {
			t.Errorf("earlier bars %s", got)
		}
	}
	b.shoot("compare-hosts")
	// A line and the earlier one of the same host have the same colour.
	b.do(chromedp.Navigate(address+"/?range=1h&compare=day"), loaded(1))
	same := `(() => { const all = echarts.getInstanceByDom(document.querySelector('[data-panel=overview-disk] .chart')).getOption().series;
		const colour = (name) => all.find((s) => s.name === name)?.lineStyle.color;
		return all.filter((s) => s.name.endsWith(' (earlier)')).map((s) => s.lineStyle.color === colour(s.name.replace(' (earlier)', ''))).join(' '); })()`
	if got := eval[string](b, same); got != "true true" {
		t.Errorf("earlier lines have the colours of their hosts: %s", got)
	}
	b.shoot("compare")
	b.do(chromedp.Navigate(address+"/?dashboard=hosts&range=1h&compare=day"), loaded(1))
	// A single line says the earlier value in its tooltip.
	host := eval[string](b, "document.querySelector('[data-panel=hosts-summary] tbody tr').dataset.host")
	b.do(chromedp.Navigate(address+"/?dashboard=host&range=1h&compare=week&host="+host), loaded(1))
	box := b.rectOf("[data-panel=host-cpu] .chart")
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W/2, box.Y+box.H/2), chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W/2+3, box.Y+box.H/2),
		poll("[...document.querySelectorAll('.tip-more')].some((e) => e.textContent.startsWith('the week before: 26.8%'))"))
}

// TestKiosk shows no controls, and Escape brings them back.
func TestKiosk(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(theme("dark"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h&kiosk=1"), loaded(1))
	seen := "[...document.querySelectorAll('.controls, .dashboards, .filters, .card-menu')].filter((e) => e.offsetParent !== null).length"
	if got := eval[int](b, seen); got != 0 {
		t.Errorf("%d controls in a kiosk", got)
	}
	if got := eval[bool](b, "document.querySelector('#lag').offsetParent !== null && document.querySelector('[data-panel=overview-cpu]').offsetParent !== null"); !got {
		t.Error("a kiosk lacks the charts or the age of the data")
	}
	b.shoot("kiosk")
	b.settle(script("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))"))
	if got := eval[int](b, seen); got == 0 || b.query().Has("kiosk") {
		t.Errorf("%d controls after Escape, address %v", got, b.query())
	}
}

// TestAddresses: what is as by default is not in the address, and equal states have equal addresses.
func TestAddresses(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1))
	for search, want := range map[string]string{
		"": "/", "?range=15m": "/", "?dashboard=overview&range=15m&once=false&nonsense=1": "/", "?range=1h&dashboard=network": "?dashboard=network&range=1h",
		"?host=a&range=1h": "?range=1h&host=a", "?to=2026-02-03T05:00:00Z&from=2026-02-03T04:00:00.000Z": "?from=2026-02-03T04:00:00Z&to=2026-02-03T05:00:00Z",
		"?compare=day&kiosk=1": "?compare=day&kiosk=1", "?compare=year&kiosk=yes": "/", "?host=a%26b%3D%3Cc%3E": "?host=a%26b%3D%3Cc%3E",
	} {
		got := eval[string](b, fmt.Sprintf("import(document.querySelector('script[type=module]').src.replace('app.js', 'state.js')).then((s) => s.toSearch(s.parse(%q)))", search), chromedp.EvalAwaitPromise)
		if got != want {
			t.Errorf("%s becomes %s, want %s", search, got, want)
		}
	}
}

// TestNumbers: small values have milli-units or enough digits, and no line is red or amber.
func TestNumbers(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1))
	module := func(name, expression string) string {
		return eval[string](b, fmt.Sprintf("import(document.querySelector('script[type=module]').src.replace('app.js', %q)).then((m) => String(%s))", name, expression), chromedp.EvalAwaitPromise)
	}
	for expression, want := range map[string]string{
		"m.value(0.0035, 's')": "3.5 ms", "m.value(0.25, 's')": "250 ms", "m.value(2.25, 's')": "2.3 s", "m.value(0, 's')": "0.0 s",
		"m.axisLabel(0.002, 's')": "2 ms", "m.axisLabel(1.5, 's')": "1.5 s", "m.axisLabel(0, 's')": "0", "m.value(0.004, 'per_s')": "0.004 /s",
		"m.value(0, 'per_s')": "0 /s", "m.axisLabel(0.002, 'per_s')": "0.002 /s", "m.value(0.25, 'per_s')": "0.25 /s",
	} {
		if got := module("format.js", expression); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	// The hue of each colour, in degrees: red is about 0, amber about 40.
	hues := module("palette.js", `Array.from({ length: 12 }, (_, i) => m.valueColour(i)).map((c) => {
		const [r, g, b] = [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)), top = Math.max(r, g, b), d = top - Math.min(r, g, b);
		return Math.round(60 * (top === r ? ((g - b) / d + 6) % 6 : top === g ? (b - r) / d + 2 : (r - g) / d + 4)); })
		.filter((h) => h < 75 || h > 345)`)
	if hues != "" {
		t.Errorf("lines have the hues of warnings: %s", hues)
	}
	scale := `(() => { const s = m.scaleOf([...Array(20).keys()].map((i) => 10 ** (i / 4)), null), l = m.scaleOf([1, 2, 3, 50], null);
		return [s.log, l.log, m.scaleOf([1, 2, 3], true).log, s.to(0), ...[0.25, 3, 77, -4000].map((v) => Math.abs(s.back(s.to(v)) / v - 1) < 1e-9), s.to(100) - s.to(10)].join(' '); })()`
	if got := module("scale.js", scale); got != "true false true 0 true true true true 1" {
		t.Errorf("scales: %s", got)
	}
}

// TestLogScale: lines that span decades are on a logarithmic axis, whose labels are powers of ten. The menu of the panel changes that.
func TestLogScale(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Minute)
	samples := laketest.Samples(3, now.Add(-time.Hour), now, 10*time.Second)
	for i := range samples {
		size := map[byte]float64{'1': 2e3, '2': 4e5, '3': 8e7}[samples[i].Hostname[len(samples[i].Hostname)-1]]
		samples[i].NetBytesRecvPerS, samples[i].NetBytesSentPerS = record.Some(size), record.Some(size/2)
	}
	laketest.Write(t, dir, samples)
	address := site(t, dir)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	b.pause()
	scale := func(panel string) string {
		return eval[string](b, fmt.Sprintf("document.querySelector('[data-panel=%s]').dataset.scale", panel))
	}
	if got := scale("overview-network") + " " + scale("overview-cpu"); got != "log linear" {
		t.Errorf("scales of network and CPU: %s", got)
	}
	b.shoot("log")
	b.do(script("[...document.querySelectorAll('[data-panel=overview-network] .card-menu button')].at(-1).click()"))
	if got := scale("overview-network"); got != "linear" {
		t.Errorf("scale after the choice: %s", got)
	}
}
