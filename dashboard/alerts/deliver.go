package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/versioned"
)

// Store keeps the state of one receiver.
type Store interface {
	// Load returns the state and its version. Both are empty if there is none.
	Load(ctx context.Context) (content []byte, version string, err error)
	// Save replaces the state of that version, durably, and returns the new version. An empty version means that there is no state. It
	// fails with [ErrConflict] if the state has another version.
	Save(ctx context.Context, content []byte, version string) (string, error)
}

// Receiver gets messages.
type Receiver interface {
	// Send sends a message. It fails with [ErrRefused] if the receiver has certainly not taken the message and would not take it if it
	// were sent again. After any other error the receiver may have taken it.
	Send(ctx context.Context, m Message) error
}

var (
	// ErrConflict says that somebody else wrote the state.
	ErrConflict = versioned.ErrConflict
	// ErrRefused says that a receiver does not take a message.
	ErrRefused = errors.New("the receiver refuses the message")
	// ErrBusy says that another run sends a message right now.
	ErrBusy = errors.New("another run is sending a message")
)

// Delivery reports to one receiver what changed. The order is:
//
//  1. Note in the state that a message is about to be sent.
//  2. Send it.
//  3. Note in the state what the receiver knows now.
//
// If the process dies before step 2, the next run sends the message. If it dies between steps 2 and 3, the next run sends the message
// again, with the same id and content. So no message is lost, and at most one is sent twice. A receiver that knows the id can drop the copy.
type Delivery struct {
	Store    Store
	Receiver Receiver
	// Lease is how long another run may be sending a message. It is 0 if the store is this process's alone.
	Lease time.Duration
	// Log gets what a person should know, although the run goes on.
	Log *slog.Logger
}

// noteWithin is how long it may take to note what became of a message.
const noteWithin = 10 * time.Second

// Turn is a run of a delivery whose pending message, if there was one, is sent.
type Turn struct {
	d       Delivery
	state   State
	version string
	first   bool // the receiver knows nothing yet
}

// Begin reads the state and sends the message that a former run left. It fails with [ErrBusy] if that run may still be sending it.
func (d Delivery) Begin(ctx context.Context, at time.Time) (*Turn, error) {
	content, version, err := d.Store.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the state of alerts: %w", err)
	}
	t := &Turn{d: d, version: version, first: len(content) == 0}
	if t.first {
		return t, nil
	}
	t.state, err = readState(content)
	switch {
	case errors.Is(err, errDamaged):
		// It is better to report problems twice than not at all.
		d.Log.Error("the state of alerts is replaced; problems that were reported before are reported again", slog.Any("error", err))
		t.state, t.first = State{}, true
	case err != nil:
		return nil, fmt.Errorf("read the state of alerts: %w", err)
	}
	m := t.state.Pending
	if m == nil {
		return t, nil
	}
	if since := at.Sub(m.Tried); since >= 0 && since < d.Lease {
		return nil, ErrBusy
	}
	again := *m
	again.Tried = at
	return t, t.send(ctx, &again)
}

// Tell sends what changed, if anything did. It returns the message.
func (t *Turn) Tell(ctx context.Context, now Now) (*Message, error) {
	m := t.state.next(now, t.first)
	if m == nil {
		if !t.first && now.At.Sub(t.state.Looked) < lookedWithin {
			return nil, nil
		}
		next := t.state
		next.Looked = now.At
		return nil, t.save(ctx, next) // also so that the next message is not the first
	}
	m.Tried = now.At
	return m, t.send(ctx, m)
}

func (t *Turn) send(ctx context.Context, m *Message) error {
	pending := t.state
	pending.Pending = m
	if err := t.save(ctx, pending); err != nil {
		return err
	}
	err := t.d.Receiver.Send(ctx, *m)
	// The outcome is noted even if the run was asked to end meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	switch {
	case errors.Is(err, ErrRefused):
		// The next run makes a message of what is open then.
		pending.Pending = nil
		return errors.Join(err, t.save(ctx, pending))
	case err != nil:
		return err
	}
	if err := t.save(ctx, t.state.after(m)); err != nil {
		return fmt.Errorf("message %s was sent, and will be sent again because this could not be noted: %w", m.ID, err)
	}
	return nil
}

func (t *Turn) save(ctx context.Context, s State) error {
	content, err := s.bytes()
	if err != nil {
		return fmt.Errorf("write the state of alerts: %w", err)
	}
	version, err := t.d.Store.Save(ctx, content, t.version)
	if errors.Is(err, ErrConflict) {
		return ErrBusy
	}
	if err != nil {
		return fmt.Errorf("write the state of alerts: %w", err)
	}
	t.state, t.version = s, version
	return nil
}
