package failed

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// What to do about the records in doubt.
const (
	// Keep leaves them as they are.
	Keep = "keep"
	// Check asks the lake. A record whose first sample is there has arrived. If it is not there a day later, and Firehose has not given
	// it up again, Firehose never accepted it: it is sent again.
	Check = "check"
	// Resend sends them again. Those that Firehose had accepted arrive twice.
	Resend = "resend"
	// Skip never sends them. Those that Firehose had not accepted do not arrive.
	Skip = "skip"
)

const (
	// aliveFor is how long another run may still be at work on a batch that it noted: twice the longest request, and a clock that is
	// minutes off.
	aliveFor = 10 * time.Minute
	// lateAfter is when a record that Firehose accepted has been delivered or given up: Firehose keeps records for 24 hours (Firehose
	// developer guide, "Amazon Data Firehose Quota").
	lateAfter = 25 * time.Hour
)

// Doubts settles records in doubt.
type Doubts struct {
	Storage Storage
	// Exclusive says that no other run is at work, so that the batch of any other run is one of a run that died.
	Exclusive bool
	Now       time.Time
	// Delivered returns which of the samples are in the lake. It is needed for [Check].
	Delivered func(ctx context.Context, samples []Sample) (map[SampleID]bool, error)
}

// SampleID identifies a sample.
type SampleID struct {
	Session string
	Seq     int64
}

// ID returns what identifies the sample.
func (s Sample) ID() SampleID { return SampleID{s.Session, s.Seq} }

// Settled counts what became of records in doubt.
type Settled struct {
	Arrived int // found in the lake, or given up by Firehose again: they are not sent
	Skipped int // not sent because a person said so
	Freed   int // sent by the next run
	Left    int // still in doubt
}

// doubtful are the records of one object that are in doubt.
type doubtful struct {
	object  Object
	state   *stateOf
	entries []Entry
	batches []batchState // of the entries
}

// Settle does about the records in doubt what how says.
func (d Doubts) Settle(ctx context.Context, how string) (Settled, error) {
	var done Settled
	if how == Keep {
		return done, nil
	}
	var all []doubtful
	err := walk(ctx, d.Storage, func(o Object, state *stateOf) error {
		if len(state.state.Sent) == 0 {
			return nil
		}
		if err := state.check(ctx, d.Storage, o); err != nil {
			return fmt.Errorf("settle %s: %w", o.Key, err)
		}
		found := doubtful{object: o, state: state}
		err := entries(ctx, d.Storage, o, func(e Entry) error {
			if b, doubt := state.state.doubt(e.Index); doubt {
				found.entries = append(found.entries, e)
				found.batches = append(found.batches, b)
			}
			return nil
		})
		all = append(all, found)
		return err
	})
	if err != nil {
		return done, err
	}
	var again map[[sha256.Size]byte]time.Time
	for _, f := range all {
		arrived, free, err := d.decide(ctx, how, f, &again)
		if err != nil {
			return done, err
		}
		err = f.state.update(ctx, func(s *objectState) bool {
			s.release(arrived)
			s.release(free)
			for _, pair := range arrived {
				for i := pair[0]; i <= pair[1]; i++ {
					s.Skipped = s.Skipped.with(i)
				}
			}
			return len(arrived) > 0 || len(free) > 0
		})
		if err != nil {
			return done, fmt.Errorf("settle %s: %w", f.object.Key, err)
		}
		if how == Skip {
			done.Skipped += arrived.count()
		} else {
			done.Arrived += arrived.count()
		}
		done.Freed += free.count()
		done.Left += len(f.entries) - arrived.count() - free.count()
	}
	return done, nil
}

// decide returns which entries need not be sent any more, and which are to be sent again.
func (d Doubts) decide(ctx context.Context, how string, f doubtful, again *map[[sha256.Size]byte]time.Time) (arrived, free ranges, err error) {
	inLake := map[SampleID]bool{}
	if how == Check {
		var samples []Sample
		for _, e := range f.entries {
			if s := first(e.Data); s.Known {
				samples = append(samples, s)
			}
		}
		if inLake, err = d.Delivered(ctx, samples); err != nil {
			return nil, nil, err
		}
	}
	for n, e := range f.entries {
		age := d.Now.Sub(f.batches[n].At)
		if !d.Exclusive && age < aliveFor { // another run may be about to note the outcome
			continue
		}
		sample := first(e.Data)
		switch {
		case how == Resend:
			free = free.with(e.Index)
		case how == Skip || sample.Known && inLake[sample.ID()]:
			arrived = arrived.with(e.Index)
		case sample.Known && age >= lateAfter:
			if *again == nil {
				if *again, err = d.newest(ctx); err != nil {
					return nil, nil, err
				}
			}
			// The same bytes, received later: Firehose accepted them and gave them up again. That copy will be sent.
			if (*again)[sha256.Sum256(e.Data)].After(arrivalOf(f.object, e)) {
				arrived = arrived.with(e.Index)
			} else {
				free = free.with(e.Index)
			}
		}
	}
	return arrived, free, nil
}

// newest returns when Firehose last received each record below errors/, by the hash of its bytes.
func (d Doubts) newest(ctx context.Context) (map[[sha256.Size]byte]time.Time, error) {
	last := map[[sha256.Size]byte]time.Time{}
	err := walk(ctx, d.Storage, func(o Object, _ *stateOf) error {
		return entries(ctx, d.Storage, o, func(e Entry) error {
			hash := sha256.Sum256(e.Data)
			if at := arrivalOf(o, e); e.Problem == nil && at.After(last[hash]) {
				last[hash] = at
			}
			return nil
		})
	})
	return last, err
}
