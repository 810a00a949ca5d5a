package host

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
)

// gate lets requests through until it is closed; then those of the stack's own function only, whose records belong to what
// is still being delivered.
type gate struct {
	next    http.Handler
	key     string // access key id of the function
	anyHost bool

	mu     sync.RWMutex // held for reading by requests under way
	closed bool
	abort  context.Context // ends the requests under way
	end    context.CancelFunc
}

// abortAfter is how long requests under way may take once the gate closes.
const abortAfter = 3 * time.Second

func newGate(next http.Handler, key string, anyHost bool) *gate {
	g := &gate{next: next, key: key, anyHost: anyHost}
	g.abort, g.end = context.WithCancel(context.Background())
	return g
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.anyHost && !isLoopbackHost(r.Host) {
		// A web page that points a name of its own at this machine (DNS rebinding) ends here.
		http.Error(w, "host name is not one of this machine", http.StatusForbidden)
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
		// Who has gone needs no answer.
		_, _ = io.WriteString(w, `{"__type":"ServiceUnavailableException","message":"The local stack is stopping."}`)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.abort, func() {
		cancel()
		// Ends a read of a body that does not come. Where it fails the connection is gone.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	})()
	g.next.ServeHTTP(w, r.WithContext(ctx))
}

// close lets no more requests through and waits for those under way.
func (g *gate) close() {
	timer := time.AfterFunc(abortAfter, g.end)
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// isLoopbackHost says whether a Host header names this machine's loopback interface.
func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return isLoopback(strings.TrimSuffix(host, "."))
}

// newAccessKey returns a random access key id.
func newAccessKey() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see its documentation
	return "LOCAL" + strings.ToUpper(hex.EncodeToString(b[:]))
}
