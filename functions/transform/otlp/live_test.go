//go:build collector

package otlp_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

var (
	collectorPath = flag.String("collector", "", "executable of testdata/collector")
	edgePath      = flag.String("edge", "", "executable of edge")
	lasts         = flag.Duration("lasts", 130*time.Second, "how long both collectors run")
)

// TestLive runs edge and a collector of the OpenTelemetry project on this machine at the same time and compares what they read.
// `make otlp-check` runs it. It is not part of the tests: it takes minutes, and on a machine whose load changes from one second to the
// next the readings differ by more than one percent.
func TestLive(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithTimeout(t.Context(), *lasts)
	defer stop()
	documents := filepath.Join(dir, "otlp.jsonl")
	environment := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "HOST_NAME=web-1", "INTERVAL=10s", "OUT=" + documents,
		"AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_EC2_METADATA_DISABLED=true",
	}
	start := func(name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, name, args...)
		c.Env = environment
		c.Cancel = func() error { return c.Process.Signal(syscall.SIGINT) }
		c.WaitDelay = 20 * time.Second
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	spool := filepath.Join(dir, "spool")
	edge := start(*edgePath, "run", "--stack", "None", "--hostname", "web-1", "--interval", "10s", "--processes", "off",
		"--mount-include", "^/$", "--spool-dir", spool)
	collector := start(*collectorPath, "--config", "testdata/collector/config.yaml")
	for _, c := range []*exec.Cmd{edge, collector} {
		var ended *exec.ExitError
		if err := c.Wait(); err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &ended) {
			t.Fatal(err)
		}
	}
	cat := exec.CommandContext(t.Context(), *edgePath, "spool", "cat", "--spool-dir", spool)
	cat.Env = environment
	lines, err := cat.Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(documents)
	if err != nil {
		t.Fatal(err)
	}
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		text = text[:i+1]
	}
	compare(t, samplesOf(t, string(text)), string(lines), true)
}
