package e2e

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// TestFlips changes one random byte in the files that a killed collector left, many times, each time in a fresh copy. The samples that
// can be read and those counted as damaged are together exactly those of the files.
func TestFlips(t *testing.T) {
	t.Parallel()
	const flips = 300
	s := cloudtest.New(t)
	s.Fault = func(_ int, w http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
		w.WriteHeader(http.StatusInternalServerError)
		return cloudtest.Outcome{Answered: true}
	}
	h := httptest.NewServer(s)
	defer h.Close()
	dir := t.TempDir()
	taken := 0
	runChild(t, h.URL, dir, 200, func(p *os.Process, _ cloudtest.ID, _ int) {
		if taken++; taken == 500 {
			_ = p.Kill()
		}
	})
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	content, names := map[string][]byte{}, []string{}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		content[f.Name()] = data
		if strings.HasSuffix(f.Name(), ".seg") {
			names = append(names, f.Name())
		}
	}
	rng := rand.New(rand.NewPCG(9, 9))
	readable := func(name string, at int, mask byte) (left int, stats spool.Stats) {
		copied := t.TempDir()
		for n, data := range content {
			data := append([]byte(nil), data...)
			if n == name {
				data[at] ^= mask
			}
			if err := os.WriteFile(filepath.Join(copied, n), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		q, err := spool.Open(spool.Options{FS: spool.Dir(copied), MaxBytes: spool.MinBytes, Sync: spool.SyncNever, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = q.Close() }()
		left = len(drain(t, q))
		return left, q.Stats()
	}
	all, _ := readable("", 0, 0)
	lost := int64(0)
	for range flips {
		name := names[rng.IntN(len(names))]
		at, mask := rng.IntN(len(content[name])), byte(1+rng.IntN(255))
		left, stats := readable(name, at, mask)
		if int64(all-left) != stats.Damaged {
			t.Errorf("%s, byte %d, mask %x: of %d samples %d are left, %+v", name, at, mask, all, left, stats)
		}
		lost += stats.Damaged
	}
	if all < taken || len(names) < 3 || lost < flips/2 {
		t.Errorf("the test shows too little: %d taken, %d there, %d segments, %d lost", taken, all, len(names), lost)
	}
	t.Logf("%d samples in %d segments, %d changes, %d samples lost and counted", all, len(names), flips, lost)
}
