package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/cli"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// TestNotify starts the page over a lake whose hosts fell silent, and waits for what a webhook gets.
func TestNotify(t *testing.T) {
	lake := t.TempDir()
	now := time.Now()
	laketest.Write(t, lake, laketest.Samples(2, now.Add(-40*time.Minute), now.Add(-30*time.Minute), 3*time.Second))
	got := make(chan []byte, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("a request without a signature, %v", err)
		}
		got <- body
	}))
	defer hook.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan int, 1)
	stderr := lines{make(chan string, 100)}
	go func() {
		done <- cli.Main(ctx, []string{
			"serve", "--lake", lake, "--listen", "127.0.0.1:0", "--notify", hook.URL + "/secret", "--notify-secret-file", secret,
		}, strings.NewReader(""), io.Discard, stderr)
	}()
	var d alerts.Document
	select {
	case body := <-got:
		if err := json.Unmarshal(body, &d); err != nil {
			t.Fatal(err)
		}
	case code := <-done:
		t.Fatalf("the page ended with %d: %s", code, said(stderr))
	case <-time.After(time.Minute):
		t.Fatalf("no message came: %s", said(stderr))
	}
	if !d.First || len(d.Changes) != 2 || d.Changes[0].Problem != "Silent" || d.Source != lake ||
		!strings.HasPrefix(d.Changes[0].Link, "http://127.0.0.1:") || !strings.Contains(d.Changes[0].Link, "/?dashboard=host&from=") {
		t.Errorf("the message is %+v", d)
	}
	cancel()
	code := <-done
	if text := said(stderr); code != program.OK || strings.Contains(text, "/secret") {
		t.Errorf("exit code %d: %s", code, text)
	}
	states, err := filepath.Glob(filepath.Join(lake, ".alerts", "told-*.json"))
	if err != nil || len(states) != 1 {
		t.Fatalf("the states are %q, %v", states, err)
	}
	if content, err := os.ReadFile(states[0]); err != nil || strings.Contains(string(content), "pending") || strings.Count(string(content), "Silent") != 2 {
		t.Errorf("the state is %s, %v", content, err)
	}
}

// said returns what was written so far.
func said(l lines) string {
	var b strings.Builder
	for {
		select {
		case line := <-l.c:
			b.WriteString(line)
		default:
			return b.String()
		}
	}
}

func TestNotifyRefused(t *testing.T) {
	lake := fixture(t)
	file := func(content string) string {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no address":     {[]string{"--notify", "example.org/secret"}, "--notify: the address does not lead to a webhook"},
		"twice":          {[]string{"--notify", "https://example.org/secret", "--notify", "slack:https://example.org/secret"}, "--notify: an address at https://example.org is given twice"},
		"with Athena":    {[]string{"--athena", "--notify", "https://example.org/secret"}, "--notify is for files"},
		"nobody to tell": {[]string{"--lake", lake, "--alert-state", "state"}, "--alert-state needs --notify"},
		"no secret":      {[]string{"--lake", lake, "--notify", "https://example.org/secret", "--notify-secret-file", file("short")}, "--notify-secret-file: the secret in "},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := run(t, "", append([]string{"serve", "--listen", "127.0.0.1:0"}, c.args...)...)
			if code != program.Refused || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "/secret ") {
				t.Errorf("exit code %d: %s, want %q", code, stderr, c.want)
			}
		})
	}
}
