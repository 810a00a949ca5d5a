package stack

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// gate passes requests on until it is closed. After that it passes on only those of the stack's own function: the function puts
// records back that are still to be delivered.
type gate struct {
	next    http.Handler
	key     string // access key id of the function
	anyHost bool

	mu     sync.RWMutex // guards closed; each request holds it for reading until its end
	closed bool
	abort  context.Context // when it ends, the requests under way end
	end    context.CancelFunc
}

// abortAfter is how long requests under way may go on after the gate was closed.
const abortAfter = 3 * time.Second

func newGate(next http.Handler, key string, anyHost bool) *gate {
	g := &gate{next: next, key: key, anyHost: anyHost}
	g.abort, g.end = context.WithCancel(context.Background()) //nolint:gosec // close calls end
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.anyHost && !loopback.Address(r.Host) {
		// A web page may let a name of its own resolve to this machine (DNS rebinding).
		http.Error(w, "the local stack answers requests to localhost and loopback addresses only", http.StatusForbidden)
		return
	}
	if strings.Contains(r.Header.Get("Authorization"), "Credential="+g.key+"/") {
		g.next.ServeHTTP(w, r)
		return
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		w.Header().Set("Connection", "close")
		w.Header().Set("Content-Type", awsjson.ContentType)
		w.WriteHeader(http.StatusServiceUnavailable)
		// It fails only if the client has gone.
		_, _ = io.WriteString(w, `{"__type":"ServiceUnavailableException","message":"The local stack is stopping."}`)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.abort, func() {
		cancel()
		// Stop waiting for the rest of the body. It fails only if the connection is gone.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	})()
	g.next.ServeHTTP(w, r.WithContext(ctx))
}

// close refuses further requests and waits for those under way. It aborts them after [abortAfter].
func (g *gate) close() {
	timer := time.AfterFunc(abortAfter, g.end)
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}
