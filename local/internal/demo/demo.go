// Package demo runs what shows the local stack at work: the real collector edge on this machine, the dashboard over what
// arrives, and a line for each thing that happens. Package stack runs the stack itself.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
)

// Stack is the running stack.
type Stack interface {
	// Environment is what lets an AWS SDK find it.
	Environment() []string
	// ParameterPath is where an edge finds out where to send.
	ParameterPath() string
	Stats() delivery.Stats
	// Failed gets an error where the stack ends by itself.
	Failed() <-chan error
}

// Options say what a demo does.
type Options struct {
	Edge string // path of the executable
	Dir  string // of the lake
	// Dashboard is the page's address. AnyPort takes another port where its is in use.
	Dashboard   string
	AnyPort     bool
	AllowRemote bool
	// For ends the demo by itself; 0 leaves that to the context.
	For time.Duration
	// Interval is between samples, Delay what the stack takes from a record to an object.
	Interval time.Duration
	Delay    time.Duration
	// Stop delivers what is left and ends the stack.
	Stop func() error
	Out  io.Writer
	Log  *slog.Logger
}

// ErrNoRow says that a demo that ended by itself has shown nothing.
var ErrNoRow = errors.New("no row arrived in the lake")

// Run runs a demo until the context ends, or for the time that the options say. It fails where one of its parts ends
// before, or where no row arrived in the time given.
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
	fmt.Fprintf(o.Out, "Dashboard on %s?range=5m\n", page.url) // the default range would be nearly empty

	edge, err := startEdge(s, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "Collecting from this machine every %v with %s; samples take about %v to the page.\n",
		o.Interval, o.Edge, latency(o)+o.Delay)
	runErr := watch(ctx, s, l, edge, page, before, o)

	// In the data's order: what is collected is shipped, what is shipped delivered, and only then is it counted.
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
	fmt.Fprintf(o.Out, "%d new rows in the lake %s. See more with\n  dashboard query --lake %s \"SELECT * FROM samples\"\n",
		after-before, l.Dir(), o.Dir)
	if runErr == nil && o.For > 0 && after == before {
		return fmt.Errorf("%w within %v", ErrNoRow, o.For)
	}
	return runErr
}

// latency is how long the collector gathers samples for a record.
func latency(o Options) time.Duration { return max(o.Interval, min(o.Delay, 10*time.Second)/2) }

// watch says what happens until the demo is over. It returns an error where one of its parts ended before.
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
				o.Log.Warn("can not look into the lake", slog.Any("error", err))
			}
		}
	}
}
