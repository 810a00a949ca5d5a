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

func (b *tab) text(selector string) string {
	b.t.Helper()
	return eval[string](b, fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector))
}

// TestHostPage: the page begins with the state of the host, what it is and how it is, and fits on two screens.
func TestHostPage(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1920, 1080), chromedp.Navigate(address+"/?dashboard=host&host=db-01&range=1h"), loaded(1))
	head := b.text("[data-panel=host-head]")
	for _, want := range []string{"Reporting", "CPU", "/var/lib/postgresql", "nvme1n1", "linux", "16", "Up for", "prod", "rack = r07, team = core"} {
		if !strings.Contains(head, want) {
			t.Errorf("the head lacks %q: %s", want, head)
		}
	}
	if legend := b.text("[data-panel=host-who-cpu] .card-legend"); !strings.Contains(legend, "postgres (postgresql.service)") || !strings.Contains(legend, "pg_dump") {
		t.Errorf("CPU is that of %s", legend)
	}
	if mounts := b.text("[data-panel=host-filesystems] tbody"); !strings.Contains(mounts, "/boot/efi") {
		t.Errorf("filesystems: %s", mounts)
	}
	if high := eval[int](b, "document.documentElement.scrollHeight"); high > 2*1080 {
		t.Errorf("the page is %d px high, more than two screens of 1080", high)
	}
	b.shoot("host-one-light")
	b.do(theme("dark"))
	b.shoot("host-one-dark")
	b.do(chromedp.Navigate(address+"/?dashboard=host&host=worker-02&range=1h"), loaded(1))
	if head := b.text("[data-panel=host-head]"); !strings.Contains(head, "Silent") || !strings.Contains(head, "since") {
		t.Errorf("the head of a silent host says %s", head)
	}
	// Without a host, there is no host to tell about.
	b.do(chromedp.Navigate(address+"/?dashboard=host&range=1h"), loaded(1))
	if b.shown("host-head") || !b.shown("host-cpu") {
		t.Errorf("without a host, the head is shown: %v, the CPU: %v", b.shown("host-head"), b.shown("host-cpu"))
	}
}

// TestHostPageOfAnOldLake: over files without lists, the panels of details are not there, and others stand in.
func TestHostPageOfAnOldLake(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	var lists []string
	for _, c := range record.Columns() {
		if c.Fields != nil {
			lists = append(lists, c.Name)
		}
	}
	laketest.Write(t, dir, laketest.Scene(now.Add(-time.Hour), now, 10*time.Second), lists...)
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?dashboard=host&host=db-01&range=1h"), loaded(1))
	for panel, want := range map[string]bool{
		"host-head": true, "host-cpu": true, "host-memory": true, "host-pressure": true,
		"host-who-cpu": false, "host-unit-memory": false, "host-sensors": false, "host-disks": false, "host-interfaces": false,
		"host-disk-busy": false, "host-interface-bytes": false,
		"host-busy": true, "host-disk": true, "host-network": true, "host-errors": true, "host-filesystems": true,
	} {
		if got := b.shown(panel); got != want {
			t.Errorf("%s is shown: %v, want %v", panel, got, want)
		}
	}
	if !eval[bool](b, "document.querySelector('#notice').hidden") {
		t.Error("the page shows a notice")
	}
	b.do(chromedp.Navigate(address+"/?dashboard=disk&range=1h"), loaded(1))
	if b.shown("disk-slowest") || !strings.Contains(b.text("[data-panel=disk-fullest] tbody"), "/var/lib/postgresql") {
		t.Error("the page of disks needs details")
	}
}

// TestProcessIsChosenByItsName: a click on a process shows it alone, and where it runs; other pages do not keep the choice.
func TestProcessIsChosenByItsName(t *testing.T) {
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(site(t, scene(t))+"/?dashboard=processes&range=1h"), loaded(1))
	b.pause()
	all := b.points("processes-top")
	name := "ffmpeg (convert.service)"
	b.settle(chromedp.Click("[data-panel=processes-top] tr[data-name='" + name + "'] button"))
	if q := b.query(); q.Get("process") != name {
		t.Errorf("address %v after choosing a process", q)
	}
	if n := b.points("processes-top"); n != 1 || all < 5 {
		t.Errorf("%d of %d processes after choosing one", n, all)
	}
	if got := b.text("[data-panel=processes-time] .note"); !strings.Contains(got, name) {
		t.Errorf("the chart over time is that of %q", got)
	}
	if hosts := b.text("[data-panel=processes-hosts] tbody"); !strings.Contains(hosts, "worker-01") || strings.Contains(hosts, "web-01") {
		t.Errorf("it runs on %s", hosts)
	}
	b.shoot("process")
	b.settle(chromedp.Click("[data-dashboard=disk]"))
	if q := b.query(); q.Has("process") {
		t.Errorf("address %v keeps the process", q)
	}
	b.settle(chromedp.NavigateBack()) // else the load that it begins is taken for that of the next choice
	b.do(poll("document.querySelector('[data-choose=process] summary').textContent.includes('ffmpeg')"))
	b.choose("process", "nginx")
	if q := b.query(); !strings.HasPrefix(q.Get("process"), "nginx") {
		t.Errorf("address %v after choosing from the list", q)
	}
}
