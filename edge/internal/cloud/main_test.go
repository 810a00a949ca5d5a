package cloud

import (
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
)

// proxied has the hosts that all tests of this package asked the real proxy for.
var proxied struct {
	mu    sync.Mutex // guards hosts
	hosts []string
}

// TestMain sets a proxy for everything: net/http reads the variables only once in a process.
func TestMain(m *testing.M) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied.mu.Lock()
		defer proxied.mu.Unlock()
		proxied.hosts = append(proxied.hosts, r.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		if err := os.Setenv(name, proxy.URL); err != nil {
			panic(err)
		}
	}
	for _, name := range []string{"NO_PROXY", "no_proxy", "REQUEST_METHOD"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "https://example.com", nil)
	if u, err := http.ProxyFromEnvironment(req); err != nil || u == nil {
		panic("the tests do not use the proxy")
	}
	code := m.Run()
	proxy.Close()
	os.Exit(code)
}
