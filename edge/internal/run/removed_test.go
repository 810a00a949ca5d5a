package run_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// TestSpoolDirectoryRemoved: somebody removes the spool's directory while edge runs and cannot deliver. Edge makes directory and
// socket again and loses no sample of the segment that is being written.
func TestSpoolDirectoryRemoved(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "region": "eu-west-1"})
	c.refuses(func(int) string { return "ServiceUnavailableException" })
	dir := filepath.Join(t.TempDir(), "spool")
	var log buffer
	o := options(t, &log, "--spool-dir", dir)
	o.StopWithin = time.Second // nothing can be delivered
	edge := start(t, o, &log)
	var r status.Report
	edge.await("samples wait", func() bool { return edge.fetch(dir, &r) && r.Samples.Waiting >= 2 })
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	edge.await("the directory is back", func() bool {
		_, err := os.Stat(filepath.Join(dir, "lock"))
		return err == nil
	})
	edge.await("status answers", func() bool { return edge.fetch(dir, &r) })
	if r.Spool.MemoryLines != 0 || r.Samples.Dropped[status.Damaged] != 0 || r.Samples.Waiting != r.Samples.Taken {
		t.Errorf("report is %+v", r)
	}
	if !strings.Contains(log.String(), "directory or its lock was removed or replaced") {
		t.Errorf("log is:\n%s", log.String())
	}
	taken := r.Samples.Taken
	edge.finish()
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	if s := q.Stats(); s.Lines < taken || s.Lost != 0 {
		t.Errorf("%d samples were taken, after another start there are %+v", taken, s)
	}
}
