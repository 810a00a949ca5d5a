//go:build browser

// Package browser_test drives the page in a headless Chromium over a lake of fixtures. It has a build tag because it needs
// Chromium and fails without it.
package browser_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

var shots = flag.String("shots", "", "directory to write screenshots to")

// testTime bounds one test: loading a page takes a second or two on an idle machine.
const testTime = 4 * time.Minute

// dirs are the directories that several tests use. TestMain removes them.
var dirs []string

// stopBrowser ends the browser, if a test began it.
var stopBrowser = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stopBrowser()
	for _, dir := range dirs {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

func newDir() (string, error) {
	dir, err := os.MkdirTemp("", "dashboard-test")
	dirs = append(dirs, dir)
	return dir, err
}

// failer keeps the first failure of a fixture that several tests use.
type failer struct{ err *error }

func (failer) Helper() {}

func (f failer) Fatalf(format string, args ...any) {
	if *f.err == nil {
		*f.err = fmt.Errorf(format, args...)
	}
}

// site serves the page over a lake and returns its address.
func site(t testing.TB, dir string) string { return siteWith(t, dir, server.Options{}) }

// siteWith is a site with other options.
func siteWith(t testing.TB, dir string, o server.Options) string {
	t.Helper()
	return siteOf(t, laketest.Open(t, dir), o)
}

// siteOf is a site over an open lake.
func siteOf(t testing.TB, l *lake.Lake, o server.Options) string {
	t.Helper()
	o.Delay, o.Source = 10*time.Second, "fixture"
	handler, err := server.New(l, o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// scene is a lake whose last hour ends now.
func scene(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	laketest.Write(t, dir, laketest.Scene(now.Add(-65*time.Minute), now, 3*time.Second))
	return dir
}

// tab is a tab of the browser and the test that uses it.
type tab struct {
	t   testing.TB
	ctx context.Context
}

// browser starts the Chromium of all tests, because a start takes a second of CPU time.
var browser = sync.OnceValues(func() (context.Context, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return nil, errors.New("no Chromium found: install the package chromium")
	}
	dir, err := newDir()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(dir), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stopBrowser = func() {
		cancel()
		cancelAllocator()
	}
	if err := chromedp.Do(ctx); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return ctx, nil
})

// open opens a tab that shares no cookies and no storage with other tests. A warning or error on the page's console fails the test.
func open(t testing.TB) *tab {
	t.Helper()
	testenv.Clean(t)
	chromium, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancelTab := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancelTab)
	ctx, cancel := context.WithTimeout(ctx, testTime)
	t.Cleanup(cancel)
	var mu sync.Mutex // guards complaints
	var complaints []string
	complain := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, text)
	}
	err = chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
				var words []string
				for _, a := range e.Args {
					words = append(words, string(a.Value)+a.Description)
				}
				complain(strings.Join(words, " "))
			}
		case *runtime.EventExceptionThrown:
			complain((&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
		case *log.EventEntryAdded:
			complain(fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Errorf("the page complained: %s", c)
		}
	})
	b := &tab{t, ctx}
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
		return err
	}))
	return b
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// loaded waits until the page has finished n refreshes and no other is running.
func loaded(n int) chromedp.Action[chromedp.Void] {
	return poll(fmt.Sprintf("Number(document.body?.dataset.loaded ?? 0) >= %d && !document.body.classList.contains('loading')", n))
}

func eval[T any](b *tab, expression string, options ...chromedp.EvaluateOption) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, options...))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// poll waits until an expression is true.
func poll(expression string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(0))(ctx, target) // the test's own time bounds it
		return chromedp.Void{}, err
	}
}

// script runs an expression for its effect.
func script(expression string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("("+expression+", true)")(ctx, target)
		return chromedp.Void{}, err
	}
}

// rect is where an element is in the viewport.
type rect struct{ X, Y, W, H float64 }

func (b *tab) rectOf(selector string) rect {
	b.t.Helper()
	return eval[rect](b, fmt.Sprintf(
		"(() => { const r = document.querySelector(%q).getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height}; })()", selector))
}

func (b *tab) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	b.do(script("scrollTo(0, 0)"))
	eval[bool](b, "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))", chromedp.EvalAwaitPromise)
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

func theme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}

func TestOverview(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))

	for _, panel := range []string{"overview-cpu", "overview-memory", "overview-disk", "overview-network"} {
		points := eval[int](b, fmt.Sprintf("Number(document.querySelector('[data-panel=%s]').dataset.points)", panel))
		if points < 500 {
			t.Errorf("%s has %d points", panel, points)
		}
	}
	if got := eval[int](b, "document.querySelectorAll('[data-panel=overview-last-seen] tbody tr').length"); got != 6 {
		t.Errorf("%d hosts in the table, want 6", got)
	}
	if got := eval[string](b, "document.querySelector('[data-panel=overview-last-seen] tbody tr.silent')?.dataset.host ?? ''"); got != "worker-02" {
		t.Errorf("the silent host is %q, want worker-02", got)
	}
	if got := eval[string](b, "document.querySelector('[data-tile=fleet] .tile-value').textContent"); got != "5" {
		t.Errorf("%s hosts report, want 5", got)
	}
	for _, tile := range []string{"cpu_pct", "ram_pct", "disk_busy_pct", "net_total"} {
		if got := eval[string](b, fmt.Sprintf("document.querySelector('[data-tile=%s] .tile-value').textContent", tile)); got == "–" || got == "" {
			t.Errorf("tile %s shows %q", tile, got)
		}
	}
	if got := eval[bool](b, "document.querySelector('#notice').hidden && document.querySelector('#empty').hidden"); !got {
		t.Error("the page shows a notice or that it is empty")
	}
	b.shoot("light")
	b.do(theme("dark"))
	b.shoot("dark")
	b.do(theme("light"), chromedp.Click("#theme"))
	if !eval[bool](b, "document.documentElement.classList.contains('dark')") {
		t.Error("the button does not switch to dark")
	}
	b.do(chromedp.Click("#theme"))
}

func TestRangeHostAndZoomAreInTheAddress(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?range=1h"), loaded(1))
	points := func() int {
		return eval[int](b, "Number(document.querySelector('[data-panel=overview-cpu]').dataset.points)")
	}
	query := func() url.Values {
		u, err := url.Parse(eval[string](b, "location.href"))
		if err != nil {
			t.Fatal(err)
		}
		return u.Query()
	}
	b.pause()
	hour := points()
	b.settle(chromedp.Click("#ranges [data-range='5m']"))
	if q := query(); q.Get("range") != "5m" {
		t.Errorf("address %v after choosing 5m", q)
	}
	if got := points(); got == hour || got == 0 {
		t.Errorf("%d points in 5m, %d in 1h", got, hour)
	}
	// A host is found by a part of its name and chosen from the keyboard.
	b.do(chromedp.Click("[data-choose=host] summary"), searching("host"))
	b.settle(chromedp.SendKeys("[data-choose=host] input", "b-01"+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+"db"+kb.Enter))
	if q := query(); q.Get("host") != "db-01" || q.Get("range") != "5m" {
		t.Errorf("address %v after choosing a host", q)
	}
	if got := eval[int](b, "document.querySelectorAll('[data-panel=overview-last-seen] tbody tr').length"); got != 1 {
		t.Errorf("%d rows with one host chosen", got)
	}
	b.shoot("one-host")
	b.settle(chromedp.NavigateBack())
	if q := query(); q.Has("host") {
		t.Errorf("address %v after going back", q)
	}
	// The host's name leads to the page of the host. The browser's Back leads from there.
	b.settle(chromedp.Click("[data-panel=overview-last-seen] tbody tr[data-host='db-01'] .host"))
	if q := query(); q.Get("dashboard") != "host" || q.Get("host") != "db-01" {
		t.Errorf("address %v after opening a host", q)
	}
	if got := eval[string](b, "document.querySelector('#title').textContent + ' ' + document.title"); got != "db-01 db-01 · Metrics Dashboard" {
		t.Errorf("titles %q", got)
	}
	b.settle(chromedp.NavigateBack())
	if q := query(); q.Has("dashboard") {
		t.Errorf("address %v after going back", q)
	}
	// Dragging over a chart chooses its time range.
	const middle = "document.querySelector('[data-panel=overview-cpu]').scrollIntoView({block: 'center'})"
	b.do(script(middle))
	box := b.rectOf("[data-panel=overview-cpu] .chart")
	y := box.Y + box.H/2
	b.settle(
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.3, y),
		chromedp.MouseEvent(chromedp.MousePressed, box.X+box.W*0.3, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.4, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.6, y, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, box.X+box.W*0.6, y, chromedp.ButtonLeft),
	)
	q := query()
	from, err1 := time.Parse(time.RFC3339, q.Get("from"))
	to, err2 := time.Parse(time.RFC3339, q.Get("to"))
	if err1 != nil || err2 != nil || to.Sub(from) < 60*time.Second || to.Sub(from) > 150*time.Second {
		t.Errorf("address %v after zooming to a third of five minutes", q)
	}
	if points() == 0 {
		t.Error("no points after zooming")
	}
	b.settle(chromedp.Click("#zoom-out"))
	if wider := query(); wider.Get("from") == q.Get("from") {
		t.Errorf("address %v after zooming out", wider)
	}
	// The tooltip shows what is under the pointer.
	b.settle(chromedp.Click("#ranges [data-range='1h']"), script(middle))
	box = b.rectOf("[data-panel=overview-cpu] .chart")
	y = box.Y + box.H/2
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.5, y), chromedp.MouseEvent(chromedp.MouseMoved, box.X+box.W*0.55, y),
		chromedp.WaitVisible(".tip-body"))
	if got := eval[string](b, "document.querySelector('.tip-body').textContent"); !strings.Contains(got, "web-01") {
		t.Errorf("the tooltip says %q", got)
	}
	b.shoot("tooltip")
}

func TestPhone(t *testing.T) {
	address := site(t, scene(t))
	b := open(t)
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)),
		chromedp.Navigate(address+"/?range=1h"), loaded(1))
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 390 {
		t.Errorf("the page is %d px wide on a phone of 390", wide)
	}
	b.shoot("phone")
}

func TestEmptyLakeFillsByItself(t *testing.T) {
	dir := t.TempDir()
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1), chromedp.WaitVisible("#empty"))
	if got := eval[string](b, "document.querySelector('#empty-title').textContent"); !strings.Contains(got, "waiting") {
		t.Errorf("an empty lake says %q", got)
	}
	b.shoot("empty")
	now := time.Now().UTC().Truncate(time.Second)
	laketest.Write(t, dir, laketest.Scene(now.Add(-5*time.Minute), now, 3*time.Second))
	b.do(chromedp.WaitVisible("#content"), poll("document.querySelectorAll('[data-panel=overview-last-seen] tbody tr').length == 6"))
}

func TestOldLakeOffersItsNewestSamples(t *testing.T) {
	dir := t.TempDir()
	end := time.Now().UTC().Truncate(time.Second).Add(-72 * time.Hour)
	laketest.Write(t, dir, laketest.Scene(end.Add(-30*time.Minute), end, 10*time.Second))
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1), chromedp.WaitVisible("#empty-action"))
	b.shoot("old")
	b.do(chromedp.Click("#empty-action"), loaded(2), chromedp.WaitVisible("#content"))
	if points := eval[int](b, "Number(document.querySelector('[data-panel=overview-cpu]').dataset.points)"); points == 0 {
		t.Error("no points of the newest samples")
	}
}

// TestFilesLeftOutAreNamed: the page names the first files that an answer lacks.
func TestFilesLeftOutAreNamed(t *testing.T) {
	dir := scene(t)
	files, err := filepath.Glob(filepath.Join(dir, laketest.Prefix, "*", "*", "*", "*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("files of the lake: %v, %v", files, err)
	}
	newest := filepath.Dir(files[len(files)-1])
	for i := range 5 {
		if err := os.WriteFile(filepath.Join(newest, fmt.Sprintf("notes-%d.txt", i)), []byte("not a Parquet file"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/"), loaded(1), chromedp.WaitVisible("#notice"))
	got := eval[string](b, "document.querySelector('#notice').textContent")
	if !strings.Contains(got, "notes-0.txt: not a Parquet file") || !strings.HasSuffix(got, " · and 2 more") {
		t.Errorf("the page says %q", got)
	}
	b.shoot("left-out")
}

func TestAwkwardHostNameIsText(t *testing.T) {
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	samples := laketest.Samples(2, now.Add(-5*time.Minute), now, 3*time.Second)
	name := `<img src=x onerror=alert(1)> "o'neil" & 🦊`
	for i := range samples {
		if samples[i].Hostname == samples[0].Hostname {
			samples[i].NodeRole = "<b>role</b>"
		}
	}
	first := samples[0].Hostname
	for i := range samples {
		if samples[i].Hostname == first {
			samples[i].Hostname = name
		}
	}
	laketest.Write(t, dir, samples)
	address := site(t, dir)
	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(address+"/?host="+url.QueryEscape(name)), loaded(1))
	if got := eval[string](b, "document.querySelector('[data-panel=overview-last-seen] tbody .host-name').textContent"); got != name {
		t.Errorf("the table says %q", got)
	}
	if eval[int](b, "document.querySelectorAll('main img, main b').length") != 0 {
		t.Error("a host name became markup")
	}
	b.do(script("document.querySelector('.chart').scrollIntoView({block: 'center'})"))
	box := b.rectOf(".chart")
	x, y := box.X+box.W*0.9, box.Y+box.H/2
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y), chromedp.MouseEvent(chromedp.MouseMoved, x-5, y), chromedp.WaitVisible(".tip-body"))
	if got := eval[string](b, "document.querySelector('.tip-body').textContent"); !strings.Contains(got, name) {
		t.Errorf("the tooltip says %q", got)
	}
}
