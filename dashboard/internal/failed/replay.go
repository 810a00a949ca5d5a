package failed

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Replay sends records again.
type Replay struct {
	Storage   Storage
	Stream    Stream
	Selection Selection
	Pace      Pace
	// Progress, if set, is called after each batch.
	Progress func(Report)

	report Report
}

// Report counts what a replay did.
type Report struct {
	Accepted   int // records that Firehose accepted
	Bytes      int64
	Moved      int // objects
	Doubt      int // records of which it is not known whether Firehose accepted them
	Unreadable int // parts of objects that are not records, or that cannot be sent
	Changed    int // objects whose content is not what it was when a part of them was sent
}

// Run sends the chosen records that were not sent before. It stops at the first error; what was accepted until then is noted, and
// another run goes on from there.
func (r *Replay) Run(ctx context.Context) (Report, error) {
	err := walk(ctx, r.Storage, func(o Object, state *stateOf) error {
		err := r.object(ctx, o, state)
		if err != nil && !errors.Is(err, ErrGone) {
			return fmt.Errorf("replay %s: %w", o.Key, err)
		}
		return err
	})
	return r.report, err
}

// batch is a part of an object's entries.
type batch struct {
	entries []int
	data    [][]byte
	samples []time.Time
	bytes   int
}

func (b *batch) fits(data []byte) bool {
	return len(b.data) < record.MaxBatchRecords && b.bytes+len(data) <= record.MaxBatchBytes
}

func (b *batch) add(entry int, data []byte, sample time.Time) {
	b.entries = append(b.entries, entry)
	b.data = append(b.data, data)
	b.samples = append(b.samples, sample)
	b.bytes += len(data)
}

// only returns the entries of the batch for which keep is true.
func (b *batch) only(keep func(n int) bool) *batch {
	var out batch
	for n := range b.entries {
		if keep(n) {
			out.add(b.entries[n], b.data[n], b.samples[n])
		}
	}
	return &out
}

func (b *batch) ranges() (r ranges) {
	for _, i := range b.entries {
		r = r.with(i)
	}
	return r
}

// object sends the chosen records of one object. If nothing is left of it then, it moves it.
func (r *Replay) object(ctx context.Context, o Object, state *stateOf) error {
	if err := state.check(ctx, r.Storage, o); errors.Is(err, errChanged) {
		r.report.Changed++
		return nil
	} else if err != nil {
		return err
	}
	left := false // something stays in the object
	var b batch
	err := entries(ctx, r.Storage, o, func(e Entry) error {
		if _, doubt := state.state.doubt(e.Index); doubt {
			r.report.Doubt++
			left = true
			return nil
		}
		if state.state.done(e.Index) {
			return nil
		}
		sample := first(e.Data)
		switch {
		case !r.Selection.has(o, e, sample.Host):
			left = true
			return nil
		case e.Problem != nil:
			r.report.Unreadable++
			left = true
			return nil
		}
		if !b.fits(e.Data) || r.Pace.takes(sample.Time) > 0 {
			if err := r.send(ctx, state, &b); err != nil {
				return err
			}
			b = batch{}
		}
		for wait := r.Pace.takes(sample.Time); wait > 0; wait = r.Pace.takes(sample.Time) {
			if err := r.Pace.Sleep(ctx, wait); err != nil {
				return err
			}
		}
		r.Pace.note(sample.Time)
		b.add(e.Index, e.Data, sample.Time)
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.send(ctx, state, &b); err != nil {
		return err
	}
	if left || len(state.state.Sent) > 0 || len(state.state.Accepted)+len(state.state.Skipped) == 0 { // an empty file is not Firehose's
		return nil
	}
	if err := r.Storage.Move(ctx, o, o.replayedKey()); err != nil {
		return err
	}
	r.report.Moved++
	r.show()
	return nil
}

// Pauses between attempts to send the records that Firehose did not accept.
const (
	attempts   = 10
	backoff    = 500 * time.Millisecond
	backoffCap = 30 * time.Second
)

// send sends a batch, and again those of its records that Firehose says it did not accept.
func (r *Replay) send(ctx context.Context, state *stateOf, b *batch) error {
	for attempt := 0; len(b.entries) > 0; attempt++ {
		if err := r.Pace.wait(ctx, b.bytes); err != nil {
			return err
		}
		refused, reason, err := r.sendOnce(ctx, state, b)
		if err != nil {
			return err
		}
		if len(refused.entries) == 0 {
			return nil
		}
		if attempt+1 == attempts {
			return fmt.Errorf("%d records were not accepted in %d attempts; they are still below %s: %w", len(refused.entries), attempts, Errors, reason)
		}
		if len(refused.entries) < len(b.entries) {
			attempt = 0 // it goes on
		}
		b = refused
		most := min(backoff*time.Duration(math.Pow(2, float64(attempt))), backoffCap)
		if err := r.Pace.Sleep(ctx, time.Duration(mathrand.Int64N(int64(most))+1)); err != nil {
			return err
		}
	}
	return nil
}

// sendOnce sends a batch in the three steps that the package comment describes. It returns the records that Firehose did not accept.
func (r *Replay) sendOnce(ctx context.Context, state *stateOf, b *batch) (refused *batch, reason, err error) {
	b, id, err := claim(ctx, state, b)
	if err != nil || len(b.entries) == 0 {
		return &batch{}, nil, err
	}
	// From here on an interrupt must not leave the batch in doubt.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*putTimeout)
	defer cancel()
	putContext, cancelPut := context.WithTimeout(ctx, putTimeout)
	results, putErr := r.Stream.Put(putContext, b.data)
	cancelPut()
	accepted := func(n int) bool { return putErr == nil && results[n] == nil }
	switch {
	case putErr == nil && len(results) != len(b.data):
		putErr = fmt.Errorf("the answer has %d results for %d records", len(results), len(b.data))
		fallthrough
	case putErr != nil && !errors.Is(putErr, ErrRefused) && !errors.Is(putErr, ErrThrottled):
		r.report.Doubt += len(b.entries)
		return nil, nil, fmt.Errorf("%d records were sent, and %w: %w", len(b.entries), ErrDoubt, putErr)
	}
	taken := b.only(accepted)
	if err := settle(ctx, state, id, taken); err != nil {
		r.report.Doubt += len(b.entries)
		return nil, nil, fmt.Errorf("%d records were sent, and the answer could not be noted: %w: %w", len(b.entries), ErrDoubt, err)
	}
	r.report.Accepted += len(taken.entries)
	r.report.Bytes += int64(taken.bytes)
	r.show()
	if errors.Is(putErr, ErrRefused) {
		return nil, nil, putErr
	}
	reason = putErr
	for _, err := range results {
		if err != nil {
			reason = err
		}
	}
	return b.only(func(n int) bool { return !accepted(n) }), reason, nil
}

func (r *Replay) show() {
	if r.Progress != nil {
		r.Progress(r.report)
	}
}

// claim notes that the entries of a batch are about to be sent. It returns those that are free: another run may have taken others.
func claim(ctx context.Context, state *stateOf, b *batch) (claimed *batch, id string, err error) {
	id = rand.Text()
	at := time.Now().UTC()
	err = state.update(ctx, func(s *objectState) bool {
		claimed = b.only(func(n int) bool { return s.free(b.entries[n]) })
		if len(claimed.entries) == 0 {
			return false
		}
		s.Sent = append(s.Sent, batchState{id, at, claimed.ranges()})
		return true
	})
	return claimed, id, err
}

// settle notes which entries of a batch Firehose accepted. The others are free again.
func settle(ctx context.Context, state *stateOf, id string, accepted *batch) error {
	return state.update(ctx, func(s *objectState) bool {
		for _, i := range accepted.entries {
			s.Accepted = s.Accepted.with(i)
		}
		var sent []batchState
		for _, b := range s.Sent {
			if b.ID != id {
				sent = append(sent, b)
			}
		}
		s.Sent = sent
		return true
	})
}

var errChanged = errors.New("the object has changed since a part of it was sent")

// check notes the object's content, or compares it with what the state says.
func (r *stateOf) check(ctx context.Context, storage Storage, o Object) error {
	content, err := storage.Content(ctx, o)
	if err != nil {
		return err
	}
	if r.state.Content != "" && r.state.Content != content {
		return errChanged
	}
	r.state.Content = content // written with the first batch
	return nil
}
