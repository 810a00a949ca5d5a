// Package alerts is the Lambda function that tells people about the problems of hosts. A schedule invokes it.
//
// A run sends again what an earlier run may not have sent, asks Athena which problems are open, and sends what changed to a topic. What it
// has reported is an object of the bucket, written under a condition, so two runs at a time cannot both send. For what happens if a run dies,
// see [alerts.Delivery].
package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
)

// Options are the parts that a run uses.
type Options struct {
	// Look asks which problems are open at a time. For knownSince see [alerts.Query].
	Look     func(ctx context.Context, at, knownSince time.Time) (alerts.Now, error)
	Store    alerts.Store
	Receiver alerts.Receiver
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// New returns the function's handler. It ignores the event. If it fails, Lambda counts an error, on which the stack has an alarm.
func New(o Options) func(context.Context) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	return func(ctx context.Context) error {
		err := o.run(ctx)
		if errors.Is(err, alerts.ErrBusy) {
			o.Log.Info("another run sends a message; the next run goes on")
			return nil
		}
		return err
	}
}

func (o Options) run(ctx context.Context) error {
	at := o.Now()
	d := alerts.Delivery{Store: o.Store, Receiver: o.Receiver, Lease: lease(ctx, at), Log: o.Log}
	turn, err := d.Begin(ctx, at)
	if err != nil {
		return err
	}
	now, err := o.look(ctx, at, turn.KnownSince(at))
	if err != nil {
		return fmt.Errorf("ask for the problems of all hosts: %w", err)
	}
	m, err := turn.Tell(ctx, now)
	if err != nil {
		return err
	}
	told := 0
	if m != nil {
		told = len(m.Changes)
		o.Log.Info("sent", slog.String("message", m.ID), slog.String("subject", m.Subject()))
	}
	o.Log.Debug("done", slog.Int("hosts", len(now.Heard)), slog.Int("problems", len(now.Problems)), slog.Int("changes", told))
	return nil
}

// lookBackWithin bounds a look that reads more than usual, so that there is time for a usual one after it.
const lookBackWithin = time.Minute

// look asks which problems are open. If the query that looks back to knownSince fails, it asks again without knownSince.
func (o Options) look(ctx context.Context, at, knownSince time.Time) (alerts.Now, error) {
	if !knownSince.IsZero() {
		bounded, cancel := context.WithTimeout(ctx, lookBackWithin)
		defer cancel()
		now, err := o.Look(bounded, at, knownSince)
		if err == nil {
			return now, nil
		}
		o.Log.Warn("machines that fell silent while no rules ran are not reported", slog.Time("since", knownSince), slog.Any("error", err))
	}
	return o.Look(ctx, at, time.Time{})
}

// lease is how long another run may still live. All runs have the same time limit, so it is the time that this run has left.
func lease(ctx context.Context, at time.Time) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	const margin = 5 * time.Second // clocks of two machines differ
	return deadline.Sub(at) + margin
}

// State is what was reported, as an object of a bucket. It is an [alerts.Store].
type State struct {
	Bucket *objects.Bucket
	Key    string
}

// Load implements [alerts.Store].
func (s State) Load(ctx context.Context) ([]byte, string, error) {
	content, version, err := s.Bucket.Get(ctx, s.Key, alerts.MaxStateBytes)
	if errors.Is(err, objects.ErrMissing) {
		return nil, "", nil
	}
	return content, version, err
}

// Save implements [alerts.Store].
func (s State) Save(ctx context.Context, content []byte, version string) (string, error) {
	return s.Bucket.Put(ctx, s.Key, content, version)
}
