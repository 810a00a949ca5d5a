// Package e2e tests the parts of the collector together, over real connections and real files.
package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// kills is how often TestKill kills. EDGE_KILLS sets another number; use 1000 for figures to quote.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("EDGE_KILLS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKill kills a collector under load at random moments, many times. Meanwhile its endpoint fails in every third request, and is gone
// so long that the spool overflows. Each sample is delivered, still in the spool, or counted as lost. A sample may be delivered
// twice only if the answer did not arrive before the kill.
func TestKill(t *testing.T) {
	t.Parallel()
	s := cloudtest.New(t)
	down := false
	s.Fault = func(n int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		switch {
		case down, n%9 == 2:
			w.WriteHeader(http.StatusInternalServerError)
			return cloudtest.Outcome{Answered: true}
		case n%9 == 5:
			cloudtest.HangUp(w)
			return cloudtest.Outcome{Answered: true}
		case n%9 == 8:
			return cloudtest.Outcome{Silent: true}
		}
		return cloudtest.Outcome{}
	}
	h := httptest.NewServer(s)
	defer h.Close()
	dir := t.TempDir()
	taken := map[cloudtest.ID]bool{}
	rng := rand.New(rand.NewPCG(1, 2))
	kills := kills(t)
	for n := range kills {
		s.Mu.Lock()
		down = n >= kills/4 && n < kills/2
		s.Mu.Unlock()
		runUntilKilled(t, fmt.Sprintf("%s/%d", h.URL, n), dir, time.Duration(rng.IntN(120))*time.Millisecond, taken)
	}
	checkAccounts(t, s, dir, taken)
}

// runUntilKilled starts a collector, kills it some time after its first sample and adds the samples that it took.
func runUntilKilled(t *testing.T, endpoint, dir string, while time.Duration, taken map[cloudtest.ID]bool) {
	t.Helper()
	var timer *time.Timer
	runChild(t, endpoint, dir, 12_000, func(p *os.Process, i cloudtest.ID, _ int) {
		taken[i] = true
		if timer == nil {
			timer = time.AfterFunc(while, func() { _ = p.Kill() })
		}
	})
}

// runChild runs a collector and calls each with each sample that it took, and with how many reads of its spool had failed then. each kills
// the collector to end it.
func runChild(t *testing.T, endpoint, dir string, padding int, each func(p *os.Process, i cloudtest.ID, failedReads int)) {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(own)
	c.Env = testenv.Environ(t, childEndpoint+"="+endpoint, childSpool+"="+dir, fmt.Sprintf("%s=%d", childPadding, padding))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	samples := bufio.NewReader(out)
	for {
		line, err := samples.ReadString('\n')
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		var i cloudtest.ID
		var failedReads int
		if _, err := fmt.Sscan(line, &i.Session, &i.Seq, &failedReads); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		each(c.Process, i, failedReads)
	}
	if err := c.Wait(); !strings.Contains(fmt.Sprint(err), "killed") {
		t.Fatalf("the collector ended by itself: %v", err)
	}
}

// drain removes all samples from a queue and returns them.
func drain(t *testing.T, q *spool.Queue) map[cloudtest.ID]bool {
	t.Helper()
	left := map[cloudtest.ID]bool{}
	for q.Stats().Lines > 0 {
		b, err := q.TryPeek(spool.Fresh, 1000, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range b.Lines {
			sample, err := record.ParseSample(l)
			if err != nil {
				t.Error(err)
			}
			left[cloudtest.ID{Session: sample.SessionID, Seq: sample.Seq}] = true
		}
		if err := q.Ack(b); err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func checkAccounts(t *testing.T, s *cloudtest.Server, dir string, taken map[cloudtest.ID]bool) {
	t.Helper()
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	delivered := s.Counts()
	left := drain(t, q)
	missing := int64(0)
	for i := range taken {
		if delivered[i] == 0 && !left[i] {
			missing++
		}
	}
	stats := q.Stats()
	if missing > stats.Lost || stats.Damaged > 0 || stats.SetAside > 0 {
		t.Errorf("%d samples are missing, %+v", missing, stats)
	}
	// A process may have been killed between the answer to its last request and the acknowledgement.
	last := map[string]int{}
	for n, r := range s.Puts {
		last[r.Path] = n
	}
	first := map[cloudtest.ID]int{}
	duplicates := 0
	for n, r := range s.Puts {
		for _, i := range r.IDs {
			before, again := first[i]
			first[i] = n
			if !again {
				continue
			}
			duplicates++
			if b := s.Puts[before]; !b.Unanswered && last[b.Path] != before {
				t.Errorf("sample %v was sent again after the answer to request %d", i, before)
			}
		}
	}
	t.Logf("%d samples taken, %d delivered in %d requests of %d, %d left, %d missing, %d counted as lost, %d duplicates",
		len(taken), len(delivered), len(s.Puts), s.Requests, len(left), missing, stats.Lost, duplicates)
	if len(delivered) == 0 || missing == 0 || duplicates == 0 {
		t.Error("the test shows too little")
	}
}
