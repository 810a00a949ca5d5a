package failed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// objectState is what is known about an object of which records were sent.
type objectState struct {
	Version int    `json:"version"`
	Object  string `json:"object"`
	// Content identifies the object's content. The numbers of the entries are true only for it.
	Content string `json:"content"`
	// Accepted are the entries that Firehose accepted.
	Accepted ranges `json:"accepted,omitempty"`
	// Skipped are the entries in doubt that a person decided not to send, or that were found to have arrived.
	Skipped ranges `json:"skipped,omitempty"`
	// Sent are the batches that were sent, or were about to be, and whose outcome is not noted.
	Sent []batchState `json:"sent,omitempty"`
}

type batchState struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Entries ranges    `json:"entries"`
}

const stateVersion = 1

// done reports whether nothing is to be done for an entry.
func (s *objectState) done(i int) bool { return s.Accepted.has(i) || s.Skipped.has(i) }

// doubt returns the batch that left an entry in doubt.
func (s *objectState) doubt(i int) (batchState, bool) {
	for _, b := range s.Sent {
		if b.Entries.has(i) {
			return b, true
		}
	}
	return batchState{}, false
}

func (s *objectState) free(i int) bool {
	_, doubt := s.doubt(i)
	return !doubt && !s.done(i)
}

// clone returns a copy of which the fields can be replaced.
func (s *objectState) clone() objectState {
	c := *s
	c.Sent = slices.Clone(s.Sent)
	return c
}

// release removes entries from the batches whose outcome is not noted.
func (s *objectState) release(entries ranges) {
	var sent []batchState
	for _, b := range s.Sent {
		var left ranges
		for _, pair := range b.Entries {
			for i := pair[0]; i <= pair[1]; i++ {
				if !entries.has(i) {
					left = left.with(i)
				}
			}
		}
		if len(left) > 0 {
			sent = append(sent, batchState{b.ID, b.At, left})
		}
	}
	s.Sent = sent
}

// stateOf is the state of an object in the storage.
type stateOf struct {
	storage Storage
	key     string
	version string // empty if the storage has none
	state   objectState
}

// load reads the state of an object. exists says whether the storage has one.
func load(ctx context.Context, storage Storage, o Object, exists bool) (*stateOf, error) {
	r := &stateOf{storage: storage, key: o.stateKey(), state: objectState{Version: stateVersion, Object: o.Key}}
	if !exists {
		return r, nil
	}
	return r, r.reload(ctx)
}

func (r *stateOf) reload(ctx context.Context) error {
	content, version, err := r.storage.Get(ctx, r.key)
	if err != nil {
		return err
	}
	var s objectState
	if err := json.Unmarshal(content, &s); err != nil {
		return fmt.Errorf("the state %s is not readable; it says which records of %s were sent, so restore it from a backup; remove it only if no record was sent: %w",
			r.key, r.state.Object, err)
	}
	if s.Version != stateVersion || s.Object != r.state.Object {
		return fmt.Errorf("the state %s is of version %d for object %q, want version %d for %q; another version of dashboard wrote it",
			r.key, s.Version, s.Object, stateVersion, r.state.Object)
	}
	r.state, r.version = s, version
	return nil
}

// updates is how often a change is tried if others write the state meanwhile.
const updates = 20

// update changes the state in the storage. The change may run several times, each time on the newest state. If it returns false, nothing
// is written.
func (r *stateOf) update(ctx context.Context, change func(*objectState) bool) error {
	for range updates {
		next := r.state.clone()
		if !change(&next) {
			return nil
		}
		content, err := json.Marshal(next)
		if err != nil {
			return err
		}
		version, err := r.storage.Put(ctx, r.key, content, r.version)
		if err == nil {
			r.state, r.version = next, version
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := r.reload(ctx); err != nil {
			return err
		}
		if same(r.state, next) { // an earlier attempt wrote it, and its answer was lost
			return nil
		}
	}
	return fmt.Errorf("write %s: others have written it %d times meanwhile; run again when no other replay runs", r.key, updates)
}

func same(a, b objectState) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
