package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// Variables with which the test's own binary runs as a collector.
const (
	childEndpoint = "EDGE_E2E_ENDPOINT"
	childSpool    = "EDGE_E2E_SPOOL"
	childPadding  = "EDGE_E2E_PADDING" // by how many bytes samples are made longer
)

func TestMain(m *testing.M) {
	if endpoint := os.Getenv(childEndpoint); endpoint != "" {
		padding, _ := strconv.Atoi(os.Getenv(childPadding))
		if err := child(endpoint, os.Getenv(childSpool), padding, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fast has settings some hundred times faster than the defaults.
const (
	fastInterval = 10 * time.Millisecond
	fastLatency  = 50 * time.Millisecond
)

// child is a collector without readings (sampler, spool, shipper and the SDK's client) until it is killed. It prints each sample once
// the spool has it.
func child(endpoint, dir string, padding int, stdout io.Writer) error {
	log := slog.New(slog.DiscardHandler)
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Sync: time.Second, Log: log})
	if err != nil {
		return err
	}
	s := ship.New(q, client(endpoint), ship.Options{Pace: ship.Pace{Interval: fastInterval, MaxLatency: fastLatency, BacklogRate: 20}, Log: log})
	go func() { _ = s.Run(context.Background(), nil) }()
	labels := sampler.Labels{Tags: map[string]string{"padding": strings.Repeat("x", padding)}}
	sampler.New(fastInterval, labels, readings{}, log).Run(context.Background(), announcing{q, stdout})
	return nil
}

func client(endpoint string) *cloud.Stream {
	return cloud.NewStream(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, "the-stream")
}

// readings reads nothing, so that a sample costs almost nothing.
type readings struct{}

func (readings) Collect(_ context.Context, _ collect.Moment, s *record.Sample) { s.Hostname = "h" }

// announcing prints the lines that the queue has, each with how often a read of the spool has failed.
type announcing struct {
	queue *spool.Queue
	to    io.Writer
}

func (a announcing) Append(lines ...[]byte) error {
	if err := a.queue.Append(lines...); err != nil {
		return err
	}
	reading := a.queue.Health()[1]
	for _, l := range lines {
		s, err := record.ParseSample(l)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.to, "%s %d %d\n", s.SessionID, s.Seq, reading.Total()); err != nil {
			return err
		}
	}
	return nil
}

// startFast runs a collector's parts, with a spool on disk, at a hundred times the default pace.
func startFast(tb testing.TB, endpoint string) (end func()) {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	q, err := spool.Open(spool.Options{
		FS: spool.Dir(tb.TempDir()), MaxBytes: 64 << 20, Sync: 50 * time.Millisecond, Log: log,
	})
	if err != nil {
		tb.Fatal(err)
	}
	s := ship.New(q, client(endpoint), ship.Options{Pace: ship.Pace{Interval: 30 * time.Millisecond, MaxLatency: 600 * time.Millisecond, BacklogRate: 20}, Log: log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	stop := make(chan struct{})
	go func() { _ = s.Run(context.Background(), stop); done <- struct{}{} }()
	go func() {
		sampler.New(30*time.Millisecond, sampler.Labels{}, &believable{host: recordtest.New(1)}, log).Run(ctx, q)
		done <- struct{}{}
	}()
	return func() {
		cancel()
		close(stop)
		<-done
		<-done
		if err := q.Close(); err != nil {
			tb.Error(err)
		}
	}
}
