package failed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Found is a record that was chosen.
type Found struct {
	Object Object
	Entry  Entry
	Sample Sample
	// Doubt is set if it is not known whether Firehose accepted the record.
	Doubt bool
}

// Walk calls each for the records of the selection that were not accepted yet, and for unreadable parts of the objects, in order. An
// object that is moved meanwhile is left out.
func Walk(ctx context.Context, storage Storage, s Selection, each func(Found) error) error {
	return walk(ctx, storage, func(o Object, state *stateOf) error {
		return entries(ctx, storage, o, func(e Entry) error {
			if state.state.done(e.Index) {
				return nil
			}
			sample := first(e.Data)
			if !s.has(o, e, sample.Host) {
				return nil
			}
			_, doubt := state.state.doubt(e.Index)
			return each(Found{o, e, sample, doubt})
		})
	})
}

// walk calls each for the objects below errors/, with what is known about them.
func walk(ctx context.Context, storage Storage, each func(Object, *stateOf) error) error {
	known := map[string]bool{}
	if err := storage.List(ctx, states, func(o Object) error { known[o.Key] = true; return nil }); err != nil {
		return err
	}
	return storage.List(ctx, Errors, func(o Object) error {
		state, err := load(ctx, storage, o, known[o.stateKey()])
		if err != nil {
			return err
		}
		if err := each(o, state); !errors.Is(err, ErrGone) {
			return err
		}
		return nil
	})
}

// entries calls each for the entries of an object.
func entries(ctx context.Context, storage Storage, o Object, each func(Entry) error) (err error) {
	r, err := Open(ctx, storage, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
}

// Find returns one entry of an object below errors/ or replayed/.
func Find(ctx context.Context, storage Storage, key string, index int) (Found, error) {
	found := Found{Entry: Entry{Index: -1}}
	there := false
	err := storage.List(ctx, key, func(o Object) error {
		if o.Key != key {
			return nil
		}
		there = true
		err := entries(ctx, storage, o, func(e Entry) error {
			if e.Index == index {
				found.Object, found.Entry, found.Sample = o, e, first(e.Data)
				return errFound
			}
			return nil
		})
		if errors.Is(err, errFound) {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return found, err
	case !there:
		return found, fmt.Errorf("there is no object %s; dashboard failed ls names examples", key)
	case found.Entry.Index < 0:
		return found, fmt.Errorf("the object %s has no record %d", key, index)
	}
	return found, nil
}

var errFound = errors.New("found")

// Type is what Firehose calls the kind of failure, such as processing-failed.
func (f Found) Type() string { return f.Object.errorType() }

// Arrival is when Firehose received the record. If the entry does not say it, it is when the object was written.
func (f Found) Arrival() time.Time { return arrivalOf(f.Object, f.Entry) }

// Name names the record for people and for [Find].
func (f Found) Name() string { return f.Object.Key + "#" + strconv.Itoa(f.Entry.Index) }
