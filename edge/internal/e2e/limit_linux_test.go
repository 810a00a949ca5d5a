// Linux only: prlimit changes the limits of a process that runs.

package e2e

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// TestFileLimit takes all file descriptors from a running collector with a backlog of several segments. It gives them back after a read
// of the backlog failed and the collector took more samples than fit in two segments. Each sample is delivered or in the spool; none is counted as lost.
func TestFileLimit(t *testing.T) {
	t.Parallel()
	const before, after, most = 600, 1000, 30_000 // before is more than one batch of the backlog has
	s := cloudtest.New(t)
	down := true
	s.Fault = func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		if down {
			w.WriteHeader(http.StatusInternalServerError)
		}
		return cloudtest.Outcome{Answered: down}
	}
	h := httptest.NewServer(s)
	defer h.Close()
	dir := t.TempDir()
	taken := map[cloudtest.ID]bool{}
	last := ""
	newest := func() string {
		names, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		if err != nil || len(names) == 0 {
			return ""
		}
		return slices.Max(names)
	}
	var usual unix.Rlimit
	limit := func(p *os.Process, files uint64) {
		if err := unix.Prlimit(p.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: files, Max: usual.Max}, nil); err != nil {
			t.Error(err)
		}
	}
	limited := false
	runChild(t, h.URL, dir, 200, func(p *os.Process, i cloudtest.ID, failedReads int) {
		taken[i] = true
		switch n := len(taken); {
		case n == before:
			if err := unix.Prlimit(p.Pid, unix.RLIMIT_NOFILE, nil, &usual); err != nil {
				t.Error(err)
			}
			s.Mu.Lock()
			down = false // it cannot make connections either
			s.Mu.Unlock()
			limit(p, 5)
			limited = true
		case limited && n >= after && failedReads > 0:
			last = newest()
			limit(p, usual.Cur)
			limited = false
		case !limited && n > after && n%50 == 0 && newest() > last && len(s.Counts()) >= after, n == most:
			_ = p.Kill() // a new segment proves that no sample is only in memory
		}
	})
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	left := drain(t, q)
	delivered := s.Counts()
	for i := range taken {
		if delivered[i] == 0 && !left[i] && !t.Failed() {
			t.Errorf("sample %d of %d is missing", i.Seq, len(taken))
		}
	}
	if stats := q.Stats(); stats.Lost != 0 || stats.SetAside != 0 || len(delivered) < after || limited {
		t.Errorf("%d samples are delivered, reads failed: %v, %+v", len(delivered), !limited, stats)
	}
	t.Logf("%d samples taken, %d delivered, %d left", len(taken), len(delivered), len(left))
}
