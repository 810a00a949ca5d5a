package e2e

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
)

// world is a server and collectors inside a synctest bubble, where hours pass at once. The real client uses the real protocol over
// connections in memory.
type world struct {
	*cloudtest.Server
	t         *testing.T
	listener  *listener
	transport *http.Transport
	dial      func() error // fails a connection; nil to make it; guarded by mu
	log       strings.Builder
}

// listener accepts connections that are made in memory.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { close(l.closed); return nil }
func (l *listener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }

func newWorld(t *testing.T) *world {
	t.Helper()
	// The bubble's clock starts in 2000, before any sample is plausible.
	time.Sleep(time.Until(time.Date(2026, 2, 3, 4, 10, 0, 0, time.UTC)))
	w := &world{Server: cloudtest.New(t), t: t, listener: &listener{make(chan net.Conn), make(chan struct{})}}
	h := &http.Server{Handler: w.Server}
	go func() { _ = h.Serve(w.listener) }()
	w.transport = &http.Transport{
		MaxIdleConnsPerHost: 10,
		IdleConnTimeout:     time.Second, // close them soon: each takes memory
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			w.Mu.Lock()
			dial := w.dial
			w.Mu.Unlock()
			if dial != nil {
				if err := dial(); err != nil {
					return nil, err
				}
			}
			near, far := net.Pipe()
			select {
			case w.listener.conns <- far:
				return near, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
	t.Cleanup(func() {
		w.transport.CloseIdleConnections()
		_ = h.Close()
	})
	return w
}

// machine is a running collector without readings.
type machine struct {
	queue   *spool.Queue
	fs      *spooltest.FS
	sampler *sampler.Sampler
	shipper *ship.Shipper
	end     func()
	stop    chan struct{}
	done    chan error
}

// setup has the settings of a machine that differ from the defaults.
type setup struct {
	interval, latency time.Duration
	spoolBytes        int64
	padding           int
	quiet             bool
	collector         sampler.Collector
	sink              func(sampler.Sink) sampler.Sink
	destination       func(ship.Destination) ship.Destination
}

func (w *world) start(o setup) *machine {
	w.t.Helper()
	if o.interval == 0 {
		o.interval, o.latency = 3*time.Second, time.Minute
	}
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	if o.quiet {
		log = slog.New(slog.DiscardHandler)
	}
	m := &machine{fs: spooltest.New(), stop: make(chan struct{}), done: make(chan error, 1)}
	var err error
	if m.queue, err = spool.Open(spool.Options{
		FS: m.fs, MaxBytes: max(o.spoolBytes, spool.MinBytes), Sync: 5 * time.Second, Log: log,
	}); err != nil {
		w.t.Fatal(err)
	}
	endpoint := "http://firehose.test/"
	var to ship.Destination = cloud.NewStream(aws.Config{
		Region: "eu-north-1", BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: w.transport},
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, "the-stream")
	if o.destination != nil {
		to = o.destination(to)
	}
	m.shipper = ship.New(m.queue, to, ship.Options{Pace: ship.Pace{Interval: o.interval, MaxLatency: o.latency, BacklogRate: 20}, Log: log})
	labels := sampler.Labels{Tags: map[string]string{"padding": strings.Repeat("x", o.padding)}}
	if o.collector == nil {
		o.collector = readings{}
	}
	m.sampler = sampler.New(o.interval, labels, o.collector, log)
	ctx, cancel := context.WithCancel(context.Background())
	ship, giveUp := context.WithCancel(context.Background())
	go func() { m.done <- m.shipper.Run(ship, m.stop) }()
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		var sink sampler.Sink = m.queue
		if o.sink != nil {
			sink = o.sink(sink)
		}
		m.sampler.Run(ctx, sink)
	}()
	m.end = func() {
		cancel()
		<-sampled
		close(m.stop)
		timer := time.AfterFunc(10*time.Second, giveUp)
		defer timer.Stop()
		if err := <-m.done; err != nil && !errors.Is(err, context.Canceled) {
			w.t.Errorf("shipper: %v", err)
		}
		giveUp()
		if err := m.queue.Close(); err != nil {
			w.t.Error(err)
		}
	}
	return m
}

// check finds each sample of a machine that has ended. It returns how many were delivered twice.
func (w *world) check(m *machine) (duplicates int) {
	w.t.Helper()
	return w.checkCounts(m, w.Counts())
}

func (w *world) checkCounts(m *machine, counts map[cloudtest.ID]int) (duplicates int) {
	w.t.Helper()
	missing := int64(0)
	for seq := range m.sampler.Taken() {
		n := counts[cloudtest.ID{Session: m.sampler.Session(), Seq: seq}]
		if n == 0 {
			missing++
		}
		duplicates += max(0, n-1)
	}
	if s := m.queue.Stats(); missing != s.Dropped+s.Lines+m.shipper.Stats().Unusable {
		w.t.Errorf("%d of %d samples are missing, %+v", missing, m.sampler.Taken(), s)
	}
	return duplicates
}
