package run

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// counter is a destination that accepts all records.
type counter struct{ records chan int }

func (c counter) Put(_ context.Context, records [][]byte) ([]error, error) {
	c.records <- len(records)
	return make([]error, len(records)), nil
}

// reloadable is a collector whose parts a test runs or not. The test changes its configuration file.
type reloadable struct {
	*edge
	t    *testing.T
	path string
}

// newReloadable makes a collector. Its configuration file has the text.
func newReloadable(t *testing.T, to ship.Destination, text string) reloadable {
	t.Helper()
	testenv.Clean(t)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	cmd := &cobra.Command{Use: "run"}
	source := config.Declare(cmd, config.ForRun, os.Environ())
	if err := cmd.ParseFlags([]string{"--config=" + path, "--region=eu-west-1", "--spool-dir=" + t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	r := reloadable{newEdge(Options{Load: source.Load, Log: log}), t, path}
	r.write(text)
	local := source.Load()
	c, err := local.With("")
	if err != nil {
		t.Fatal(err)
	}
	r.atStart = c
	r.tuning.init(local, c)
	if r.queue, err = spool.Open(spool.Options{FS: spooltest.New(), MaxBytes: spool.MinBytes, Log: log}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.queue.Close() })
	r.destination = cloud.NewDestination(cloud.Options{Cache: cloud.CacheIn(c.SpoolDir), EdgeConfig: r.retune, Log: log})
	r.sampler = sampler.New(c.Interval, c.Labels, r.readers.set(c), log)
	r.shipper = ship.New(r.queue, to, ship.Options{Pace: pace(c), Log: log})
	if err := r.destination.Tune(t.Context(), destinationSettings(c)); err != nil {
		t.Fatal(err)
	}
	return r
}

// write changes the configuration file.
func (r reloadable) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// TestReloadEndsEdgeConfig: a reload names a stream, so that the stack's edge-config does not apply any more. Destination.Tune passes on an
// empty edge-config. After the reload the shipper has the pace without edge-config, not the old one.
func TestReloadEndsEdgeConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := counter{make(chan int, 9)}
		e := newReloadable(t, to, "node_role: before\n")
		e.retune(`{"max_latency": "15m"}`)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- e.shipper.Run(ctx, nil) }()
		take := func() {
			if err := e.queue.Append((&record.Sample{TS: record.TS(time.Now())}).AppendJSON(nil)); err != nil {
				t.Fatal(err)
			}
		}
		take()
		time.Sleep(20 * time.Minute) // the first sample is sent within the latency of edge-config
		synctest.Wait()
		e.write("node_role: after\nstream: the-stream\n")
		e.reload(ctx)
		take()
		time.Sleep(3 * time.Minute) // the default latency is two minutes
		synctest.Wait()
		if n := len(to.records); n != 2 {
			t.Errorf("%d records were sent, want 2", n)
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestReloadTriesEdgeConfigAgain: edge-config and the machine's file do not fit together, first because the stack gives another edge-config,
// then because the file changes. Once the file is corrected, a reload uses the edge-config, although the stack's answer is still the same.
func TestReloadTriesEdgeConfigAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newReloadable(t, counter{}, "max_latency: 1m\n")
		expect := func(when string, interval time.Duration, edgeConfig string, failing bool) {
			t.Helper()
			now, _ := retry.Problems(e.usingEdgeConfig)
			if r := e.report(); e.tuning.get().Interval != interval || r.EdgeConfig != edgeConfig || (len(now) > 0) != failing {
				t.Errorf("%s: interval %v, edge-config %q, problems %+v", when, e.tuning.get().Interval, r.EdgeConfig, now)
			}
		}
		reload := func(text string) {
			t.Helper()
			e.write(text)
			e.reload(t.Context())
		}
		const fits, tooLong = `{"interval": "10s"}`, `{"interval": "5m"}`
		e.retune(fits)
		expect("at the start", 10*time.Second, fits, false)
		e.retune(tooLong)
		expect("the stack's interval is longer than the file's latency", 10*time.Second, fits, true)
		reload("max_latency: 1m\nnode_role: web\n")
		expect("after a reload that does not help", 10*time.Second, fits, true)
		reload("node_role: web\n")
		expect("after the file was corrected", 5*time.Minute, tooLong, false)
		reload("max_latency: 1m\n")
		expect("after the file became wrong again", 3*time.Second, "", true)
		reload("max_latency: 1m\nintervall: 9s\n")
		expect("after a file with a mistake", 3*time.Second, "", true)
		reload("max_latency: 6m\n")
		expect("after the file was corrected again", 5*time.Minute, tooLong, false)
	})
}
