package awsjson

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// Inject returns a handler that fails as faults says, and otherwise calls next.
func Inject(next *Handler, faults *fault.Injector) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pause.For(r.Context(), faults.Latency()) != nil {
			return
		}
		switch faults.Call() {
		case fault.Throttle:
			next.fail(w, r, throttled(r.Header.Get("X-Amz-Target")))
		case fault.ErrorBefore:
			next.fail(w, r, injectedFailure())
		case fault.ErrorAfter:
			next.ServeHTTP(discard{make(http.Header)}, r)
			next.fail(w, r, injectedFailure())
		case fault.DropBefore:
			next.drop(w, r)
		case fault.DropAfter:
			next.ServeHTTP(discard{make(http.Header)}, r)
			next.drop(w, r)
		case fault.Answer:
			next.ServeHTTP(w, r)
		}
	})
}

// throttled returns the error by which a service refuses too many requests.
func throttled(target string) *Error {
	if strings.HasPrefix(target, "Firehose_") {
		return &Error{"ServiceUnavailableException", "Slow down.", http.StatusServiceUnavailable}
	}
	return Errorf("ThrottlingException", "Rate exceeded")
}

func injectedFailure() *Error {
	return &Error{"InternalFailure", "The request processing has failed because of an injected fault.", http.StatusInternalServerError}
}

// drop ends the connection without an answer.
func (h *Handler) drop(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		h.fail(w, r, fmt.Errorf("drop the connection: %w", err))
		return
	}
	_ = conn.Close() // an error does not matter: the connection ends in any case
}

// discard is a ResponseWriter for an answer that the client must not get.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
