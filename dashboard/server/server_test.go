package server_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/web"
)

var now = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

// engine answers as a test wants, and keeps the last query.
type engine struct {
	query  func(ctx context.Context, q panels.Query) (panels.Result, error)
	newest time.Time
	asked  panels.Query
}

func (e *engine) Query(ctx context.Context, q panels.Query) (panels.Result, error) {
	e.asked = q
	if e.query == nil {
		return panels.Result{
			Columns: []panels.Column{{Name: "host", Type: "VARCHAR"}, {Name: "t", Type: "DOUBLE"}},
			Data:    [][]any{{"a", "b"}, {1.5, nil}}, Notes: panels.Notes{Warnings: []string{"left out x.parquet"}},
		}, nil
	}
	return e.query(ctx, q)
}

func (*engine) Form(context.Context) panels.Form { return panels.DuckDB() }

func (e *engine) Newest(context.Context, time.Time) (time.Time, bool, error) {
	return e.newest, !e.newest.IsZero(), nil
}

func handler(t *testing.T, e *engine, o server.Options) http.Handler {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	h, err := server.New(e, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get makes a request and returns the answer. headers are names and values in turn.
func get(h http.Handler, method, target string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "localhost:8080"
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func decode[T any](t *testing.T, r *http.Response) (v T) {
	t.Helper()
	text := body(t, r)
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func TestEveryAnswerHasTheSafetyHeaders(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	for _, target := range []string{"/", "/api/dashboards", "/api/panels/overview-cpu", "/api/panels/nope", "/api/status", "/healthz", "/nope", "/static/x/app.js"} {
		r := get(h, "GET", target)
		policy := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %s", target, policy, want)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", target)
		}
	}
}

func TestPageHasNothingInline(t *testing.T) {
	text := body(t, get(handler(t, &engine{}, server.Options{}), "GET", "/"))
	for _, bad := range []string{`<script>`, `<style`, ` style=`, `onclick=`, `onerror=`, `javascript:`, `http://`, `https://`, `{{`} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

// TestAllLinkedFilesAreServed follows the links of the page and the imports of its modules.
func TestAllLinkedFilesAreServed(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	page := body(t, get(h, "GET", "/"))
	links := regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 5 {
		t.Fatalf("%d links in the page", len(links))
	}
	base := regexp.MustCompile(`/static/[0-9a-f]{12}/`).FindString(page)
	source, err := web.Files()
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, l := range links {
		targets[l[1]] = true
	}
	modules, err := fs.Glob(source, "*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range modules {
		if !targets[base+name] {
			t.Errorf("the page does not load or preload %s: it would be found only after others", name)
		}
		content, err := fs.ReadFile(source, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`from '\./([^']+)'`).FindAllStringSubmatch(string(content), -1) {
			targets[base+m[1]] = true
		}
	}
	for target := range targets {
		r := get(h, "GET", target)
		if r.StatusCode != http.StatusOK || r.Header.Get("ETag") == "" || !strings.Contains(r.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s, ETag %q, Cache-Control %q", target, r.Status, r.Header.Get("ETag"), r.Header.Get("Cache-Control"))
		}
		if strings.HasSuffix(target, ".js") && !strings.HasPrefix(r.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s is %q", target, r.Header.Get("Content-Type"))
		}
		if again := get(h, "GET", target, "If-None-Match", r.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s, known already: %s", target, again.Status)
		}
	}
	if r := get(h, "GET", "/", "If-None-Match", get(h, "GET", "/").Header.Get("ETag")); r.StatusCode != http.StatusNotModified {
		t.Errorf("the page, known already: %s", r.Status)
	}
	for _, target := range []string{"/static/000000000000/app.js", base + "nope.js", base + "../app.js", base + "vendor/", base + "index.html"} {
		if r := get(h, "GET", target); r.StatusCode == http.StatusOK {
			t.Errorf("%s is served", target)
		}
	}
}

func TestChartLibraryIsServedCompressedAndPlain(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	target := regexp.MustCompile(`/static/[0-9a-f]{12}/vendor/echarts.min.js`).FindString(body(t, get(h, "GET", "/")))
	plain := get(h, "GET", target)
	packed := get(h, "GET", target, "Accept-Encoding", "br, gzip;q=0.5")
	if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" {
		t.Fatalf("encodings %q and %q", packed.Header.Get("Content-Encoding"), plain.Header.Get("Content-Encoding"))
	}
	if packed.Header.Get("Vary") != "Accept-Encoding" || packed.Header.Get("ETag") == plain.Header.Get("ETag") {
		t.Error("the two forms are not kept apart")
	}
	r, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, plain); text != string(unpacked) || !strings.Contains(text, "Apache Software Foundation") {
		t.Errorf("plain has %d bytes, unpacked %d", len(text), len(unpacked))
	}
	if r := get(h, "GET", target, "Accept-Encoding", "gzip;q=0"); r.Header.Get("Content-Encoding") != "" {
		t.Error("compressed although refused")
	}
}

func TestForeignHostNamesAreRefused(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "LocalHost:1": 200, "localhost.": 200, "127.0.0.1:8080": 200, "127.1.2.3": 200,
		"[::1]:8080": 200, "[::1]": 200,
		"example.com": 403, "example.com:8080": 403, "localhost.example.com": 403, "127.0.0.1.example.com": 403, "10.0.0.1:8080": 403, "": 403,
	} {
		if r := get(h, "GET", "/healthz", "Host", host); r.StatusCode != want {
			t.Errorf("host %q: %s, want %d", host, r.Status, want)
		}
	}
	if r := get(handler(t, &engine{}, server.Options{AnyHost: true}), "GET", "/healthz", "Host", "example.com"); r.StatusCode != http.StatusOK {
		t.Errorf("any host allowed, yet %s", r.Status)
	}
}

func TestForeignPagesRunNoQueries(t *testing.T) {
	for site, want := range map[string]int{"": 200, "same-origin": 200, "none": 200, "same-site": 403, "cross-site": 403, "what": 403} {
		e := &engine{}
		r := get(handler(t, e, server.Options{AnyHost: true}), "GET", "/api/panels/overview-cpu", "Sec-Fetch-Site", site)
		if r.StatusCode != want || (e.asked.SQL != "") != (want == http.StatusOK) {
			t.Errorf("%q: %s, want %d; asked %q", site, r.Status, want, e.asked.SQL)
		}
	}
	// A link on another site to the page works.
	if r := get(handler(t, &engine{}, server.Options{}), "GET", "/", "Sec-Fetch-Site", "cross-site"); r.StatusCode != http.StatusOK {
		t.Errorf("the page: %s", r.Status)
	}
}

func TestPanelData(t *testing.T) {
	e := &engine{}
	r := get(handler(t, e, server.Options{Delay: time.Minute}), "GET", "/api/panels/overview-cpu?range=1h&buckets=100&host=a%27b")
	data := decode[map[string]any](t, r)
	if r.StatusCode != http.StatusOK || r.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		t.Errorf("%s %v", r.Status, r.Header)
	}
	for key, want := range map[string]string{
		"panel": "overview-cpu", "from": fmt.Sprint(float64(now.Unix() - 3600)), "to": fmt.Sprint(float64(now.Unix())), "bucket_s": "60", "rows": "2",
		"columns": "[map[name:host type:VARCHAR] map[name:t type:DOUBLE]]", "data": "[[a b] [1.5 <nil>]]", "warnings": "[left out x.parquet]",
	} {
		if got := fmt.Sprint(data[key]); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if e.asked.Range.From != now.Add(-time.Hour) || e.asked.Range.To != now {
		t.Errorf("asked for %v", e.asked.Range)
	}
	// The panels of the page read this together.
	if s := e.asked.Shared; len(s) != 1 || !slices.Contains(s[0].Args, any("a'b")) || strings.Contains(s[0].SQL+e.asked.SQL, "a'b") {
		t.Errorf("the host is not a value: %v", s)
	}
}

// The queries of a page have one range, whenever they arrive.
func TestRangeOfAPage(t *testing.T) {
	for query, want := range map[string]time.Time{
		"range=1h&at=1770112800.5": time.UnixMilli(1770112800500), "range=1h": now, "": now,
		"from=1770112800&to=1770116400&at=1770112800.5": time.Unix(1770116400, 0),
	} {
		e := &engine{}
		if r := get(handler(t, e, server.Options{}), "GET", "/api/panels/overview-cpu?"+query); r.StatusCode != http.StatusOK || !e.asked.Range.To.Equal(want) {
			t.Errorf("%q: %s, up to %v, want %v", query, r.Status, e.asked.Range.To, want)
		}
	}
	for query, want := range map[string]string{"at=soon": "at must be a time", "at=1770112800&at=1770112801": "at is given 2 times"} {
		r := get(handler(t, &engine{}, server.Options{}), "GET", "/api/panels/overview-cpu?"+query)
		if got := fmt.Sprint(decode[map[string]any](t, r)["error"]); r.StatusCode != http.StatusBadRequest || !strings.Contains(got, want) {
			t.Errorf("%q: %s %s", query, r.Status, got)
		}
	}
}

func TestRanges(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": 15 * time.Minute, "range=5m": 5 * time.Minute, "range=90s": 90 * time.Second, "range=7d": 7 * 24 * time.Hour,
		"from=2026-02-03T10:00:00Z&to=2026-02-03T11:30:00Z":          90 * time.Minute,
		"from=2026-02-03T10:00:00%2B01:00&to=2026-02-03T11:30:00.5Z": 150*time.Minute + 500*time.Millisecond,
		"from=1770112800&to=1770112810.5":                            10500 * time.Millisecond,
	} {
		e := &engine{}
		if r := get(handler(t, e, server.Options{}), "GET", "/api/panels/overview-cpu?"+query); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %s %s", query, r.Status, body(t, r))
		}
		if got := e.asked.Range.To.Sub(e.asked.Range.From); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestBadRequests(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	for query, want := range map[string]string{
		"range=":                           "range must be",
		"range=5":                          "range must be",
		"range=m":                          "range must be",
		"range=-5m":                        "range must be",
		"range=5w":                         "range must be",
		"range=1s":                         "range must be",
		"range=401d":                       "range must be",
		"range=99999999999999999999d":      "range must be",
		"range=4294967295d":                "range must be",
		"range=5m&range=1h":                "given 2 times",
		"range=5m&from=1&to=100":           "either range or",
		"from=1770112800":                  "go together",
		"to=1770112800":                    "go together",
		"from=x&to=1770112800":             "from must be a time",
		"from=NaN&to=1770112800":           "from must be a time",
		"from=1e300&to=1e301":              "from must be a time",
		"from=1770112800&to=Inf":           "to must be a time",
		"from=0x6a3d3c20&to=1770112800":    "from must be a time",
		"from=1.7701128e9&to=1770112800":   "from must be a time",
		"from=%2B1770112000&to=1770112800": "from must be a time",
		"range=1h;x=1":                     "invalid semicolon",
		"range=1h&host=a;b":                "invalid semicolon",
		"range=1h&host=%zz":                "invalid URL escape",
		"range=1h&host=100%":               "invalid URL escape",
		"buckets=%2B100":                   "buckets must be",
		"offset=%2B3600":                   "offset must be",
		"offset=--60":                      "offset must be",
		"from=1770112800&to=1770112800":    "to must be at least",
		"from=1770112900&to=1770112800":    "to must be at least",
		"from=0&to=1770112800":             "longer than 400 days",
		"buckets=0":                        "buckets must be",
		"buckets=2001":                     "buckets must be",
		"buckets=many":                     "buckets must be",
		"buckets=x&range=y":                "; ",
		"host=" + strings.Repeat("a", 256): "host must be",
		"host=%ff":                         "host must be",
		"env=" + strings.Repeat("a", 256):  "env must be",
		"role=%ff":                         "role must be",
		"tag=team":                         "tag must be",
		"tag==x":                           "tag must be",
		"tag=a=%ff":                        "tag must be",
		"metric=hostname":                  `no metric "hostname"`,
		"metric=cpu_pct--":                 "no metric",
		"offset=x":                         "offset must be",
		"offset=86401":                     "offset must be",
		"offset=0,5":                       "offset must be",
		"offset=0,5:":                      "offset must be",
		"offset=0,5:86401":                 "offset must be",
		"offset=0,":                        "offset must be",
		"offset=0,x:0":                     "offset must be",
		"offset=0,5:0,5:1":                 "in the order of their times",
		"offset=0,1:0,2:0,3:0,4:0,5:0,6:0,7:0,8:0,9:0": "up to 8 times",
		"format=csv":                        `unknown parameter "format"`,
		"once=1":                            "once must be",
		"sql=SELECT+1":                      `unknown parameter "sql"`,
		url.Values{"'; --": {"x"}}.Encode(): "unknown parameter",
	} {
		for _, target := range []string{"/api/panels/overview-cpu?", "/api/panels/overview-cpu/sql?"} {
			r := get(h, "GET", target+query)
			answer := decode[map[string]string](t, r)
			if r.StatusCode != http.StatusBadRequest || !strings.Contains(answer["error"], want) || strings.Contains(answer["error"], "\n") {
				t.Errorf("%s%s: %s %q, want 400 with %q", target, query, r.Status, answer["error"], want)
			}
		}
	}
}

func TestOtherErrors(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	for _, c := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/api/panels/nope", 404},
		{"GET", "/api/nope", 404},
		{"GET", "/nope", 404},
		{"POST", "/api/dashboards", 405},
		{"DELETE", "/api/panels/overview-cpu", 405},
		{"POST", "/", 405},
	} {
		r := get(h, c.method, c.target)
		if r.StatusCode != c.want {
			t.Errorf("%s %s: %s, want %d", c.method, c.target, r.Status, c.want)
		}
		if strings.HasPrefix(c.target, "/api/") && decode[map[string]string](t, r)["error"] == "" {
			t.Errorf("%s %s: no error in the answer", c.method, c.target)
		}
	}
}

func TestFailingEngine(t *testing.T) {
	e := &engine{query: func(context.Context, panels.Query) (panels.Result, error) {
		return panels.Result{}, errors.New("disk on fire")
	}}
	r := get(handler(t, e, server.Options{}), "GET", "/api/panels/overview-cpu")
	if answer := decode[map[string]string](t, r); r.StatusCode != http.StatusInternalServerError || answer["error"] != "disk on fire" {
		t.Errorf("%s %v", r.Status, answer)
	}
	e.query = func(context.Context, panels.Query) (panels.Result, error) { panic("what") }
	r = get(handler(t, e, server.Options{}), "GET", "/api/panels/overview-cpu")
	if answer := decode[map[string]string](t, r); r.StatusCode != http.StatusInternalServerError || answer["error"] != "internal error" {
		t.Errorf("%s %v", r.Status, answer)
	}
}

func TestSlowQueryEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &engine{query: func(ctx context.Context, _ panels.Query) (panels.Result, error) {
			<-ctx.Done()
			return panels.Result{}, errors.New("interrupted")
		}}
		r := get(handler(t, e, server.Options{Timeout: 5 * time.Second}), "GET", "/api/panels/overview-cpu")
		if answer := decode[map[string]string](t, r); r.StatusCode != http.StatusGatewayTimeout || !strings.Contains(answer["error"], "longer than 5s") {
			t.Errorf("%s %v", r.Status, answer)
		}
	})
}

func TestQueryEndsWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cancelled := false
		e := &engine{query: func(ctx context.Context, _ panels.Query) (panels.Result, error) {
			<-ctx.Done()
			cancelled = errors.Is(ctx.Err(), context.Canceled)
			return panels.Result{}, ctx.Err()
		}}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, "GET", "/api/panels/overview-cpu", nil)
		r.Host = "localhost"
		go func() {
			time.Sleep(time.Second) // of the bubble's clock
			cancel()
		}()
		handler(t, e, server.Options{}).ServeHTTP(httptest.NewRecorder(), r)
		if !cancelled {
			t.Error("the query went on after its request was gone")
		}
	})
}

func TestStatus(t *testing.T) {
	e := &engine{}
	h := handler(t, e, server.Options{Delay: 90 * time.Second, Source: "/some/lake"})
	if s := decode[map[string]any](t, get(h, "GET", "/api/status")); s["newest"] != nil || s["lag_s"] != nil || s["delay_s"] != 90.0 || s["source"] != "/some/lake" {
		t.Errorf("empty: %v", s)
	}
	e.newest = now.Add(-4500 * time.Millisecond)
	if s := decode[map[string]any](t, get(h, "GET", "/api/status")); s["lag_s"] != 4.5 || s["newest"] != float64(now.Unix())-4.5 {
		t.Errorf("with data: %v", s)
	}
}

// TestChargedEngine looks at the answers over an engine that charges: the cost of each panel, the sum so far, and the time
// between two refreshes.
func TestChargedEngine(t *testing.T) {
	cost := panels.Cost{ScannedBytes: 12_000_000, USD: 0.00006}
	e := &engine{query: func(context.Context, panels.Query) (panels.Result, error) {
		return panels.Result{Notes: panels.Notes{Cost: &cost}}, nil
	}}
	spent := panels.Cost{}
	at := now.Add(42 * time.Second)
	h := handler(t, e, server.Options{
		Spent: func() panels.Cost { spent.USD++; return spent }, Refresh: 5 * time.Minute, Step: time.Minute, Now: func() time.Time { return at },
	})
	data := decode[map[string]any](t, get(h, "GET", "/api/panels/overview-cpu?range=1h"))
	if fmt.Sprint(data["cost"]) != "map[reused:false scanned_bytes:1.2e+07 usd:6e-05]" {
		t.Errorf("cost %v", data["cost"])
	}
	if e.asked.Range.To != now || e.asked.Range.From != now.Add(-time.Hour) {
		t.Errorf("asked for %v: not of a whole minute", e.asked.Range)
	}
	s := decode[map[string]any](t, get(h, "GET", "/api/status"))
	if fmt.Sprint(s["spent"]) != "map[reused:false scanned_bytes:0 usd:1]" {
		t.Errorf("status %v", s)
	}
	if d := decode[map[string]any](t, get(h, "GET", "/api/dashboards")); d["refresh_s"] != 300.0 {
		t.Errorf("refresh after %v s", d["refresh_s"])
	}
	free := handler(t, &engine{}, server.Options{})
	if s := decode[map[string]any](t, get(free, "GET", "/api/status")); s["spent"] != nil {
		t.Errorf("status without charge: %v", s)
	}
	if data := decode[map[string]any](t, get(free, "GET", "/api/panels/overview-cpu")); data["cost"] != nil {
		t.Errorf("cost without charge: %v", data["cost"])
	}
}

func TestOnceIsAskedFor(t *testing.T) {
	for query, want := range map[string]string{"": "FROM samples\n", "once=true": "FROM samples_once\n", "once=false": "FROM samples\n"} {
		e := &engine{}
		if r := get(handler(t, e, server.Options{}), "GET", "/api/panels/performance-week?"+query); r.StatusCode != http.StatusOK || !strings.Contains(e.asked.SQL, want) {
			t.Errorf("%q: %s %s", query, r.Status, e.asked.SQL)
		}
	}
}

// The page's panels follow the rules that whoever sends alerts follows, and so does the SQL that the page shows.
func TestRulesAreUsed(t *testing.T) {
	rules := panels.RuleChanges{Overrides: []panels.Override{{
		Problems: []string{"CPU"}, Hosts: panels.Hosts{Envs: []string{"it's prod"}}, Limits: &panels.Limits{Thresholds: panels.Thresholds{Warn: 91.5, Critical: 99}, Clear: 80},
	}}}
	e := &engine{}
	h := handler(t, e, server.Options{Rules: rules})
	get(h, "GET", "/api/panels/overview-attention")
	if !strings.Contains(e.asked.SQL, "91.5e0") || !strings.Contains(e.asked.SQL, "(env = 'it''s prod')") {
		t.Errorf("%s %v", e.asked.SQL, e.asked.Args)
	}
	text := decode[map[string]string](t, get(h, "GET", "/api/panels/overview-attention/sql"))["athena"]
	if !strings.Contains(text, "91.5e0") || !strings.Contains(text, "env = 'it''s prod'") {
		t.Errorf("%s", text)
	}
}

func TestQueriesAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // guards running and most
		running, most := 0, 0
		e := &counting{f: func(n int) {
			mu.Lock()
			defer mu.Unlock()
			running += n
			most = max(most, running)
		}}
		h, err := server.New(e, server.Options{Queries: 2})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 7 {
			all.Go(func() {
				if r := get(h, "GET", "/api/panels/overview-cpu"); r.StatusCode != http.StatusOK {
					t.Error(r.Status)
				}
			})
		}
		all.Wait()
		if most != 2 {
			t.Errorf("%d queries at once, want 2", most)
		}
	})
}

// counting calls f with 1 when a query begins and with -1 when it ends.
type counting struct {
	engine
	f func(n int)
}

func (c *counting) Query(context.Context, panels.Query) (panels.Result, error) {
	c.f(1)
	time.Sleep(time.Second) // of the bubble's clock
	c.f(-1)
	return panels.Result{}, nil
}

func TestDashboards(t *testing.T) {
	type answer struct{ Dashboards []panels.Dashboard }
	got := decode[answer](t, get(handler(t, &engine{}, server.Options{}), "GET", "/api/dashboards"))
	if len(got.Dashboards) != len(panels.All()) || got.Dashboards[0].Panels[0].SQL != "" || got.Dashboards[0].Panels[0].Title == "" {
		t.Errorf("got %+v", got)
	}
}

func TestChoicesBecomeValues(t *testing.T) {
	e := &engine{}
	query := url.Values{
		"range": {"1h"}, "host": {"a'b"}, "env": {`"prod"`}, "role": {"; --"}, "tag": {"team=x=y?"}, "metric": {"ram_pct"}, "offset": {"-19800"},
	}
	r := get(handler(t, e, server.Options{}), "GET", "/api/panels/patterns-week?"+query.Encode())
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s %s", r.Status, body(t, r))
	}
	for _, want := range []any{"a'b", `"prod"`, "; --", "team", "x=y?"} {
		if !slices.Contains(e.asked.Args, want) {
			t.Errorf("%v is not among the values", want)
		}
		if text, ok := want.(string); ok && strings.Contains(e.asked.SQL, text) && text != "team" {
			t.Errorf("%v is in the text", want)
		}
	}
	query.Set("offset", "7200,1769900000:3600,1769990000:7200")
	changing := &engine{}
	get(handler(t, changing, server.Options{}), "GET", "/api/panels/patterns-week?"+query.Encode())
	if want := "floor((ts + CASE WHEN ts < 1769900000 THEN 7200 WHEN ts < 1769990000 THEN 3600 ELSE 7200 END) / 3600)"; !strings.Contains(changing.asked.SQL, want) {
		t.Errorf("the changes of the clock are not in %s", changing.asked.SQL)
	}
	if !strings.Contains(e.asked.SQL, "THEN ram_pct END AS metric") || !strings.Contains(e.asked.SQL, "floor((ts + -19800) / 3600)") {
		t.Errorf("metric and offset are not in %s", e.asked.SQL)
	}
}

func TestSQLToRead(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	r := get(h, "GET", "/api/panels/hosts-summary/sql?range=1h&host="+url.QueryEscape("o'neil ? FROM samples\n"))
	answer := decode[map[string]string](t, r)
	for form, from := range map[string]string{"local": "    FROM samples\n", "athena": "    FROM metrics.samples\n"} {
		text := answer[form]
		if !strings.HasPrefix(text, "SELECT ") || !strings.Contains(text, from) || !strings.Contains(text, "hostname = 'o''neil ? FROM samples\n'") ||
			!strings.Contains(text, "year BETWEEN '2026' AND '2026'") || !strings.Contains(text, "ts >= 1770116400 AND") {
			t.Errorf("%s: %s", form, text)
		}
	}
	own := decode[map[string]string](t, get(handler(t, &engine{}, server.Options{Table: "db.t"}), "GET", "/api/panels/hosts-summary/sql"))
	if !strings.Contains(own["athena"], "    FROM db.t\n") {
		t.Errorf("another table: %s", own["athena"])
	}
	if r := get(h, "GET", "/api/panels/nope/sql"); r.StatusCode != http.StatusNotFound {
		t.Errorf("no such panel: %s", r.Status)
	}
	if r := get(h, "GET", "/api/panels/hosts-summary/sql?range=x"); r.StatusCode != http.StatusBadRequest {
		t.Errorf("bad range: %s", r.Status)
	}
}

func TestDownload(t *testing.T) {
	e := &engine{query: func(context.Context, panels.Query) (panels.Result, error) {
		return panels.Result{
			Columns: []panels.Column{{Name: "host", Type: "VARCHAR"}, {Name: "value", Type: "DOUBLE"}},
			Data:    [][]any{{`=HYPERLINK("x")`, `a,"b"`, "🦊"}, {-1.5, nil, int64(3)}},
		}, nil
	}}
	h := handler(t, e, server.Options{})
	for format, want := range map[string][2]string{
		"csv": {"text/csv; charset=utf-8", "host,value\n\"'=HYPERLINK(\"\"x\"\")\",-1.5\n\"a,\"\"b\"\"\",\n🦊,3\n"},
		"json": {
			"application/json; charset=utf-8",
			"[{\"host\":\"=HYPERLINK(\\\"x\\\")\",\"value\":-1.5},\n{\"host\":\"a,\\\"b\\\"\",\"value\":null},\n{\"host\":\"🦊\",\"value\":3}]\n",
		},
	} {
		r := get(h, "GET", "/api/panels/hosts-summary/download?range=1h&format="+format)
		if got := body(t, r); r.StatusCode != http.StatusOK || got != want[1] || r.Header.Get("Content-Type") != want[0] {
			t.Errorf("%s: %s %s %q, want %q", format, r.Status, r.Header.Get("Content-Type"), got, want[1])
		}
		if got := r.Header.Get("Content-Disposition"); got != "attachment; filename=hosts-summary_20260203T110000Z_20260203T120000Z."+format {
			t.Errorf("%s: %s", format, got)
		}
	}
	// The name has the span that the panel shows: a day at least, or an hour at most.
	for panel, want := range map[string]string{
		"disk-fullest/download?range=1h": "disk-fullest_20260202T120000Z_20260203T120000Z.csv",
		"filters-tags/download?range=7d": "filters-tags_20260203T110000Z_20260203T120000Z.csv",
	} {
		if got := get(h, "GET", "/api/panels/"+panel+"&format=csv").Header.Get("Content-Disposition"); got != "attachment; filename="+want {
			t.Errorf("%s: %s, want %s", panel, got, want)
		}
	}
	for query, want := range map[string]int{"": 400, "format=xml": 400, "format=csv&format=csv": 400, "format=csv&range=x": 400} {
		if r := get(h, "GET", "/api/panels/hosts-summary/download?"+query); r.StatusCode != want {
			t.Errorf("%s: %s", query, r.Status)
		}
	}
}

// An answer says which span its panel shows if that is not the chosen range.
func TestShownSpan(t *testing.T) {
	h := handler(t, &engine{}, server.Options{})
	for query, want := range map[string]any{
		"disk-fullest?range=1h": 86400., "filters-tags?range=7d": 3600., "disk-fullest?range=7d": nil, "disk-fullest?range=365d": 30 * 86400., "hosts-summary?range=1h": nil,
	} {
		if got := decode[map[string]any](t, get(h, "GET", "/api/panels/"+query))["shown_s"]; got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// rolledEngine is an engine that has rollups.
type rolledEngine struct{ engine }

func (*rolledEngine) Form(context.Context) panels.Form {
	return panels.DuckDB().WithRollups(func(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
		return []panels.Part{{Relation: grain.Table(), Of: grain, Range: r}}, nil
	})
}

// An answer says of which rows it is, and whether it shows only the end of the range.
func TestPanelDataOfARollup(t *testing.T) {
	for query, want := range map[string]string{
		"overview-cpu?range=1d&buckets=300":   "<nil> <nil> 300",
		"overview-cpu?range=2d&buckets=300":   "1m <nil> 600",
		"overview-cpu?range=14d&buckets=300":  "1m <nil> 7200",
		"overview-cpu?range=31d&buckets=300":  "1h <nil> 10800",
		"overview-cpu?range=365d&buckets=300": "1d <nil> 86400",
		"hosts-cpu?range=365d&buckets=300":    "1h <nil> 86400",    // its quartiles need hours
		"overview-now?range=365d":             "<nil> <nil> 86400", // it is about the last hour anyway
		"overview-lag?range=365d":             "<nil> 86400 86400", // it needs samples
		"processes-top?range=60d":             "1h <nil> 21600",
		"processes-top?range=61d":             "1d <nil> 86400",
		"marks-problems?range=365d":           "1m 2.6784e+06 86400", // it needs minutes
	} {
		e := &rolledEngine{}
		h, err := server.New(e, server.Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		data := decode[map[string]any](t, get(h, "GET", "/api/panels/"+query))
		if got := fmt.Sprint(data["rollup"], " ", data["last_s"], " ", data["bucket_s"]); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	h, err := server.New(&rolledEngine{}, server.Options{Table: "t"})
	if err != nil {
		t.Fatal(err)
	}
	texts := decode[map[string]string](t, get(h, "GET", "/api/panels/hosts-cpu/sql?range=7d"))
	if !strings.Contains(texts["local"], "FROM samples_1m") || strings.Contains(texts["athena"], "samples_1m") {
		t.Error("the SQL for the engine of the page does not read the rollup, or that for the other engine does")
	}
}
