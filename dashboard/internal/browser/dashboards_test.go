//go:build browser

package browser_test

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

var largeLake = flag.String("lake", "", "directory of a large lake for TestFirstPaint, as BenchmarkPanels of package lake makes it")

// TestFirstPaint logs how long the Overview page takes over a large lake that was just opened. It does not fail because of the
// time.
func TestFirstPaint(t *testing.T) {
	dir := *largeLake
	if dir == "" {
		made, err := fleet()
		if err != nil {
			t.Fatal(err)
		}
		dir = made.dir
	}
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	newest, ok, err := l.Newest(t.Context(), time.Now())
	if err := errors.Join(err, l.Close()); err != nil || !ok {
		t.Fatalf("newest sample: %v %v", ok, err)
	}
	for _, span := range []time.Duration{time.Hour, 24 * time.Hour} {
		address := site(t, dir)
		b := open(t)
		q := url.Values{"from": {newest.Add(-span).Format(time.RFC3339)}, "to": {newest.Format(time.RFC3339)}}
		b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?"+q.Encode()), loaded(1))
		times := eval[[]float64](b, "[performance.getEntriesByName('first-contentful-paint')[0].startTime, ...(([a, ...z]) => [a.startTime, (z.at(-1) ?? a).startTime])(performance.getEntriesByName('panel'))]")
		t.Logf("range %v: first paint after %.0f ms, first panel with data after %.0f ms, all after %.0f ms", span, times[0], times[1], times[2])
	}
}

// fleetLake is a lake of a fleet whose last samples are of just before end.
type fleetLake struct {
	dir string
	end time.Time
}

// fleet is a lake of 30 hosts and 14 days up to now. It is made once for all tests that only read it.
var fleet = sync.OnceValues(func() (fleetLake, error) {
	dir, err := newDir()
	if err != nil {
		return fleetLake{}, err
	}
	var failed error
	to := time.Now().UTC().Truncate(time.Minute)
	laketest.WriteFleet(failer{&failed}, dir, laketest.Fleet{
		Hosts: 30, From: to.Add(-14 * 24 * time.Hour), To: to, Interval: time.Minute, Seed: 7, Recent: 24 * time.Hour,
	})
	return fleetLake{dir, to}, failed
})

// fleetSite is a site over the fleet. Its clock stands still: some minutes later, all hosts of the fleet would be silent.
func fleetSite(t *testing.T) string {
	t.Helper()
	f, err := fleet()
	if err != nil {
		t.Fatal(err)
	}
	return siteWith(t, f.dir, server.Options{Now: func() time.Time { return f.end }})
}

// spans are the time ranges of the dashboards in these tests. Others have 24h.
var spans = map[string]string{"overview": "1h", "patterns": "7d"}

func TestEveryDashboardShowsEveryPanel(t *testing.T) {
	address := fleetSite(t)
	for _, d := range panels.All() {
		if d.NoPage {
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
				if shown := b.shown(p.ID); shown == (p.Instead != "") {
					t.Errorf("%s is shown: %v", p.ID, shown)
				}
				if p.Instead != "" {
					continue
				}
				state := eval[string](b, fmt.Sprintf(
					"(() => { const e = document.querySelector('[data-panel=%s]'); return `${e.dataset.points} ${e.querySelector('.chart-state').textContent}`.trim(); })()", p.ID))
				if points, problem, _ := strings.Cut(state, " "); points == "0" || points == "undefined" || problem != "" {
					t.Errorf("%s shows %q", p.ID, state)
				}
				if p.Kind == panels.Table || p.Kind == panels.Head || p.Kind == panels.Problems {
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

// shown says whether the card of a panel is visible.
func (b *tab) shown(panel string) bool {
	b.t.Helper()
	return eval[bool](b, fmt.Sprintf("document.querySelector('[data-panel=%s]').checkVisibility()", panel))
}

// settle runs actions and waits until the page has refreshed after them.
func (b *tab) settle(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	n := eval[int](b, "Number(document.body.dataset.loaded)")
	b.do(append(actions, loaded(n+1))...)
}

// pause turns the refresh off, so that nothing but the test changes the page.
func (b *tab) pause() {
	b.t.Helper()
	b.settle(chromedp.Click("#live"))
}

func (b *tab) query() url.Values {
	b.t.Helper()
	u, err := url.Parse(eval[string](b, "location.href"))
	if err != nil {
		b.t.Fatal(err)
	}
	return u.Query()
}

func (b *tab) points(panel string) int {
	b.t.Helper()
	return eval[int](b, fmt.Sprintf("Number(document.querySelector('[data-panel=%s]').dataset.points)", panel))
}

// searching waits until the list of a filter is open. The list is open when its search field has the focus.
func searching(filter string) chromedp.Action[chromedp.Void] {
	return poll("document.activeElement?.matches('[data-choose=" + filter + "] input')")
}

// choose types a text into a filter's search field and picks the option that is found.
func (b *tab) choose(filter, text string) {
	b.t.Helper()
	b.do(chromedp.Click("[data-choose="+filter+"] summary"), searching(filter))
	b.settle(chromedp.SendKeys("[data-choose="+filter+"] input", text+kb.Enter))
}

func TestFiltersAndRangeChangeTheNumbers(t *testing.T) {
	address := fleetSite(t)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?dashboard=hosts&range=6h"), loaded(1))
	b.pause()
	samples := func() string {
		return eval[string](b, "[...document.querySelectorAll('[data-panel=hosts-summary] .col-samples')].slice(1).map((e) => e.textContent).join(' ')")
	}
	all := samples()
	if n := b.points("hosts-summary"); n != 30 {
		t.Errorf("%d hosts", n)
	}
	steps := []struct {
		filter, text, key, want string
		hosts                   int
	}{
		{"env", "stag", "env", "staging", 6},
		{"role", "work", "role", "worker", 6},
		{"tag", "team core", "tag", "team=core", 2},
		{"host", "worker-06", "host", "worker-06", 1},
	}
	for _, s := range steps {
		b.choose(s.filter, s.text)
		if q := b.query(); q.Get(s.key) != s.want {
			t.Errorf("address %v after choosing %s", q, s.want)
		}
		if n := b.points("hosts-summary"); n != s.hosts {
			t.Errorf("%d hosts after choosing %s, want %d", n, s.want, s.hosts)
		}
	}
	link := eval[string](b, "location.href")
	b.settle(chromedp.Click("#clear"))
	if q := b.query(); len(q) != 2 || b.points("hosts-summary") != 30 {
		t.Errorf("address %v and %d hosts after clearing the filters", q, b.points("hosts-summary"))
	}
	b.settle(chromedp.Click("#ranges [data-range='1h']"))
	if shorter := samples(); shorter == all || shorter == "" {
		t.Errorf("an hour and six have the same samples: %s", shorter)
	}
	// A copied link shows the same view.
	b.do(chromedp.Navigate(link), loaded(1))
	if n := b.points("hosts-summary"); n != 1 {
		t.Errorf("%d hosts behind the link %s", n, link)
	}
}

func TestMenuKeepsChoicesAndWidensTheRange(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(fleetSite(t)+"/?range=15m&env=prod"), loaded(1))
	b.pause()
	b.settle(chromedp.Click("[data-dashboard=patterns]"))
	if q := b.query(); q.Get("dashboard") != "patterns" || q.Get("range") != "7d" || q.Get("env") != "prod" {
		t.Errorf("address %v of the time patterns", q)
	}
	label := func() string {
		return eval[string](b, "document.querySelector('[data-panel=patterns-peaks] td.col-value').textContent")
	}
	cpu := label()
	b.choose("metric", "received")
	if q := b.query(); q.Get("metric") != "net_bytes_recv_per_s" || !strings.Contains(label(), "B/s") || label() == cpu {
		t.Errorf("address %v, peak %s before, %s after choosing a metric", q, cpu, label())
	}
	b.settle(chromedp.Click("[data-dashboard=network]"))
	if q := b.query(); q.Has("range") || q.Get("env") != "prod" || q.Has("metric") { // 15 minutes, which an address does not need to say
		t.Errorf("address %v of the network after the time patterns", q)
	}
	b.settle(chromedp.NavigateBack())
	if q := b.query(); q.Get("dashboard") != "patterns" || eval[string](b, "document.querySelector('#title').textContent") != "Time patterns" {
		t.Errorf("address %v after going back", q)
	}
}

func TestSQLAndDownloads(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(fleetSite(t)+"/?dashboard=environments&range=1h&role=web"), loaded(1))
	b.pause()
	const card = "[data-panel=environments-average]"
	b.do(chromedp.Click(card+" .dots"), chromedp.Click(card+" .menu-list button:nth-child(1)"), chromedp.WaitVisible(".sql-dialog"),
		poll("document.querySelector('pre.sql').textContent.includes('FROM samples')"))
	if text := eval[string](b, "document.querySelector('pre.sql').textContent"); !strings.Contains(text, "= 'web'\n") {
		t.Errorf("the SQL is\n%s", text)
	}
	b.do(chromedp.Click(".sql-dialog [data-form=athena]"))
	if text := eval[string](b, "document.querySelector('pre.sql').textContent"); !strings.Contains(text, "FROM metrics.samples") {
		t.Errorf("Athena's SQL is\n%s", text)
	}
	b.shoot("sql")
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible(".sql-dialog"))
	// Fetch what the menu would download.
	b.do(script(`(HTMLAnchorElement.prototype.click = function () { window.asked = this.href; })`))
	for i, want := range []string{"env,cpu_pct,ram_pct", `[{"env":`} {
		b.do(chromedp.Click(card+" .dots"), chromedp.Click(fmt.Sprintf("%s .menu-list button:nth-child(%d)", card, i+2)))
		got := eval[string](b, "fetch(window.asked).then((r) => r.text().then((text) => r.headers.get('Content-Disposition') + ' ' + text))", chromedp.EvalAwaitPromise)
		if !strings.HasPrefix(got, "attachment; filename=environments-average_") || !strings.Contains(got, want) {
			t.Errorf("download %d: %.200s", i, got)
		}
	}
}

// TestKeyboard goes through the page by Tab, and uses a filter, a menu and a table by the keyboard only.
func TestKeyboard(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(fleetSite(t)+"/?dashboard=hosts&range=1h"), loaded(1))
	b.pause()
	b.do(script("(document.activeElement.blur(), scrollTo(0, 0))"), script("document.querySelector('.skip').focus()"))
	reached := map[string]bool{}
	for range 60 {
		b.do(chromedp.KeyEvent(kb.Tab))
		at := eval[string](b, "(() => { const e = document.activeElement; return e.dataset.dashboard ?? e.dataset.range ?? e.id ?? ''; })()"+
			" || (document.activeElement.closest('[data-choose]')?.dataset.choose ?? document.activeElement.className)")
		reached[at] = true
	}
	for _, want := range []string{"overview", "anomalies", "5m", "30d", "zoom-out", "live", "theme", "host", "env", "role", "tag", "dots", "sort"} {
		if !reached[want] {
			t.Errorf("Tab does not reach %s: %v", want, reached)
		}
	}
	// The keys come before the options, which the server finds.
	b.do(script("window.fetch = ((usual) => async (...request) => { if (String(request[0]).includes('choices')) " +
		"await new Promise((done) => setTimeout(done, 500)); return usual(...request); })(window.fetch)"))
	b.do(script("document.querySelector('[data-choose=env] summary').focus()"), chromedp.KeyEvent(kb.Enter), searching("env"))
	b.settle(chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	if q := b.query(); q.Get("env") != "prod" {
		t.Errorf("address %v after choosing by arrow keys", q)
	}
	b.do(script("document.querySelector('[data-panel=hosts-summary] .col-cpu_mean .sort').focus()"), chromedp.KeyEvent(kb.Enter))
	if got := eval[string](b, "document.querySelector('[data-panel=hosts-summary] [aria-sort=descending]').dataset.column"); got != "cpu_mean" {
		t.Errorf("the table is sorted by %s", got)
	}
}

// TestRefreshRestsWhileHidden: a hidden page makes no requests.
func TestRefreshRestsWhileHidden(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(fleetSite(t)+"/?range=5m"), loaded(2))
	b.do(script(`(Object.defineProperty(document, 'hidden', { value: true, configurable: true }), document.dispatchEvent(new Event('visibilitychange')))`))
	b.do(poll("!document.body.classList.contains('loading')"))
	before := eval[int](b, "Number(document.body.dataset.loaded)")
	// Wait longer than the shortest time between two refreshes.
	eval[bool](b, "new Promise((r) => setTimeout(() => r(true), 7000))", chromedp.EvalAwaitPromise)
	if after := eval[int](b, "Number(document.body.dataset.loaded)"); after != before {
		t.Errorf("%d refreshes while hidden", after-before)
	}
	b.settle(script("(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')))"))
}

// TestAwkwardNamesInEveryDashboard: hosts, environments, roles and tags may be markup, quotes and emoji.
func TestAwkwardNamesInEveryDashboard(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	samples := laketest.Scene(now.Add(-50*time.Minute), now, 10*time.Second)
	name := `<img src=x onerror=alert(1)> "o'neil" & 🦊 ${x}`
	for i := range samples {
		if samples[i].Hostname == "db-01" {
			samples[i].Hostname = name
			samples[i].Env, samples[i].NodeRole = "<b>env'</b>", `</script>"`
			samples[i].Tags = map[string]string{"team": `<i>'"&=`}
		}
	}
	laketest.Write(t, dir, samples)
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	for _, d := range panels.All() {
		if d.NoPage {
			continue
		}
		for _, q := range []url.Values{{"host": {name}}, {"env": {"<b>env'</b>"}}, {"tag": {`team=<i>'"&=`}}} {
			q.Set("dashboard", d.ID)
			q.Set("range", "1h")
			b.do(chromedp.Navigate(address+"/?"+q.Encode()), loaded(1))
			if got := eval[int](b, "document.querySelectorAll('main img, main b, main i:not(.meter i), main script').length"); got != 0 {
				t.Errorf("%s: a name became markup", d.ID)
			}
			if got := eval[bool](b, "document.querySelector('#notice').hidden && document.querySelector('#empty').hidden"); !got {
				t.Errorf("%s with %v shows a notice or nothing", d.ID, q)
			}
		}
	}
	// What can be chosen is loaded apart from the panels.
	b.do(poll(fmt.Sprintf("document.querySelector('[data-choose=tag] summary').textContent === %q", `Tag: team = <i>'"&=`)))
}

// TestPhoneOnEveryDashboard: on a phone, no page is wider than the screen, neither with thirty hosts nor with 500 that have long names.
func TestPhoneOnEveryDashboard(t *testing.T) {
	for name, address := range map[string]string{"": fleetSite(t), "-long": largeSite(t)} {
		b := open(t)
		b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)))
		for _, d := range panels.All() {
			if d.NoPage {
				continue
			}
			search := "?range=6h&dashboard=" + d.ID
			if d.ID == "host" && name != "" {
				search += "&host=" + incidents[0].host
			}
			b.do(chromedp.Navigate(address+"/"+search), loaded(1))
			if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 390 {
				t.Errorf("%s%s is %d px wide on a phone of 390", d.ID, name, wide)
			}
			if got := eval[string](b, cutTexts); got != "" {
				t.Errorf("%s%s: %s", d.ID, name, got)
			}
			b.shoot("phone-" + d.ID + name)
		}
	}
}
