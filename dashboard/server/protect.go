package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// contentPolicy lets the page load its own files and nothing else: no inline script or style, no eval. No other page may show it
// in a frame, except pages of [Options.EmbedOrigins]. Scripts may still set the style of elements. Images may be data URLs, because
// ECharts draws its icons so.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors "

// protect sets the headers of every answer, and refuses requests for other host names and from pages of other sites. A panic ends
// its request only, not the server.
func (s *server) protect(next http.Handler) http.Handler {
	policy := contentPolicy + "'none'"
	if origins := s.options.EmbedOrigins; len(origins) > 0 {
		policy = contentPolicy + strings.Join(origins, " ")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		if !s.serves(r) {
			writeError(w, http.StatusForbidden, fmt.Sprintf("host %q is not served: use %s", r.Host, cmp.Or(s.options.PublicHost, "localhost or 127.0.0.1")))
			return
		}
		// A page of another site cannot read answers. But it could start queries, which may cost money.
		if site := r.Header.Get("Sec-Fetch-Site"); strings.HasPrefix(r.URL.Path, "/api/") && site != "" && site != "same-origin" && site != "none" {
			writeError(w, http.StatusForbidden, "requests from pages of other sites are not served")
			return
		}
		defer func() {
			if p := recover(); p != nil {
				s.options.Log.Error("request failed", slog.String("path", r.URL.Path), slog.Any("panic", p),
					slog.String("stack", string(debug.Stack())))
				writeError(w, http.StatusInternalServerError, "internal error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// serves reports whether the server answers for the host of a request. A load balancer that asks for /healthz uses an address.
func (s *server) serves(r *http.Request) bool {
	return s.options.AnyHost || loopback.Address(r.Host) || r.URL.Path == "/healthz" && s.options.PublicHost != "" ||
		s.options.PublicHost != "" && strings.EqualFold(r.Host, s.options.PublicHost)
}
