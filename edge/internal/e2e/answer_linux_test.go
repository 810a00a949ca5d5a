// Linux only: it reads the resident memory of the collector in /proc.

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
)

// mostResident is far more than the collector needs, and far less than an answer of 200 MB.
const mostResident = 40_000 // kB

// TestHugeAnswer: an error answer of 200 MB costs the real binary little memory and only a short log line. Delivery goes on after it.
func TestHugeAnswer(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	chunk := strings.Repeat("x", 1<<20)
	s.Fault = func(n int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
		if n >= 3 {
			return cloudtest.Outcome{}
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"InternalFailure","message":"`)
		for range 200 {
			if _, err := io.WriteString(w, chunk); err != nil {
				break // the client has read enough
			}
		}
		return cloudtest.Outcome{Answered: true}
	}
	h := httptest.NewServer(s)
	defer h.Close()
	c, said := runEdge(t, build(t), h.URL, "", t.TempDir(), "--interval", "1s", "--max-latency", "1s")
	<-s.Arrived
	if most := procValue(t, c.Process.Pid, "status", "VmHWM"); most > mostResident {
		t.Errorf("%d kB were resident", most)
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	failed := false
	for line := range said {
		failed = failed || strings.Contains(line, "delivery is failing")
		if len(line) > 3000 {
			t.Errorf("a line of %d bytes: %.200s", len(line), line)
		}
	}
	if err := c.Wait(); err != nil || !failed {
		t.Errorf("edge ended: %v; it said that delivery fails: %v", err, failed)
	}
}
