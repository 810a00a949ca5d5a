package stack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
)

// gate lets requests through until it is closed. After that it lets only the stack's own function through, because its records
// belong to what is still being delivered.
type gate struct {
	next    http.Handler
	key     string // access key id of the function
	anyHost bool

	mu     sync.RWMutex // guards closed; requests under way hold it for reading
	closed bool
	abort  context.Context // ends the requests under way
	end    context.CancelFunc
}

// abortAfter is how long requests under way may go on after the gate was closed.
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
		// A client that has gone needs no answer.
		_, _ = io.WriteString(w, `{"__type":"ServiceUnavailableException","message":"The local stack is stopping."}`)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.abort, func() {
		cancel()
		// End the reading of a body that does not come. It fails only if the connection is gone.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
	})()
	g.next.ServeHTTP(w, r.WithContext(ctx))
}

// close lets no more requests through and waits for the requests under way.
func (g *gate) close() {
	timer := time.AfterFunc(abortAfter, g.end)
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
}

// newAccessKey returns a random access key id.
func newAccessKey() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see its documentation
	return "LOCAL" + strings.ToUpper(hex.EncodeToString(b[:]))
}
