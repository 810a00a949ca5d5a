package demo

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// A host that was silent before the demo began is a problem, and the demo prints it with the address of its page.
func TestPrintsAlerts(t *testing.T) {
	testenv.Clean(t)
	dir := t.TempDir()
	edge := filepath.Join(dir, "edge")
	if err := os.WriteFile(edge, []byte("#!/bin/sh\ntrap 'exit 0' TERM; while :; do /bin/sleep 0.05; done"), 0o755); err != nil {
		t.Fatal(err)
	}
	lake := filepath.Join(dir, "lake")
	writeSilent(t, lake, time.Now().Add(-3*time.Hour))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := &awaited{text: "\n", after: "Alert: ", found: cancel}
	err := Run(ctx, noStack{}, Options{
		Edge: edge, Dir: lake, Dashboard: "127.0.0.1:0", Interval: 3 * time.Second, Delay: time.Second,
		Stop: func() error { return nil }, Out: out, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Error(err)
	}
	if text := out.String(); !strings.Contains(text, "Alert: CRITICAL: Silent on web-01\n") || !strings.Contains(text, "http://127.0.0.1:") {
		t.Errorf("the demo printed\n%s", text)
	}
}

// writeSilent writes an hour of samples of a host, the last at a time.
func writeSilent(t *testing.T, lake string, last time.Time) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for at := last.Add(-time.Hour); !at.After(last); at = at.Add(10 * time.Minute) {
		hour := filepath.Join(lake, "bucket", "analytics", at.UTC().Format("year=2006/month=01/day=02/hour=15"))
		if err := os.MkdirAll(hour, 0o755); err != nil {
			t.Fatal(err)
		}
		copied := fmt.Sprintf("COPY (SELECT %d::DOUBLE AS ts, 'web-01' AS hostname, 's' AS session_id, %d::BIGINT AS seq, 3 AS interval_s) TO '%s' (FORMAT parquet)",
			at.Unix(), at.Unix(), filepath.Join(hour, fmt.Sprint(at.Unix(), ".parquet")))
		if _, err := db.ExecContext(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
	}
}

// noStack is a stack that receives nothing.
type noStack struct{}

func (noStack) Environment() []string { return nil }
func (noStack) ParameterPath() string { return "/metrics-dashboard/MetricsDashboard/" }
func (noStack) Stats() delivery.Stats { return delivery.Stats{} }
func (noStack) Failed() <-chan error  { return nil }

// awaited calls found when it has a text after another one.
type awaited struct {
	after, text string
	found       func()

	mu  sync.Mutex // guards got
	got bytes.Buffer
}

func (a *awaited) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got.Write(p)
	if _, rest, ok := strings.Cut(a.got.String(), a.after); ok && strings.Contains(rest, a.text) {
		a.found()
	}
	return len(p), nil
}

func (a *awaited) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.got.String()
}
