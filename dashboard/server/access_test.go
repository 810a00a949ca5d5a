package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

const (
	secret = "5f1d0c6a9b3e47d28c15e6f7a0b9d4c3"
	other  = "0123456789abcdef0123456789abcdef"
)

func tokens(t *testing.T, text string) access.Tokens {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := access.ReadTokens(path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// send makes a request from an address. headers are as for get.
func send(h http.Handler, from, method, target, form string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(form))
	r.RemoteAddr, r.Host = from, "localhost:8080"
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

const here, there = "127.0.0.1:40000", "192.0.2.7:40000"

// TestNothingWithoutAToken: every path but the static files and /healthz asks for a token, whatever else a request has.
func TestNothingWithoutAToken(t *testing.T) {
	e := &engine{}
	h := handler(t, e, server.Options{AnyHost: true, Access: access.Options{Tokens: tokens(t, secret)}})
	for _, target := range []string{
		"/", "/?range=1h", "/api/dashboards", "/api/status", "/api/panels/overview-cpu", "/api/panels/overview-cpu/sql",
		"/api/panels/overview-cpu/download?format=csv", "/api/nope", "/nope", "//static/x", "/static", "/healthz/", "/static/../api/status", "/%2e/api/status",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "OPTIONS"} {
			for name, headers := range map[string][]string{
				"nothing":         {},
				"a wrong token":   {"Authorization", "Bearer " + other},
				"no scheme":       {"Authorization", secret},
				"another scheme":  {"Authorization", "Basic " + secret},
				"a prefix":        {"Authorization", "Bearer " + secret[:31]},
				"a longer one":    {"Authorization", "Bearer " + secret + "0"},
				"a header":        {"X-Forwarded-User", "mallory"},
				"a wrong cookie":  {"Cookie", "dashboard=" + secret},
				"an empty cookie": {"Cookie", "dashboard="},
			} {
				r := send(h, there, method, target, "", headers...)
				switch r.StatusCode {
				case http.StatusUnauthorized, http.StatusTooManyRequests, http.StatusTemporaryRedirect, http.StatusMovedPermanently:
				case http.StatusSeeOther:
					if !strings.HasPrefix(r.Header.Get("Location"), "/login?to=") {
						t.Errorf("%s %s with %s leads to %s", method, target, name, r.Header.Get("Location"))
					}
				default:
					t.Errorf("%s %s with %s: %s", method, target, name, r.Status)
				}
			}
		}
	}
	if e.asked.SQL != "" {
		t.Errorf("the engine was asked %s", e.asked.SQL)
	}
	if r := send(h, there, "GET", "/healthz", ""); r.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %s", r.Status)
	}
}

func TestBearer(t *testing.T) {
	h := handler(t, &engine{}, server.Options{AnyHost: true, Access: access.Options{Tokens: tokens(t, other+"\n\n  "+secret+"\r\n")}})
	for _, scheme := range []string{"Bearer ", "bearer ", "Bearer  "} {
		for _, token := range []string{secret, other} {
			if r := send(h, there, "GET", "/api/panels/overview-cpu", "", "Authorization", scheme+token); r.StatusCode != http.StatusOK {
				t.Errorf("%q: %s", scheme, r.Status)
			}
		}
	}
	r := send(h, there, "GET", "/api/status", "")
	if r.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Bearer") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", r.Status, r.Header)
	}
}

// TestLogin signs in by the form, uses the cookie, and signs out.
func TestLogin(t *testing.T) {
	clock := now
	o := server.Options{AnyHost: true, Now: func() time.Time { return clock }, Access: access.Options{Tokens: tokens(t, secret), Secure: true}}
	h := handler(t, &engine{}, o)
	r := send(h, there, "GET", "/?range=1h&host=a%27b", "")
	login := r.Header.Get("Location")
	if r.StatusCode != http.StatusSeeOther || login != "/login?to="+url.QueryEscape("range=1h&host=a%27b") {
		t.Fatalf("%s, %s", r.Status, login)
	}
	page := send(h, there, "GET", login, "")
	text := body(t, page)
	if !strings.Contains(text, `name="to" value="range=1h&amp;host=a%27b"`) || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the form: %v\n%s", page.Header, text)
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "form-action 'self'") || !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("the form's policy is %s", policy)
	}
	if regexp.MustCompile(`<script>|<style|\son[a-z]+=|\sstyle=`).MatchString(text) {
		t.Error("the form has inline scripts or styles")
	}
	for _, m := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if r := send(h, there, "GET", m[1], ""); r.StatusCode != http.StatusOK {
			t.Errorf("the form loads %s: %s", m[1], r.Status)
		}
	}

	wrong := send(h, there, "POST", "/login", url.Values{"token": {other}, "to": {`"><script>alert(1)</script>`}}.Encode())
	if text := body(t, wrong); wrong.StatusCode != http.StatusUnauthorized || strings.Contains(text, "<script>alert") || len(wrong.Cookies()) != 0 {
		t.Errorf("a wrong token: %s, cookies %v\n%s", wrong.Status, wrong.Cookies(), text)
	}
	right := send(h, there, "POST", "/login", url.Values{"token": {" " + secret + "\n"}, "to": {"range=1h"}}.Encode())
	if right.StatusCode != http.StatusSeeOther || right.Header.Get("Location") != "/?range=1h" || len(right.Cookies()) != 1 {
		t.Fatalf("the right token: %s %v", right.Status, right.Header)
	}
	c := right.Cookies()[0]
	if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Name != "__Host-dashboard" || strings.Contains(c.Value, secret) {
		t.Errorf("the cookie is %v", c)
	}
	with := func(value string) *http.Response {
		return send(h, there, "GET", "/api/dashboards", "", "Cookie", c.Name+"="+value)
	}
	if r := with(c.Value); r.StatusCode != http.StatusOK || !strings.Contains(body(t, r), `"signed_in":true`) {
		t.Errorf("with the cookie: %s", r.Status)
	}
	for i := range c.Value {
		changed := []byte(c.Value)
		changed[i] ^= 1
		if r := with(string(changed)); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("byte %d changed: %s", i, r.Status)
		}
	}
	// The page makes an old session longer; after 30 days without it the session is over.
	clock = now.Add(20 * 24 * time.Hour)
	renewed := send(h, there, "GET", "/", "", "Cookie", c.Name+"="+c.Value)
	if renewed.StatusCode != http.StatusOK || len(renewed.Cookies()) != 1 {
		t.Fatalf("an old session: %s %v", renewed.Status, renewed.Header)
	}
	clock = now.Add(31 * 24 * time.Hour)
	if r := with(c.Value); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("after 31 days: %s", r.Status)
	}
	if r := with(renewed.Cookies()[0].Value); r.StatusCode != http.StatusOK {
		t.Errorf("renewed: %s", r.Status)
	}
	// Another token ends all sessions, and a second one beside the first does not.
	clock = now
	for text, want := range map[string]int{other: http.StatusUnauthorized, other + "\n" + secret: http.StatusOK} {
		o.Access.Tokens = tokens(t, text)
		if r := send(handler(t, &engine{}, o), there, "GET", "/api/dashboards", "", "Cookie", c.Name+"="+c.Value); r.StatusCode != want {
			t.Errorf("with changed tokens: %s, want %d", r.Status, want)
		}
	}
	out := send(h, there, "POST", "/logout", "", "Cookie", c.Name+"="+c.Value)
	if out.StatusCode != http.StatusNoContent || len(out.Cookies()) != 1 || out.Cookies()[0].MaxAge >= 0 {
		t.Errorf("signing out: %s %v", out.Status, out.Header)
	}
}

// TestLoginLeadsNowhereElse: what a link puts into the form cannot lead to another site.
func TestLoginLeadsNowhereElse(t *testing.T) {
	h := handler(t, &engine{}, server.Options{Access: access.Options{Tokens: tokens(t, secret)}})
	for _, to := range []string{"https://evil.example/", "//evil.example/", "/\\evil.example", "\r\nSet-Cookie: a=b", "javascript:alert(1)", "@evil.example", "#x"} {
		r := send(h, here, "POST", "/login", url.Values{"token": {secret}, "to": {to}}.Encode())
		location, err := (&url.URL{Scheme: "http", Host: "localhost:8080"}).Parse(r.Header.Get("Location"))
		if err != nil || location.Host != "localhost:8080" || location.Path != "/" || len(r.Header.Values("Set-Cookie")) != 1 {
			t.Errorf("%q leads to %v, %v, cookies %v", to, location, err, r.Header.Values("Set-Cookie"))
		}
	}
}

// TestForeignFormsAreRefused: a page of another site can sign nobody in or out.
func TestForeignFormsAreRefused(t *testing.T) {
	h := handler(t, &engine{}, server.Options{Access: access.Options{Tokens: tokens(t, secret)}})
	form := url.Values{"token": {secret}}.Encode()
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		for _, path := range []string{"/login", "/logout"} {
			if r := send(h, here, "POST", path, form, headers...); r.StatusCode != http.StatusForbidden || len(r.Cookies()) != 0 {
				t.Errorf("%s with %v: %s", path, headers, r.Status)
			}
		}
	}
	if r := send(h, here, "POST", "/login", strings.Repeat("a", 1<<20)); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a large form: %s", r.Status)
	}
}

// TestGuessesAreLimited: an address that sent five wrong tokens waits, also with the right one. Others and sessions do not.
func TestGuessesAreLimited(t *testing.T) {
	clock := now
	h := handler(t, &engine{}, server.Options{AnyHost: true, Now: func() time.Time { return clock }, Access: access.Options{Tokens: tokens(t, secret)}})
	cookie := send(h, there, "POST", "/login", url.Values{"token": {secret}}.Encode()).Cookies()[0]
	guess := func(from, token string) int {
		return send(h, from, "POST", "/login", url.Values{"token": {token}}.Encode()).StatusCode
	}
	for i := range 5 {
		if code := guess(there, other); code != http.StatusUnauthorized {
			t.Errorf("guess %d: %d", i, code)
		}
	}
	if code := guess(there, secret); code != http.StatusTooManyRequests {
		t.Errorf("the right token after five wrong ones: %d", code)
	}
	if r := send(h, there, "GET", "/api/status", "", "Authorization", "Bearer "+secret); r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") == "" {
		t.Errorf("as a program: %s", r.Status)
	}
	if r := send(h, there, "GET", "/api/dashboards", "", "Cookie", cookie.Name+"="+cookie.Value); r.StatusCode != http.StatusOK {
		t.Errorf("a session of the same address: %s", r.Status)
	}
	if code := guess("192.0.2.8:1", secret); code != http.StatusSeeOther {
		t.Errorf("another address: %d", code)
	}
	clock = clock.Add(10 * time.Second)
	if code := guess(there, secret); code != http.StatusSeeOther {
		t.Errorf("after a pause: %d", code)
	}
	// All addresses of an IPv6 network count as one.
	for i := range 5 {
		guess("[2001:db8::"+string(rune('1'+i))+"]:1", other)
	}
	if code := guess("[2001:db8::ffff]:1", secret); code != http.StatusTooManyRequests {
		t.Errorf("another address of the same network: %d", code)
	}
	if code := guess("[2001:db8:0:1::1]:1", secret); code != http.StatusSeeOther {
		t.Errorf("another network: %d", code)
	}
}

// TestTrustedHeader: the proxy's header lets a viewer in from this machine only, by the proxy's host only, and once only.
func TestTrustedHeader(t *testing.T) {
	h := handler(t, &engine{}, server.Options{PublicHost: "metrics.example.com", Access: access.Options{Header: "X-Forwarded-User"}})
	for name, c := range map[string]struct {
		from, host string
		headers    []string
		want       int
	}{
		"by the proxy":       {here, "metrics.example.com", []string{"X-Forwarded-User", "ada"}, 200},
		"in other letters":   {here, "Metrics.Example.com", []string{"x-forwarded-user", "ada"}, 200},
		"by IPv6":            {"[::1]:4", "metrics.example.com", []string{"X-Forwarded-User", "ada"}, 200},
		"no header":          {here, "metrics.example.com", nil, 403},
		"empty":              {here, "metrics.example.com", []string{"X-Forwarded-User", ""}, 403},
		"twice":              {here, "metrics.example.com", []string{"X-Forwarded-User", "mallory", "X-Forwarded-User", "ada"}, 403},
		"too long":           {here, "metrics.example.com", []string{"X-Forwarded-User", strings.Repeat("a", 256)}, 403},
		"not UTF-8":          {here, "metrics.example.com", []string{"X-Forwarded-User", "\xff"}, 403},
		"another header":     {here, "metrics.example.com", []string{"X-Forwarded-User2", "ada"}, 403},
		"underscores":        {here, "metrics.example.com", []string{"X_Forwarded_User", "ada"}, 403},
		"another machine":    {there, "metrics.example.com", []string{"X-Forwarded-User", "ada"}, 403},
		"rebinding":          {here, "evil.example", []string{"X-Forwarded-User", "ada"}, 403},
		"rebinding, port":    {here, "metrics.example.com:8080", []string{"X-Forwarded-User", "ada"}, 403},
		"rebinding, sub":     {here, "a.metrics.example.com", []string{"X-Forwarded-User", "ada"}, 403},
		"a token of nobody":  {here, "metrics.example.com", []string{"Authorization", "Bearer " + secret}, 403},
		"a cookie of nobody": {here, "metrics.example.com", []string{"Cookie", "dashboard=x"}, 403},
	} {
		r := send(h, c.from, "GET", "/api/dashboards", "", append([]string{"Host", c.host}, c.headers...)...)
		text := body(t, r)
		if r.StatusCode != c.want || (c.want == 200) != strings.Contains(text, `"viewer":"ada"`) {
			t.Errorf("%s: %s %s", name, r.Status, text)
		}
	}
	if r := send(h, here, "GET", "/login", "", "Host", "metrics.example.com"); r.StatusCode == http.StatusOK {
		t.Error("there is a login form although there is no token")
	}
	// With a token too, either lets in.
	both := handler(t, &engine{}, server.Options{PublicHost: "metrics.example.com", Access: access.Options{Header: "X-Forwarded-User", Tokens: tokens(t, secret)}})
	for _, headers := range [][]string{{"X-Forwarded-User", "ada"}, {"Authorization", "Bearer " + secret}, {"X-Forwarded-User", "ada", "Authorization", "Bearer eyJ.of.the.proxy"}} {
		if r := send(both, here, "GET", "/api/dashboards", "", headers...); r.StatusCode != http.StatusOK {
			t.Errorf("%v: %s", headers, r.Status)
		}
	}
}

// TestEmbedding: only the named origins may show the page in a frame. All else of the policy stays.
func TestEmbedding(t *testing.T) {
	framers := regexp.MustCompile(`frame-ancestors ([^;]*)$`)
	policy := func(o server.Options, target string) string {
		return send(handler(t, &engine{}, o), here, "GET", target, "").Header.Get("Content-Security-Policy")
	}
	list := server.Options{EmbedOrigins: []string{"https://wiki.example.com", "https://grafana.example.com:3000"}}
	if got := framers.FindStringSubmatch(policy(list, "/")); got == nil || got[1] != "https://wiki.example.com https://grafana.example.com:3000" {
		t.Errorf("frame-ancestors %v", got)
	}
	none, some := policy(server.Options{}, "/"), policy(list, "/")
	if !strings.HasSuffix(none, "frame-ancestors 'none'") || framers.ReplaceAllString(none, "") != framers.ReplaceAllString(some, "") {
		t.Errorf("policies differ in more than the origins:\n%s\n%s", none, some)
	}
	// In a frame of another site browsers send a cookie only if it is SameSite=None, Secure.
	list.Access = access.Options{Tokens: tokens(t, secret), Secure: true}
	h := handler(t, &engine{}, list)
	c := send(h, here, "POST", "/login", url.Values{"token": {secret}}.Encode()).Cookies()[0]
	if c.SameSite != http.SameSiteNoneMode || !c.Secure || !c.Partitioned {
		t.Errorf("the cookie is %v", c)
	}
	// Such a cookie comes with requests of other sites too. They run no queries and read nothing.
	e := &engine{}
	h = handler(t, e, list)
	for _, site := range []string{"cross-site", "same-site"} {
		r := send(h, here, "GET", "/api/panels/overview-cpu", "", "Cookie", c.Name+"="+c.Value, "Sec-Fetch-Site", site)
		if r.StatusCode != http.StatusForbidden || e.asked.SQL != "" || r.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %s, asked %q", site, r.Status, e.asked.SQL)
		}
	}
	if got := framers.FindStringSubmatch(policy(list, "/login")); got == nil || !strings.HasPrefix(got[1], "https://wiki") {
		t.Errorf("the form's frame-ancestors %v", got)
	}
}

func TestPublicHost(t *testing.T) {
	h := handler(t, &engine{}, server.Options{PublicHost: "metrics.example.com"})
	for host, want := range map[string]int{"metrics.example.com": 200, "localhost:8080": 200, "evil.example": 403, "10.0.0.1": 403, "": 403} {
		if r := send(h, here, "GET", "/api/dashboards", "", "Host", host); r.StatusCode != want {
			t.Errorf("host %q: %s, want %d", host, r.Status, want)
		}
	}
	// A load balancer asks by address.
	if r := send(h, here, "GET", "/healthz", "", "Host", "10.0.0.1:8080"); r.StatusCode != http.StatusOK {
		t.Errorf("/healthz by address: %s", r.Status)
	}
}
