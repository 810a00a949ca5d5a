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

// TestReloadEndsEdgeConfig: a reload names a stream, so that the stack's edge-config does not apply any more. The destination says so while
// it is tuned. The shipper then has the pace without edge-config, and not the one from before.
func TestReloadEndsEdgeConfig(t *testing.T) {
	testenv.Clean(t)
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"} {
		t.Setenv(name, value)
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := &cobra.Command{Use: "run"}
	source := config.Declare(cmd, config.ForRun, os.Environ())
	if err := cmd.ParseFlags([]string{"--config=" + path, "--region=eu-west-1", "--spool-dir=" + t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	write("node_role: before\n")
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		const edgeConfig = `{"max_latency": "15m"}`
		local := source.Load()
		c, err := local.With(edgeConfig)
		if err != nil {
			t.Fatal(err)
		}
		e := &edge{options: Options{Load: source.Load, Log: log}, log: log, atStart: c, collectors: collectors{log: log}}
		e.usingEdgeConfig = retry.NewState(log, "using the stack's edge-config")
		e.tuning.init(local, c)
		e.tuning.edgeConfig = edgeConfig
		if e.queue, err = spool.Open(spool.Options{FS: spooltest.New(), MaxBytes: spool.MinBytes, Log: log}); err != nil {
			t.Fatal(err)
		}
		e.destination = cloud.NewDestination(cloud.Options{Cache: cloud.CacheIn(c.SpoolDir), EdgeConfig: e.retune, Log: log})
		e.sampler = sampler.New(c.Interval, c.Labels, e.collectors.set(c), log)
		to := counter{make(chan int, 9)}
		e.shipper = ship.New(e.queue, to, ship.Options{Pace: pace(c), Log: log})
		if err := e.destination.Tune(t.Context(), destinationSettings(c)); err != nil {
			t.Fatal(err)
		}
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
		write("node_role: after\nstream: the-stream\n")
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
		if err := e.queue.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
