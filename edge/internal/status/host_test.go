package status

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHost: a request is refused if its Host header has another name, for example that of a web page whose host
// name resolves to this machine.
func TestHost(t *testing.T) {
	for _, c := range []struct {
		listen, own, host string
		want              bool
	}{
		{"127.0.0.1:9847", "web-1", "127.0.0.1:9847", true},
		{"127.0.0.1:9847", "web-1", "localhost:9847", true},
		{"127.0.0.1:9847", "web-1", "LOCALHOST:9847", true},
		{"127.0.0.1:9847", "web-1", "localhost", true},
		{"127.0.0.1:9847", "web-1", "[::1]:9847", true},
		{"[::1]:9847", "web-1", "[::1]:9847", true},
		{"[::1]:9847", "web-1", "[::1]", true},
		{"localhost:9847", "web-1", "127.0.0.1:9847", true},
		{"127.0.0.1:9847", "web-1", "evil.example:9847", false},
		{"127.0.0.1:9847", "web-1", "127.0.0.1.evil.example", false},
		{"127.0.0.1:9847", "web-1", "localhost.evil.example:9847", false},
		{"127.0.0.1:9847", "web-1", "web-1:9847", false},
		{"127.0.0.1:9847", "web-1", "10.0.0.5:9847", false},
		{"127.0.0.1:9847", "web-1", "", false},
		{"10.0.0.5:9847", "web-1", "10.0.0.5:9847", true},
		{"0.0.0.0:9847", "Web-1", "web-1:9847", true},
		{"0.0.0.0:9847", "web-1", "10.0.0.5:9847", true},
		{":9847", "web-1", "10.0.0.5:9847", true},
		{"0.0.0.0:9847", "web-1", "evil.example:9847", false},
		{"0.0.0.0:9847", "web-1", "web-1.evil.example:9847", false},
		{"0.0.0.0:9847", "", "evil.example", false},
		{"metrics.internal:9847", "web-1", "metrics.internal:9847", true},
	} {
		if got := serves(hostOf(c.listen), c.own, hostOf(c.host)); got != c.want {
			t.Errorf("on %s of %s, host %q: %v, want %v", c.listen, c.own, c.host, got, c.want)
		}
	}
	h := ForHost("127.0.0.1:9847", Handler(func() Report { return Report{Healthy: true} }))
	for host, want := range map[string]int{"127.0.0.1:9847": http.StatusOK, "evil.example:9847": http.StatusMisdirectedRequest} {
		r := httptest.NewRequest(http.MethodGet, "/status", nil)
		r.Host = host
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if answer.Code != want {
			t.Errorf("host %s: answer is %d %s", host, answer.Code, answer.Body)
		}
	}
}
