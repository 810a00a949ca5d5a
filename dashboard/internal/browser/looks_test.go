//go:build browser

package browser_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// cutTexts are the texts in charts that reach beyond the canvas.
const cutTexts = `(() => {
	const faults = [];
	for (const box of document.querySelectorAll('.card:not([hidden]) .chart')) {
		const chart = echarts.getInstanceByDom(box), panel = box.closest('[data-panel]').dataset.panel;
		for (const e of chart?.getZr().storage.getDisplayList(true) ?? []) {
			if (e.type !== 'tspan' || e.ignore || e.invisible || e.style.opacity === 0) continue;
			const r = e.getBoundingRect().clone();
			if (e.transform) r.applyTransform(e.transform);
			if (r.x < -1 || r.x + r.width > chart.getWidth() + 1) faults.push(panel + ': ' + e.style.text);
		}
	}
	return faults.join('; ');
})()`

// wideTables are the tables that are wider than their card. On a phone a viewer scrolls them.
const wideTables = `[...document.querySelectorAll('.table-scroll')].filter((e) => e.scrollWidth > e.clientWidth)
	.map((e) => e.getAttribute('aria-label') + ' is ' + e.scrollWidth + ' px wide in ' + e.clientWidth).join('; ')`

// TestNothingIsCut looks at each dashboard over 500 hosts with long names: texts of charts and columns of tables are in sight, and no row of
// chips lists the hosts.
func TestNothingIsCut(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	for _, d := range panels.All() {
		if d.NoPage {
			continue
		}
		search := "?range=1h&dashboard=" + d.ID
		if d.ID == "host" {
			search += "&host=" + incidents[0].host
		}
		for _, width := range []int64{1440, 1280} {
			b.do(theme("light"), chromedp.EmulateViewport(width, 900), chromedp.Navigate(address+"/"+search), loaded(1))
			if got := eval[string](b, cutTexts) + eval[string](b, wideTables); got != "" {
				t.Errorf("%s, %d px: %s", d.ID, width, got)
			}
		}
		if n := eval[int](b, "document.querySelectorAll('.legend:not([hidden]) .chip').length"); n != 0 {
			t.Errorf("%s: a row of %d chips", d.ID, n)
		}
		b.shoot("looks-" + d.ID)
	}
}

// TestLongNames: a name that is too long keeps what tells it from other names.
func TestLongNames(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site(t, scene(t))+"/"), loaded(1))
	module := "import(document.querySelector('script[type=module]').src.replace('app.js', %q)).then((m) => %s)"
	for call, want := range map[string]string{
		"m.middle('app-037.eu-central-1.compute.internal', 20)":                   "app-037.eu….internal",
		"m.middle('prod-frontend-17.eu-central-1.compute.internal', 20)":          "prod-frontend-17…nal",
		"m.middle('prod-frontend-0017.eu-central-1.compute.internal', 19)":        "prod-frontend-0017…",
		"m.middle('prod-eu-central-frontend-0017.eu-central-1.internal', 20)":     "prod-eu-ce…tend-0017",
		"m.middle('prod-eu-central-1-frontend-0017', 20)":                         "prod-eu-ce…tend-0017",
		"m.middle('10.20.30.40:9100/a/b', 14)":                                    "10.20.3…00/a/b",
		"m.middle('short.example', 20)":                                           "short.example",
		"m.middle('java (app.service) beside others', 20)":                        "java (app.…de others",
		"m.withoutDomain('ip-10-0-3-17.eu.internal').join(' ')":                   "ip-10-0-3-17 .eu.internal",
		"m.withoutDomain('10.20.30.40').join('|')":                                "10.20.30.40|",
		"m.value(48635, 'percent_of_core') + m.axisLabel(2e5, 'percent_of_core')": "486 cores2,000 cores",
		"m.value(1496, 'percent_of_core') + m.axisLabel(500, 'percent_of_core')":  "1496%500%",
	} {
		if got := eval[string](b, fmt.Sprintf(module, "format.js", call), chromedp.EvalAwaitPromise); got != want {
			t.Errorf("%s is %q, want %q", call, got, want)
		}
	}
	// In a narrow place, the domain gives way first. The end of the name stays.
	shown := `(() => {
		const place = document.createElement('button');
		place.className = 'host';
		place.style.maxWidth = '130px';
		document.body.append(place);
		return ['app-037.eu-central-1.compute.internal', 'prod-frontend-0017.eu-central-1.internal', 'prod-frontend-0017-blue'].map((name) => {
			place.replaceChildren(m.nameOf(name));
			return [...place.querySelectorAll('.cut > *')].map((e) => e.className + (e.scrollWidth > e.clientWidth ? ' is cut' : ' is whole')).join(', ') + ': ' + place.textContent;
		}).join('\n');
	})()`
	want := "cut-end is whole, cut-domain is cut: app-037.eu-central-1.compute.internal\n" +
		"cut-begin is cut, cut-end is whole, cut-domain is cut: prod-frontend-0017.eu-central-1.internal\n" +
		"cut-begin is cut, cut-end is whole: prod-frontend-0017-blue"
	if got := eval[string](b, fmt.Sprintf(module, "dom.js", shown), chromedp.EvalAwaitPromise); got != want {
		t.Errorf("narrow names:\n%s\nwant\n%s", got, want)
	}
}

// TestHeatMaps: the labels below a heat map are round times by the viewer's clock. Red and amber are in it for what is critical or a
// warning only.
func TestHeatMaps(t *testing.T) {
	address := largeSite(t)
	b := openIn(t, "Asia/Kolkata") // half an hour beside UTC
	for _, c := range []struct {
		search string
		minute int // each label is a multiple of so many minutes
	}{{"?dashboard=performance&range=1h", 10}, {"?dashboard=performance&range=6h", 60}, {"?dashboard=anomalies&range=1h", 10}} {
		panel := "performance-cpu"
		if strings.Contains(c.search, "anomalies") {
			panel = "anomalies-map"
		}
		b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"+c.search), loaded(1))
		labels := eval[[]string](b, fmt.Sprintf("echarts.getInstanceByDom(document.querySelector('[data-panel=%s] .chart')).getZr().storage.getDisplayList(true)"+
			".filter((e) => e.type === 'tspan' && /^\\d\\d:\\d\\d$|^Nov|^[A-Z][a-z]+ \\d+$/.test(e.style.text)).map((e) => e.style.text)", panel))
		if len(labels) < 4 || len(labels) > 9 {
			t.Errorf("%s: labels %q", c.search, labels)
		}
		for _, label := range labels {
			if at, err := time.Parse("15:04", label); err == nil && at.Minute()%c.minute != 0 {
				t.Errorf("%s: the label %s is not a round time", c.search, label)
			}
		}
	}
	colours := `(() => {
		const c = m.colours(), hue = (s) => { const [r, g, b] = [1, 3, 5].map((i) => parseInt(s.slice(i, i + 2), 16)); return r > b ? 'warm' : 'cold'; };
		return [0, 50, 89, 90, 96, 97, 100].map((v) => { const s = m.ramp(c, { warn: 90, critical: 97 }, 0, 100)[v]; return s === c.bad ? 'red' : s === c.warn ? 'amber' : hue(s); }).join(' ');
	})()`
	if got := eval[string](b, fmt.Sprintf("import(document.querySelector('script[type=module]').src.replace('app.js', 'theme.js')).then((m) => %s)", colours), chromedp.EvalAwaitPromise); got != "cold cold cold amber amber red red" {
		t.Errorf("colours %s", got)
	}
}

// TestRetiredHost: a host leaves the page after the time of --forget-after, and a button of the list of silent hosts says so.
func TestRetiredHost(t *testing.T) {
	to := time.Now().UTC().Truncate(time.Second)
	var samples []record.Sample
	for name, end := range map[string]time.Time{"retired": to.Add(-5 * 24 * time.Hour), "silent": to.Add(-30 * time.Hour), "live": to} {
		for at := end.Add(-time.Hour); at.Before(end); at = at.Add(15 * time.Second) {
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(at.Sub(end) / time.Second), IntervalS: 15, Hostname: name, CPUPct: record.Some(30.),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(siteWith(t, dir, server.Options{ForgetAfter: 48 * time.Hour})+"/?range=15m"), loaded(1))
	b.pause()
	if got := b.text("[data-group=silent]"); strings.Contains(got, "retired") || !strings.Contains(got, "silent") {
		t.Errorf("the silent hosts are %q", got)
	}
	if got := b.text("[data-tile=fleet]"); !strings.Contains(got, "1 silent") {
		t.Errorf("the tile of hosts says %q", got)
	}
	b.do(chromedp.Click("[data-group=silent] .retire summary"), chromedp.WaitVisible("[data-group=silent] .retire p"))
	if got := b.text("[data-group=silent] .retire p"); !strings.Contains(got, "It leaves 2 days after its last sample") || !strings.Contains(got, "--forget-after") {
		t.Errorf("the button says %q", got)
	}
}

// TestEventOpensItsTime: a click on the start of an unusual event opens the host's page around that time.
func TestEventOpensItsTime(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?dashboard=anomalies&range=6h"), loaded(1))
	b.pause()
	host := eval[string](b, "document.querySelector('[data-panel=anomalies-events] tbody tr').dataset.host")
	start, err := time.Parse(time.RFC3339, eval[string](b, "document.querySelector('[data-panel=anomalies-events] tbody time').dateTime"))
	if err != nil {
		t.Fatal(err)
	}
	b.settle(chromedp.Click("[data-panel=anomalies-events] tbody .link"))
	q := b.query()
	from, err1 := time.Parse(time.RFC3339, q.Get("from"))
	to, err2 := time.Parse(time.RFC3339, q.Get("to"))
	if err1 != nil || err2 != nil || q.Get("dashboard") != "host" || q.Get("host") != host || !from.Before(start) || !to.After(start) || to.Sub(from) > 2*time.Hour {
		t.Errorf("a click on the event of %s at %v leads to %v", host, start, q)
	}
}
