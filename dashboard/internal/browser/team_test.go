//go:build browser

package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

// TestLogin signs in by the form, lands on the page that was wanted, and signs out.
func TestLogin(t *testing.T) {
	const secret = "5f1d0c6a9b3e47d28c15e6f7a0b9d4c3"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.ReadTokens(file)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := server.New(laketest.Open(t, scene(t)), server.Options{Delay: 10 * time.Second, Access: access.Options{Tokens: tokens}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	b := open(t)
	b.do(theme("light"), chromedp.EmulateViewport(1440, 900), chromedp.Navigate(s.URL+"/?dashboard=network&range=1h"), chromedp.WaitVisible("#token"))
	b.shoot("login")
	b.do(theme("dark"))
	b.shoot("login-dark")
	b.do(chromedp.SendKeys("#token", secret+kb.Enter), chromedp.WaitVisible("#sign-out"), loaded(1))
	if q := b.query(); q.Get("dashboard") != "network" || q.Get("range") != "1h" {
		t.Errorf("address %v after signing in", q)
	}
	b.do(chromedp.Click("#sign-out"), chromedp.WaitVisible("#token"))
	b.do(chromedp.Navigate(s.URL+"/"), chromedp.WaitVisible("#token"))
}

// TestEmbedding shows the page in a frame of a page of another origin that is allowed.
func TestEmbedding(t *testing.T) {
	frame := func(address string) string {
		return fmt.Sprintf(`<!doctype html><title>wiki</title><iframe id="f" width="1000" height="700" src=%q></iframe>`, address)
	}
	var target string
	wiki := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<link rel="icon" href="data:,">`+frame(target))
	}))
	t.Cleanup(wiki.Close)
	handler, err := server.New(laketest.Open(t, scene(t)), server.Options{Delay: 10 * time.Second, EmbedOrigins: []string{wiki.URL}})
	if err != nil {
		t.Fatal(err)
	}
	loadedInFrame := make(chan struct{}, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/panels/overview-cpu" {
			select {
			case loadedInFrame <- struct{}{}:
			default:
			}
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	target = s.URL + "/?range=1h&kiosk=1"
	b := open(t)
	b.do(chromedp.EmulateViewport(1100, 800), chromedp.Navigate(wiki.URL+"/"))
	select {
	case <-loadedInFrame:
	case <-b.ctx.Done():
		t.Error("the page in the frame asks for no data")
	}
	b.shoot("embedded")
}
