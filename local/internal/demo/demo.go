// Package demo shows a running local stack at work. It runs the real collector, edge, on this machine, serves the dashboard over the
// lake, and prints a line when something happens for the first time. Package stack runs the stack itself.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Stack is the running stack.
type Stack interface {
	// Environment returns the variables by which an AWS SDK finds the endpoint.
	Environment() []string
	// ParameterPath returns the path of the parameters that tell edge where to send; empty if there are none.
	ParameterPath() string
	Stats() delivery.Stats
	// Failed gets an error if the endpoint ends by itself.
	Failed() <-chan error
}

// Options of [Run].
type Options struct {
	Edge string // path of the executable
	Dir  string // of the lake
	// Dashboard is the address of the page, host:port. If AnyPort is set and the port is in use, the page gets another one.
	Dashboard   string
	AnyPort     bool
	AllowRemote bool
	// For is how long the demo runs; 0 means until the context ends.
	For time.Duration
	// Interval is the time between two samples.
	Interval time.Duration
	// Delay is how long the stack takes at most from a record to an object.
	Delay time.Duration
	// Stop delivers the remaining records and ends the stack.
	Stop func() error
	Out  io.Writer
	Log  *slog.Logger
}

// ErrNoRow means that not one row arrived in the lake while the demo ran.
var ErrNoRow = errors.New("no row arrived in the lake")

// Run runs a demo until the context ends, or for the time o.For. It fails if the endpoint, edge or the page ends before that. It also
// fails with [ErrNoRow].
func Run(ctx context.Context, s Stack, o Options) error {
	l, err := lake.Open(o.Dir, lake.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }() // it only read
	page, err := servePage(ctx, l, o)
	if err != nil {
		return err
	}
	defer page.close()
	before, err := rows(ctx, l)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "Dashboard on %s?range=5m\n", page.url) // the page's default range would be nearly empty

	telling, end := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		printAlerts(telling, l, page, o)
	}()
	defer func() {
		end()
		<-told
	}()
	edge, err := startEdge(s, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "Collecting from this machine every %v with %s; samples take about %v to the page. Alerts are printed here.\n",
		o.Interval, o.Edge, latency(o)+o.Delay)
	runErr := watch(ctx, s, l, edge, page, before, o)

	// The order is that of the data: edge ships its samples, then the stack delivers them, then the rows are counted.
	edge.stop()
	if err := o.Stop(); runErr == nil {
		runErr = err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryWithin)
	defer cancel()
	after, err := rows(ctx, l)
	if err != nil {
		return errors.Join(runErr, err)
	}
	fmt.Fprintf(o.Out, "%d new rows in the lake %s. See more with\n  %s query --lake %s \"SELECT * FROM samples\"\n",
		after-before, l.Dir(), program.Beside(os.Args[0], "dashboard"), o.Dir)
	if runErr == nil && o.For > 0 && after == before {
		return fmt.Errorf("%w within %v", ErrNoRow, o.For)
	}
	return runErr
}

// latency is edge's --max-latency: how long a sample waits at most until edge sends it.
func latency(o Options) time.Duration { return max(o.Interval, min(o.Delay, 10*time.Second)/2) }

// watch prints what happens until the demo is over. It returns an error if the endpoint, edge or the page ends before that.
func watch(ctx context.Context, s Stack, l *lake.Lake, edge *edge, page *page, before int64, o Options) error {
	if o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	p := newProgress(s, l, before, o.Out)
	p.waiting()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-edge.child.Done():
			return edge.failure()
		case err := <-s.Failed():
			return fmt.Errorf("the endpoint ended: %w", err)
		case err := <-page.failed:
			return fmt.Errorf("the dashboard ended: %w", err)
		case <-ticker.C:
			if err := p.look(ctx); err != nil && ctx.Err() == nil {
				o.Log.Warn("cannot query the lake", slog.Any("error", err))
			}
		}
	}
}
