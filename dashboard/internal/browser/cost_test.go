//go:build browser

package browser_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

// charging is a lake that charges for its answers.
type charging struct{ *lake.Lake }

func (c charging) Query(ctx context.Context, q panels.Query) (panels.Result, error) {
	r, err := c.Lake.Query(ctx, q)
	r.Cost = &panels.Cost{ScannedBytes: 12_000_000, USD: 0.0001}
	if strings.Contains(q.SQL, "samples_once") {
		r.Cost = &panels.Cost{Reused: true}
	}
	return r, err
}

// TestCostIsShown looks at a page whose engine charges: the costs that it shows, and how often it refreshes. The page of another
// engine shows no costs.
func TestCostIsShown(t *testing.T) {
	handler, err := server.New(charging{laketest.Open(t, scene(t))}, server.Options{
		Delay: 10 * time.Second, Source: "Athena · metrics.samples · eu-north-1", Refresh: 5 * time.Minute, Step: time.Minute,
		Spent: func() panels.Cost { return panels.Cost{ScannedBytes: 1e9, USD: 0.0123} },
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	queries := 2 // the inventory and the restarts; the choosers ask when somebody opens them
	for _, p := range panels.All()[0].Panels {
		if p.AnswerOf == "" {
			queries++
		}
	}

	b := open(t)
	b.do(chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.URL+"/?range=1h"), loaded(1))
	want := fmt.Sprintf("This page: %d MB scanned, about %.4f USD · Since the server started: 0.012 USD", 12*queries, 0.0001*float64(queries))
	b.do(poll(fmt.Sprintf("document.getElementById('cost').textContent === %q", want)))
	b.shoot("athena")
	// Wait longer than the time after which a page over files refreshes.
	b.do(chromedp.Sleep(7 * time.Second))
	if n := eval[int](b, "Number(document.body.dataset.loaded)"); n != 1 {
		t.Errorf("loaded %d times although each costs", n)
	}
	b.do(script(`(Object.defineProperty(document, 'hidden', { value: true, configurable: true }), document.dispatchEvent(new Event('visibilitychange')))`),
		script("(delete document.hidden, document.dispatchEvent(new Event('visibilitychange')))"), chromedp.Sleep(time.Second))
	if n := eval[int](b, "Number(document.body.dataset.loaded)"); n != 1 {
		t.Errorf("loaded %d times: coming back to the page costs", n)
	}
	b.do(script("document.getElementById('once').click()"), loaded(2), poll("document.getElementById('cost').textContent.includes('reused')"))
	if b.query().Get("once") != "true" {
		t.Errorf("the address is %v", b.query())
	}

	// The SQL is shown in the form of the engine first.
	const card = "[data-panel=overview-cpu]"
	b.do(chromedp.Click(card+" .dots"), chromedp.Click(card+" .menu-list button:nth-child(1)"), chromedp.WaitVisible(".sql-dialog"),
		chromedp.WaitVisible("[data-form=athena][aria-pressed=true]"))

	b.do(chromedp.Navigate(site(t, scene(t))+"/?range=1h"), loaded(1))
	if shown := eval[bool](b, "!document.getElementById('cost').hidden"); shown {
		t.Error("files cost something")
	}
}
