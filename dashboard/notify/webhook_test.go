package notify

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// message is a message about a host.
func message() alerts.Message {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	return alerts.Message{ID: "msg_1", At: at, Changes: []alerts.Change{{Event: alerts.Raised, Problem: alerts.Problem{
		Host: "web-1", Name: "CPU", Unit: panels.Percent, Value: 97, Severity: alerts.Critical, Since: at.Add(-time.Hour),
	}}}}
}

// request is what a receiver got.
type request struct {
	header http.Header
	body   []byte
}

// receiver answers with one status after the other, the last one again and again, and hands over what it got.
func receiver(t *testing.T, codes ...int) (address string, got chan request) {
	t.Helper()
	got = make(chan request, 10)
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- request{r.Header, body}
		code := codes[min(n, len(codes)-1)]
		n++
		if code >= 300 && code < 400 {
			w.Header().Set("Location", "http://127.0.0.1:1/secret")
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, strings.Repeat("no\nservice ", 100_000))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/services/secret", got
}

func webhook(t *testing.T, address string, secret Secret) *Webhook {
	t.Helper()
	a, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWebhook(a, secret, alerts.Context{Source: "lake", Page: "https://metrics.example.org/"})
	w.pauses = []time.Duration{time.Nanosecond, time.Nanosecond}
	return w
}

func TestWebhook(t *testing.T) {
	secret := Secret("an example of a secret key")
	address, got := receiver(t, http.StatusNoContent)
	if err := webhook(t, address, secret).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	r := <-got
	var d alerts.Document
	if err := json.Unmarshal(r.body, &d); err != nil || d.ID != "msg_1" || d.Changes[0].Host != "web-1" {
		t.Errorf("the body is %s: %v", r.body, err)
	}
	seconds, err := strconv.ParseInt(r.header.Get("webhook-timestamp"), 10, 64)
	sent := time.Unix(seconds, 0)
	if err != nil || time.Since(sent) > time.Minute {
		t.Errorf("webhook-timestamp is %q: %v", r.header.Get("webhook-timestamp"), err)
	}
	if id, signature := r.header.Get("webhook-id"), r.header.Get("webhook-signature"); id != "msg_1" || signature != secret.sign("msg_1", sent, r.body) {
		t.Errorf("webhook-id is %q, webhook-signature %q", id, signature)
	}

	address, got = receiver(t, http.StatusOK)
	if err := webhook(t, "slack:"+address, nil).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	r = <-got
	var slack map[string]string
	if err := json.Unmarshal(r.body, &slack); err != nil || len(slack) != 1 || !strings.Contains(slack["text"], "*CRITICAL* CPU on <https://metrics.example.org/?") {
		t.Errorf("the body for Slack is %s: %v", r.body, err)
	}
	if r.header.Get("webhook-signature") != "" {
		t.Error("a message is signed without a secret")
	}
}

// The example is that of the libraries of Standard Webhooks.
func TestSignature(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	for content, ok := range map[string]bool{
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n": true, "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw": true,
		"": false, "whsec_": false, "whsec_c2hvcnQ=": false, "not Base64 at all, but long enough": false,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		secret, err := ReadSecret(file)
		if (err == nil) != ok {
			t.Errorf("%q: %v", content, err)
		}
		if !ok {
			continue
		}
		got := secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
		if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
			t.Errorf("the signature is %s, want %s", got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		codes    []int
		requests int
		refused  bool
		want     string // in the error; empty: the message is taken
	}{
		"taken at the second attempt": {[]int{500, 200}, 2, false, ""},
		"busy, then taken":            {[]int{429, 503, 200}, 3, false, ""},
		"fails always":                {[]int{500}, 3, false, `500 Internal Server Error: "no service no service`},
		"unknown address":             {[]int{404}, 1, true, "404 Not Found"},
		"redirects":                   {[]int{307}, 1, true, "307 Temporary Redirect redirects to http://127.0.0.1:1, which is not followed; give the address that answers"},
		"redirects for ever":          {[]int{301}, 1, true, "is not followed"},
	} {
		t.Run(name, func(t *testing.T) {
			address, got := receiver(t, c.codes...)
			err := webhook(t, address, nil).Send(t.Context(), message())
			if len(got) != c.requests {
				t.Errorf("%d requests, want %d", len(got), c.requests)
			}
			for n := len(got); n > 0; n-- {
				if r := <-got; r.header.Get("webhook-id") != "msg_1" {
					t.Errorf("a request has the id %q", r.header.Get("webhook-id"))
				}
			}
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, alerts.ErrRefused) != c.refused):
				t.Errorf("%v, want %q, refused %v", err, c.want, c.refused)
			case c.want != "" && (len(err.Error()) > 500 || strings.Contains(err.Error(), "secret")):
				t.Errorf("the error is too long or has the address: %v", err)
			}
		})
	}
}

// A receiver that does not answer costs one request and a bounded time. The address is not in the error.
func TestHangs(t *testing.T) {
	done, requests := make(chan struct{}), make(chan struct{}, 10)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) {
		requests <- struct{}{}
		<-done
	}))
	defer s.Close()
	defer close(done)
	w := webhook(t, s.URL+"/secret", nil)
	w.client.Timeout = 50 * time.Millisecond
	err := w.Send(t.Context(), message())
	if err == nil || errors.Is(err, alerts.ErrRefused) || !strings.Contains(err.Error(), "no answer within") || strings.Contains(err.Error(), "secret") {
		t.Errorf("a receiver that hangs: %v", err)
	}
	if len(requests) != 1 {
		t.Errorf("%d requests, want 1", len(requests))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Send(ctx, message()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an end while it sends: %v", err)
	}
	address, _ := receiver(t, 200)
	gone := webhook(t, address, nil)
	gone.address.url.Host = "127.0.0.1:1" // nothing listens there
	if err := gone.Send(t.Context(), message()); err == nil || errors.Is(err, alerts.ErrRefused) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "address")
	if err := os.WriteFile(file, []byte("slack:https://chat.example.org/hooks/secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	two := filepath.Join(t.TempDir(), "two")
	if err := os.WriteFile(two, []byte("https://a.example.org/secret\nhttps://b.example.org/secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]struct {
		slack bool
		name  string
	}{
		"https://a.example.org/secret?x=y":            {false, "https://a.example.org"},
		"http://127.0.0.1:80/":                        {false, "http://127.0.0.1:80"},
		"slack:https://a.example.org/secret":          {true, "https://a.example.org"},
		"https://hooks.slack.com/services/T/B/secret": {true, "https://hooks.slack.com"},
		"@" + file: {true, "https://chat.example.org"},
		"":         {}, "a.example.org": {}, "ftp://a.example.org": {}, "https:///x": {}, "slack:": {}, "https://a.example.org/#x": {},
		"@" + file + "x": {}, "@" + two: {}, "https://[::1": {},
	} {
		a, err := ParseAddress(text)
		switch {
		case want.name == "" && (err == nil || strings.Contains(err.Error(), "secret")):
			t.Errorf("%q: %v, want an error without the address", text, err)
		case want.name != "" && (err != nil || a.slack != want.slack || a.String() != want.name):
			t.Errorf("%q: %v, %+v", text, err, a)
		}
	}
}
