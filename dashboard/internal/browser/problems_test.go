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

// TestProblemsAreByHost looks at a lake of 15 hosts whose CPU and memory are high, and 12 silent ones: the problems of a host are together, silent
// hosts are apart, and each group shows ten hosts until the viewer asks for all.
func TestProblemsAreByHost(t *testing.T) {
	to := time.Now().UTC().Truncate(time.Second)
	var samples []record.Sample
	for n := range 27 {
		name, end := fmt.Sprintf("busy-%02d", n), to
		if n >= 15 {
			name, end = fmt.Sprintf("dead-%02d", n), to.Add(-10*time.Minute)
		}
		for at := to.Add(-time.Hour); at.Before(end); at = at.Add(15 * time.Second) {
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(at.Sub(to) / time.Second), IntervalS: 15, Hostname: name, NodeRole: "web", Env: "prod",
				CPUPct: record.Some(95.), RAMPct: record.Some(98.),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(siteWith(t, dir, server.Options{Rules: panels.RuleChanges{Overrides: []panels.Override{{
		Problems: []string{"Memory"}, Hosts: panels.Hosts{Names: []string{"busy-00"}}, MuteUntil: to.Add(time.Hour), Reason: "it's <b>known</b>",
	}}}})+"/?range=15m"), loaded(1))
	b.pause()
	group := func(name string) string {
		return eval[string](b, fmt.Sprintf(`(() => { const g = document.querySelector('[data-group=%s]');
			return [g.querySelector('h3').textContent, g.querySelectorAll('tbody').length, g.querySelectorAll('tbody tr .pill').length, g.querySelector('.more').textContent].join('|'); })()`, name))
	}
	if got := group("problems"); got != "Problems 15|10|20|Show all 15" {
		t.Errorf("problems: %s", got)
	}
	if got := group("silent"); got != "Silent 12|10|10|Show all 12" {
		t.Errorf("silent: %s", got)
	}
	if got := eval[string](b, `[...document.querySelectorAll('[data-panel=overview-attention] details li')].map((li) => li.textContent).join('|')`); !strings.Contains(got, "CPU – The CPU is busy 90 % of the time or more, for 10 minutes") || strings.Count(got, "|") != len(panels.AllRules())-1 {
		t.Errorf("the rules are %s", got)
	}
	if got := eval[string](b, `document.querySelector('[data-group=problems] [data-host=busy-00]').textContent + document.querySelector('[data-group=problems] [data-host=busy-01]').textContent`); strings.Count(got, "muted until") != 1 || !strings.Contains(got, ": it's <b>known</b>") {
		t.Errorf("muted: %s", got)
	}
	b.shoot("problems")
	b.do(chromedp.Click("[data-group=problems] .more"), poll("document.querySelectorAll('[data-group=problems] tbody').length === 15"))
	if got := group("problems"); got != "Problems 15|15|30|Show the first 10" {
		t.Errorf("all problems: %s", got)
	}
	b.settle(chromedp.Click("[data-group=silent] tbody button"))
	if q := b.query(); q.Get("dashboard") != "host" || q.Get("host") != "dead-15" {
		t.Errorf("a click on a silent host leads to %v", q)
	}
}

// TestProblemsOnAPhone: a long cause has several lines, so that the value and the time beside it are in sight and on the same height. So has
// a long name. A silent host's name has the room that its problem, a short word, does not need.
func TestProblemsOnAPhone(t *testing.T) {
	to := time.Now().UTC().Truncate(time.Second)
	var samples []record.Sample
	silent := []string{"prod-frontend-0017", "prod-frontend-0018-blue-and-long.eu-central-1.internal"}
	for at := to.Add(-time.Hour); at.Before(to); at = at.Add(15 * time.Second) {
		for _, name := range silent {
			if at.Before(to.Add(-12 * time.Minute)) {
				samples = append(samples, record.Sample{TS: record.TS(at), SessionID: name, Seq: int64(at.Sub(to) / time.Second), IntervalS: 15, Hostname: name, CPUPct: record.Some(5.)})
			}
		}
		samples = append(samples, record.Sample{
			TS: record.TS(at), SessionID: "s", Seq: int64(at.Sub(to) / time.Second), IntervalS: 15, Hostname: "db-primary-07.eu-central-1.internal", NodeRole: "db", Env: "prod",
			CPUPct: record.Some(95.), RAMPct: record.Some(98.), CPUCount: record.Some[int32](4), RAMTotalBytes: record.Some[int64](8e9),
			InodesUsedPct: record.Some(99.), Filesystems: []record.Filesystem{{Mount: "/var/lib/kubernetes/pods/volumes", UsedPct: record.Some(40.), InodesUsedPct: record.Some(99.)}},
			Processes: []record.Process{{Name: "java", Unit: "elasticsearch-cluster-node@hot.service", CPUPct: record.Some(370.), RSSBytes: record.Some[int64](7e9), Count: record.Some[int32](1)}},
		})
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulateScale(2)),
		chromedp.Navigate(site(t, dir)+"/?range=1h"), loaded(1))
	b.settle(script("document.querySelector('#live').click()")) // it is folded
	if got := eval[string](b, `(() => { const list = document.querySelector('[data-group=problems] .table-scroll'), faults = [];
		if (list.scrollWidth > list.clientWidth) faults.push('the list is ' + list.scrollWidth + ' px wide in ' + list.clientWidth);
		const rows = [...list.querySelectorAll('tbody tr')], pills = rows.map((r) => r.querySelector('.pill'));
		if (rows.length !== 3) faults.push(rows.length + ' problems');
		if (!pills.some((p) => p.getBoundingClientRect().height > 30)) faults.push('no cause is long');
		for (const [i, row] of rows.entries()) {
			const top = pills[i].getBoundingClientRect().top;
			for (const cell of row.querySelectorAll('.col-value, .col-since')) {
				const text = document.createRange();
				text.selectNodeContents(cell);
				const r = text.getBoundingClientRect();
				if (r.right > innerWidth) faults.push(cell.textContent + ' ends at ' + r.right + ' px');
				if (Math.abs(r.top - top) > 8) faults.push(cell.textContent + ' is at ' + r.top + ' px, its problem at ' + top);
			}
		}
		return faults.join('; '); })()`); got != "" {
		t.Error(got)
	}
	if got := eval[string](b, `(() => { const faults = [], silent = document.querySelector('[data-group=silent] .table-scroll');
		if (silent.scrollWidth > silent.clientWidth) faults.push('the silent hosts are ' + silent.scrollWidth + ' px wide in ' + silent.clientWidth);
		for (const name of document.querySelectorAll('.group .host-name')) {
			if ([name, ...name.children].some((e) => getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1)) faults.push(name.textContent + ' is cut');
		}
		const pills = [...silent.querySelectorAll('.pill')];
		if (pills.length !== 2) faults.push(pills.length + ' silent hosts');
		if (pills.some((p) => p.getBoundingClientRect().height > 30)) faults.push('silent has two lines');
		const [short] = silent.querySelectorAll('.host-name');
		if (short.getBoundingClientRect().width < 120) faults.push(short.textContent + ' has only ' + short.getBoundingClientRect().width + ' px');
		return faults.join('; '); })()`); got != "" {
		t.Error(got)
	}
	b.shoot("phone-problems")
}

// TestHostsSilentForDaysStay looks at a host that sent its last sample five days ago, while others report: it is listed, counted
// and on the map, and a click on it opens its last samples.
func TestHostsSilentForDaysStay(t *testing.T) {
	to := time.Now().UTC().Truncate(time.Second)
	last := to.Add(-5 * 24 * time.Hour)
	var samples []record.Sample
	for name, end := range map[string]time.Time{"dead": last, "live": to, "live-2": to} {
		for at := end.Add(-time.Hour); at.Before(end); at = at.Add(15 * time.Second) {
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(at.Sub(end) / time.Second), IntervalS: 15, Hostname: name, NodeRole: "web", Env: "prod", CPUPct: record.Some(30.),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site(t, dir)+"/?range=15m"), loaded(1))
	b.pause()
	if got := eval[string](b, "document.querySelector('[data-group=silent]').innerText"); !strings.Contains(got, "dead") || !strings.Contains(got, "5 days ago") {
		t.Errorf("the silent hosts are %q", got)
	}
	if got := eval[string](b, "document.querySelector('[data-tile=fleet]').innerText"); !strings.Contains(got, "1 silent") {
		t.Errorf("the tile of hosts says %q", got)
	}
	if got := b.text(".map-counts"); !strings.Contains(got, "1 silent") || !strings.Contains(got, "2 without problems") {
		t.Errorf("the map of the fleet says %q", got)
	}
	b.shoot("silent-for-days")
	b.settle(chromedp.Click("[data-group=silent] tbody button"))
	q := b.query()
	from, err := time.Parse(time.RFC3339, q.Get("from"))
	if err != nil || q.Get("host") != "dead" || from.After(last.Add(-30*time.Minute)) || from.Before(last.Add(-2*time.Hour)) {
		t.Errorf("a click on the host leads to %v", q)
	}
	if n := b.points("host-cpu"); n == 0 {
		t.Error("the host's page shows no samples")
	}
}

// TestProblemOlderThanADay: the page looks back a day for the begin of a problem. If the problem is older, the page says so.
func TestProblemOlderThanADay(t *testing.T) {
	to := time.Now().UTC().Truncate(time.Second)
	var samples []record.Sample
	for name, begin := range map[string]time.Time{"old": to.Add(-25 * time.Hour), "young": to.Add(-2*time.Hour - 10*time.Minute)} {
		for at := to.Add(-25 * time.Hour); at.Before(to); at = at.Add(20 * time.Second) {
			cpu := 95.
			if at.Before(begin) {
				cpu = 10
			}
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(at.Sub(to) / time.Second), IntervalS: 20, Hostname: name, CPUPct: record.Some(cpu),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site(t, dir)+"/?range=15m"), loaded(1))
	b.pause()
	for host, want := range map[string]string{"old": "more than 24 h ago|the problem is older", "young": "2 h ago|"} {
		got := eval[string](b, fmt.Sprintf("(() => { const t = document.querySelector('[data-group=problems] [data-host=%s] time'); return t.textContent + '|' + t.title; })()", host))
		if !strings.HasPrefix(got, want) || host == "young" && strings.Contains(got, "older") {
			t.Errorf("%s: since %q, want %q", host, got, want)
		}
	}
}
