//go:build browser

package browser_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// incident is what is wrong with one machine of the large lake.
type incident struct {
	n                     int // of the machine
	host, problem, panels string
	event                 simulation.Event
	from, to              time.Duration // relative to now
}

// incidents are five seeds: a leak, a dead host, a slow disk, a full mount, a noisy neighbour. problem is what the page calls it; panels
// are those of the host's page that show it.
var incidents = []incident{
	{37, "app-037.eu-central-1.compute.internal", "Memory", "host-memory", simulation.Leak, -5 * time.Hour, 10 * time.Minute},
	{121, "app-121.eu-central-1.compute.internal", "Silent", "host-head", simulation.Silence, -40 * time.Minute, 10 * time.Hour},
	{204, "app-204.eu-central-1.compute.internal", "Disk busy", "host-disk-busy", simulation.SlowDisk, -90 * time.Minute, 10 * time.Hour},
	{318, "app-318.eu-central-1.compute.internal", "Disk full", "host-filesystems", simulation.DiskFill, -5 * time.Hour, 8 * time.Minute},
	{455, "app-455.eu-central-1.compute.internal", "Stolen CPU", "host-cpu", simulation.Steal, -90 * time.Minute, 10 * time.Hour},
}

const largeHosts = 500

// largeEnd is when the large lake ends. For its page, the time stands still then: no host falls silent while a test runs.
var largeEnd = time.Now().UTC().Truncate(time.Minute)

// large is a lake of 500 hosts and six hours up to now, with the incidents. It is made once for all tests that only read it.
var large = sync.OnceValues(func() (string, error) {
	dir, err := newDir()
	if err != nil {
		return "", err
	}
	var failed error
	to := largeEnd
	laketest.WriteFleet(failer{&failed}, dir, laketest.Fleet{
		Hosts: largeHosts, From: to.Add(-6 * time.Hour), To: to, Interval: time.Minute, Seed: 3, Recent: 20 * time.Minute,
		Machine: func(n int) simulation.Machine {
			m := simulation.Usual(n)
			m.Story = simulation.Uneventful
			m.Name = fmt.Sprintf("app-%03d.eu-central-1.compute.internal", n)
			m.Tags["rack"] = fmt.Sprintf("r%02d", n/50)
			for _, i := range incidents {
				if i.n == n {
					m.Episodes = []simulation.Episode{{Event: i.event, From: to.Add(i.from), To: to.Add(i.to)}}
				}
			}
			return m
		},
	})
	return dir, failed
})

func largeSite(t *testing.T) string {
	t.Helper()
	dir, err := large()
	if err != nil {
		t.Fatal(err)
	}
	return siteWith(t, dir, server.Options{Now: func() time.Time { return largeEnd }})
}

// TestIncidentsAreTwoClicksAway: from the Overview, each incident among 500 hosts is at most two clicks away.
func TestIncidentsAreTwoClicksAway(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1))
	b.pause()
	b.shoot("incidents")
	for _, i := range incidents {
		row := fmt.Sprintf("[data-panel=overview-attention] [data-host=%q]", i.host)
		clicks := 0
		if !eval[bool](b, fmt.Sprintf("document.querySelector(%q) !== null", row)) {
			group := "problems"
			if i.problem == "Silent" {
				group = "silent"
			}
			b.do(chromedp.Click("[data-group="+group+"] .more"), poll(fmt.Sprintf("document.querySelector(%q) !== null", row)))
			clicks++
		}
		if got := b.text(row); !strings.Contains(got, i.problem) {
			t.Errorf("%s: the list says %q, want %s", i.host, got, i.problem)
		}
		b.settle(chromedp.Click(row + " button"))
		clicks++
		if q := b.query(); q.Get("dashboard") != "host" || q.Get("host") != i.host || clicks > 2 {
			t.Errorf("%d clicks on %s lead to %v", clicks, i.host, q)
		}
		if !b.shown(i.panels) || b.points(i.panels) == 0 {
			t.Errorf("the page of %s does not show %s", i.host, i.panels)
		}
		b.settle(chromedp.NavigateBack())
	}
}

// TestFleetMap: each host is a cell in the colour of its state. Keys go from cell to cell, Enter and a click open the host's page.
func TestFleetMap(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1))
	b.pause()
	if n := eval[int](b, "Number(document.querySelector('[data-panel=overview-map]').dataset.cells)"); n != largeHosts {
		t.Errorf("%d cells", n)
	}
	if got := b.text(".map-counts"); !strings.Contains(got, "1 silent") || !strings.Contains(got, "without problems") {
		t.Errorf("the map counts %q", got)
	}
	if n := eval[int](b, "document.querySelectorAll('*').length"); n > 3000 {
		t.Errorf("the page has %d elements", n)
	}
	if n := eval[int](b, "document.querySelectorAll('.legend:not([hidden]) .chip').length"); n != 0 {
		t.Errorf("a row of %d chips", n)
	}
	link := func() string {
		return eval[string](b, "(() => { const a = document.activeElement; return `${a.className} ${a.dataset.host} ${a.getAttribute('aria-label')}`; })()")
	}
	// The worst host is first, and a screen reader is told what it has.
	b.do(script("document.querySelector('.map-link:not([hidden])').focus()"))
	if got := link(); !strings.Contains(got, incidents[1].host) || !strings.Contains(got, "silent for") {
		t.Errorf("the first cell is %s", got)
	}
	b.do(chromedp.KeyEvent(kb.ArrowRight))
	if got := link(); !strings.Contains(got, "CPU") || strings.Contains(got, incidents[1].host) {
		t.Errorf("the second cell is %s", got)
	}
	b.do(chromedp.KeyEvent("app-204"))
	if got := link(); !strings.Contains(got, incidents[2].host) || !strings.Contains(got, "Disk busy") {
		t.Errorf("typing a name leads to %s", got)
	}
	if got := b.text(".map-tip"); !strings.Contains(got, incidents[2].host) || !strings.Contains(got, "Disk busy") {
		t.Errorf("the tooltip says %q", got)
	}
	b.settle(chromedp.KeyEvent(kb.Enter))
	if q := b.query(); q.Get("host") != incidents[2].host {
		t.Errorf("Enter leads to %v", q)
	}
	b.settle(chromedp.NavigateBack())
	b.do(script("document.querySelector('[data-panel=overview-map]').scrollIntoView({block: 'center'})"), script("document.querySelector('.map-link:not([hidden])').focus()"), chromedp.KeyEvent("app-204"))
	place := b.rectOf(".map-link:not([hidden])")
	b.settle(chromedp.MouseClickXY(place.X+place.W/2, place.Y+place.H/2))
	if q := b.query(); q.Get("host") != incidents[2].host {
		t.Errorf("a click leads to %v", q)
	}
	b.settle(chromedp.NavigateBack())
	// The address keeps how the map is coloured, grouped and sorted.
	for choice, value := range map[string]string{"group": "tag:rack", "colour": "ram_pct"} {
		b.do(script(fmt.Sprintf("((s) => { s.value = %q; s.dispatchEvent(new Event('change')); })(document.querySelector('[data-map=%s]'))", value, choice)))
	}
	if q := b.query(); q.Get("map") != "ram_pct.tag:rack.worst" {
		t.Errorf("address %v", q)
	}
	if n := eval[int](b, "document.querySelectorAll('.map-block').length"); n != 10 {
		t.Errorf("%d racks, want 10", n)
	}
	b.shoot("map-racks")
	b.do(chromedp.Navigate(eval[string](b, "location.href")), loaded(1))
	if got := b.text(".map-block h3"); !strings.Contains(got, "r0") || !strings.Contains(got, "50 hosts") {
		t.Errorf("the first block of a copied link is %q", got)
	}
}

// mapTools are functions for [TestMapChoices]. told is the answer of a panel that the page has asked, as rows. pixels are the colours of
// the cells, in the order of the map: of a quarter of a cell, where neither the dot of a critical cell nor the line through a silent one is.
const mapTools = `Object.assign(window, {
	async told(panel) {
		const asked = performance.getEntriesByType('resource').map((e) => e.name).filter((n) => n.includes('/api/panels/' + panel + '?')).pop();
		const { columns, data, rows } = await (await fetch(asked)).json();
		return Array.from({ length: rows }, (_, i) => Object.fromEntries(columns.map((c, j) => [c.name, data[j][i]])));
	},
	pixels() {
		const size = document.querySelector('.map-link:not([hidden])').offsetWidth, ratio = devicePixelRatio;
		return [...document.querySelectorAll('.map-block canvas')].flatMap((canvas) => {
			const { width, height } = canvas, columns = Math.round(canvas.clientWidth / size);
			const pen = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
			pen.drawImage(canvas, 0, 0);
			const { data } = pen.getImageData(0, 0, width, height);
			return Array.from({ length: columns * Math.round(canvas.clientHeight / size) }, (_, i) => {
				const x = Math.floor((i % columns + 0.25) * size * ratio), y = Math.floor((Math.floor(i / columns) + 0.25) * size * ratio);
				return data.slice(4 * (y * width + x), 4 * (y * width + x) + 4).join();
			});
		});
	},
	colourOf(name) {
		const pen = document.createElement('canvas').getContext('2d');
		pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
		pen.fillRect(0, 0, 1, 1);
		return pen.getImageData(0, 0, 1, 1).data.join();
	},
})`

// TestMapChoices: the map has the colours, the groups and the order that its viewer chose.
func TestMapChoices(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1))
	b.pause()
	b.do(script(mapTools))
	choose := func(colour, group, sort string) {
		for choice, value := range map[string]string{"colour": colour, "group": group, "sort": sort} {
			b.do(script(fmt.Sprintf("((s) => { s.value = %q; s.dispatchEvent(new Event('change')); })(document.querySelector('[data-map=%s]'))", value, choice)))
		}
	}
	told := func(expression string) string {
		return eval[string](b, "(async () => { const hosts = await told('overview-last-seen'), problems = await told('overview-attention'); return "+expression+"; })()",
			chromedp.EvalAwaitPromise)
	}
	// By name, so cell n is host n.
	choose("state", "", "name")
	if got := told(`(() => {
		const severities = new Map(), seen = {}, colours = { ok: '--map-ok', warn: '--warn', bad: '--bad' };
		for (const p of problems) severities.set(p.host, Math.max(severities.get(p.host) ?? 0, p.severity));
		const cells = pixels();
		const wrong = hosts.sort((a, b) => (a.host < b.host ? -1 : 1)).filter((row, n) => {
			const severity = severities.get(row.host) ?? 0, state = row.silent ? 'silent' : severity > 1 ? 'bad' : severity > 0 ? 'warn' : 'ok';
			seen[state] = true;
			return cells[n] !== (state === 'silent' ? '0,0,0,0' : colourOf(colours[state]));
		});
		return [Object.keys(seen).sort(), hosts.length, wrong.length, wrong.slice(0, 3).map((row) => row.host)].join(' ');
	})()`); got != fmt.Sprintf("bad,ok,silent,warn %d 0 ", largeHosts) {
		t.Errorf("states, hosts and cells with the wrong colour: %s", got)
	}
	seen := map[string]string{} // choices by the colours of all cells
	for _, value := range []string{"state", "cpu_pct", "ram_pct", "disk_busy_pct", "disk_used_pct", "net_recv", "net_sent"} {
		choose(value, "", "name")
		colours := eval[string](b, "pixels().join(' ')")
		if other, ok := seen[colours]; ok {
			t.Errorf("%s has the colours of %s", value, other)
		}
		seen[colours] = value
		if value == "state" {
			continue
		}
		choose(value, "", "value")
		b.do(script("document.querySelector('.map-link:not([hidden])').focus()"), chromedp.KeyEvent(kb.Home))
		var hosts []string
		for range 8 {
			hosts = append(hosts, eval[string](b, "document.querySelector('.map-link:not([hidden])').dataset.host"))
			b.do(chromedp.KeyEvent(kb.ArrowRight))
		}
		want := told(fmt.Sprintf("hosts.map((row) => row.%s ?? -1).sort((a, b) => b - a).slice(0, 8).join()", value))
		if got := told(fmt.Sprintf("%q.split(' ').map((name) => hosts.find((row) => row.host === name).%s).join()", strings.Join(hosts, " "), value)); got != want {
			t.Errorf("the cells begin with the %s %s of %v, want %s", value, got, hosts, want)
		}
	}
	for _, group := range []string{"env", "node_role"} {
		choose("state", group, "worst")
		blocks := `[...document.querySelectorAll('.map-block h3')].map((h) => h.textContent.split(' hosts')[0])`
		want := told(fmt.Sprintf("[...new Set(hosts.map((row) => row.%[1]s))].map((name) => `${name} ${hosts.filter((row) => row.%[1]s === name).length}`).sort().join()", group))
		if got := eval[string](b, blocks+".sort().join()"); got != want || strings.Count(got, ",") < 1 {
			t.Errorf("by %s the blocks are %s, want %s", group, got, want)
		}
		want = told(fmt.Sprintf("hosts.find((row) => row.silent).%s", group))
		if got := eval[string](b, blocks+"[0]"); !strings.HasPrefix(got, want+" ") {
			t.Errorf("by %s the first block is %s, want %s, which has the silent host", group, got, want)
		}
		choose("state", group, "name")
		want = told(fmt.Sprintf("hosts.find((row) => row.host.startsWith('app-000')).%s", group))
		if got := eval[string](b, blocks+"[0]"); !strings.HasPrefix(got, want+" ") {
			t.Errorf("by %s and name the first block is %s, want %s", group, got, want)
		}
	}
}

// TestFleetCharts: charts of a large fleet show its median, its band and the worst and picked hosts, or are heat maps.
func TestFleetCharts(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	b.pause()
	legend := func() string { return b.text("[data-panel=overview-memory] .card-legend") }
	if got := legend(); !strings.Contains(got, "median") || !strings.Contains(got, "app-037.eu-cen") {
		t.Errorf("the legend of memory is %q", got)
	}
	picked := "app-499.eu-central-1.compute.internal"
	if strings.Contains(legend(), "app-499") {
		t.Errorf("%s is one of the worst", picked)
	}
	b.choose("pick", "app-499")
	if q := b.query(); q.Get("pick") != picked || !strings.Contains(legend(), "app-499") {
		t.Errorf("address %v and legend %q after picking a host", q, legend())
	}
	b.do(script("document.querySelector('[data-panel=overview-memory]').scrollIntoView({block: 'center'})"))
	box := b.rectOf("[data-panel=overview-memory] .chart")
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.5, box.Y+box.H/2), chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.55, box.Y+box.H/2),
		chromedp.WaitVisible(".tip:not(.map-tip) .tip-body"))
	if got := b.text(".tip:not(.map-tip) .tip-body"); !strings.Contains(got, "median of the fleet") || !strings.Contains(got, picked) {
		t.Errorf("the tooltip says %q", got)
	}
	b.do(chromedp.Navigate(address+"/?dashboard=performance&range=1h"), loaded(1))
	if got := eval[string](b, "document.querySelector('[data-panel=performance-memory]').dataset.shown"); got != "heat" {
		t.Errorf("the memory of 500 hosts is shown as %s", got)
	}
	if got := b.text("[data-panel=performance-memory] .note"); got != "highest 40 of 500 hosts" {
		t.Errorf("the note of memory is %q", got)
	}
	b.shoot("heat")
}

// TestTablesAndListsOfManyHosts: all rows of a table can be reached, and lists to choose from search all hosts.
func TestTablesAndListsOfManyHosts(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	b.pause()
	const table = "[data-panel=overview-last-seen] "
	rows := func() int { return eval[int](b, "document.querySelectorAll('"+table+"tbody tr').length") }
	if n := rows(); n != 25 {
		t.Errorf("a page has %d rows", n)
	}
	seen := map[string]bool{}
	for range 20 {
		for _, host := range eval[[]string](b, "[...document.querySelectorAll('"+table+"tbody tr')].map((r) => r.dataset.host)") {
			seen[host] = true
		}
		b.do(script("document.querySelector('" + table + "[title=\"Next page\"]').click()"))
	}
	if len(seen) != largeHosts {
		t.Errorf("paging reaches %d hosts", len(seen))
	}
	b.do(chromedp.SendKeys(table+".pager input", "rack=r06 app-31"))
	if n, host := rows(), b.text(table+"tbody tr .host-name"); n != 10 || !strings.HasPrefix(host, "app-31") {
		t.Errorf("a search finds %d hosts, the first is %s", n, host)
	}
	// The list has the first hosts only; a search finds any.
	b.do(chromedp.Click("[data-choose=host] summary"), searching("host"), poll("document.querySelectorAll('[data-choose=host] .options button').length === 51"))
	if got := b.text("[data-choose=host] .options"); !strings.Contains(got, "450 more: type to search") {
		t.Errorf("the list ends with %q", got[max(0, len(got)-60):])
	}
	b.do(chromedp.KeyEvent(kb.Escape))
	b.choose("host", "app-487")
	if q := b.query(); q.Get("host") != "app-487.eu-central-1.compute.internal" {
		t.Errorf("address %v after choosing a host", q)
	}
	b.settle(chromedp.Click("#clear"))
	b.choose("tag", "rack r07")
	if q := b.query(); q.Get("tag") != "rack=r07" {
		t.Errorf("address %v after choosing a tag", q)
	}
}

// tap touches a point of the viewport with a finger.
func (b *tab) tap(x, y float64) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: x, Y: y}}})
		if err == nil {
			_, err = cdp.Call(ctx, target, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}})
		}
		return err
	}))
}

// TestNarrow: on a phone, the first number is on the first screen, a tap keeps the tooltip, and of long names the
// part that tells hosts apart is whole.
func TestNarrow(t *testing.T) {
	address := largeSite(t)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)),
		chromedp.Navigate(address+"/?range=1h"), loaded(1))
	b.settle(script("document.querySelector('#live').click()")) // it is folded
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 390 {
		t.Errorf("the page is %d px wide", wide)
	}
	if r := b.rectOf("[data-tile=cpu_pct] .tile-value"); r.Y+r.H > 844 {
		t.Errorf("the first number is at %.0f px", r.Y)
	}
	if eval[bool](b, "document.querySelector('#controls').checkVisibility()") {
		t.Error("the controls are not folded")
	}
	if got := eval[string](b, "[...document.querySelectorAll('[data-panel=overview-last-seen] .cut')].map((n) => [...n.children]"+
		".filter((e) => e.getBoundingClientRect().width > 0 && e.scrollWidth <= e.clientWidth).map((e) => e.textContent).join('')).join(' ')"); !strings.HasPrefix(got, "app-121 app-000 app-001 app-002 ") {
		t.Errorf("of long names, %s is whole", got)
	}
	b.shoot("phone-fleet")
	b.do(script("document.querySelector('[data-panel=overview-map]').scrollIntoView({block: 'center'})"))
	cell := b.rectOf(".map-link:not([hidden])")
	b.tap(cell.X+cell.W/2, cell.Y+cell.H/2)
	b.do(chromedp.WaitVisible(".map-tip"))
	if got := b.text(".map-tip"); !strings.Contains(got, incidents[1].host) {
		t.Errorf("a tap shows %q", got)
	}
	n := eval[int](b, "Number(document.body.dataset.loaded)")
	b.tap(cell.X+cell.W/2, cell.Y+cell.H/2)
	b.do(loaded(n + 1))
	if q := b.query(); q.Get("host") != incidents[1].host {
		t.Errorf("a second tap leads to %v", q)
	}
	// A chart keeps the tooltip of a tap, also while the page refreshes.
	b.do(chromedp.Navigate(address+"/?range=1h"), loaded(1))
	b.do(script("document.querySelector('[data-panel=overview-cpu]').scrollIntoView({block: 'center'})"))
	box := b.rectOf("[data-panel=overview-cpu] .chart")
	b.tap(box.X+box.W/2, box.Y+box.H/2)
	b.do(chromedp.WaitVisible(".tip:not(.map-tip) .tip-body"))
	b.settle(script("document.querySelector('#live').click()"))
	if got := b.text(".tip:not(.map-tip) .tip-body"); !strings.Contains(got, "median") {
		t.Errorf("after a refresh, the tooltip says %q", got)
	}
}

// TestFleetsOfEachSize looks at the Overview of 1, 30 and 1,000 hosts, in light, in dark and on a phone: how it shows hosts depends on how
// many there are, nothing is wider than the screen, and the page of a large fleet stays small.
func TestFleetsOfEachSize(t *testing.T) {
	for _, hosts := range []int{1, 30, 1000} {
		t.Run(fmt.Sprint(hosts), func(t *testing.T) {
			dir := t.TempDir()
			laketest.WriteFleet(t, dir, laketest.Fleet{
				Hosts: hosts, From: largeEnd.Add(-2 * time.Hour), To: largeEnd, Interval: time.Minute, Seed: 5, Recent: 20 * time.Minute,
			})
			address := siteWith(t, dir, server.Options{Now: func() time.Time { return largeEnd }})
			b := open(t)
			b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
			if shown := b.shown("overview-map"); shown != (hosts > 1) {
				t.Errorf("the map is shown: %v", shown)
			}
			if got := b.text("[data-panel=overview-cpu] .card-legend"); strings.Contains(got, "median") != (hosts > 20) {
				t.Errorf("the legend of the CPU says %q", got)
			}
			if shown := eval[bool](b, "document.querySelector('#legend').checkVisibility()"); shown {
				t.Error("there is a row of hosts")
			}
			if n := eval[int](b, "document.querySelectorAll('*').length"); n >= 3000 {
				t.Errorf("the page has %d elements", n)
			}
			b.shoot(fmt.Sprintf("size-%d-light", hosts))
			b.do(theme("dark"))
			b.shoot(fmt.Sprintf("size-%d-dark", hosts))
			b.do(theme("light"), chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)),
				chromedp.Navigate(address+"/?range=1h"), loaded(1))
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 390 {
				t.Errorf("the page is %d px wide on a phone of 390", wide)
			}
			b.shoot(fmt.Sprintf("size-%d-phone", hosts))
		})
	}
}
