package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// State is what a receiver knows: the problems that were reported to it as open and not yet as over. It has what was reported,
// not what the rules said. So a message is always the difference between what a receiver knows and what is open now: a receiver that
// could not be reached for hours then gets one message, not one for each run.
type State struct {
	Version int `json:"version"`
	// Told has each problem of a host once, ordered by host and problem.
	Told []Told `json:"told"`
	// Looked is the time of a look at the rules, at most [lookedWithin] before the newest one.
	Looked time.Time `json:"looked,omitzero"`
	// Pending is a message that was about to be sent and whose outcome is not noted.
	Pending *Message `json:"pending,omitempty"`
}

// Told is a problem as a receiver knows it.
type Told struct {
	Problem Problem `json:"problem"`
	// At is the time of the newest message about it.
	At time.Time `json:"at"`
}

const (
	stateVersion = 1
	// MaxTold is how many problems a state holds at most. Fleets have up to ten thousand machines, and all can be silent at once.
	MaxTold = 10_000
	// MaxStateBytes is how large a state can be. A larger one could not be read, and nobody would be told anything any more.
	MaxStateBytes = 32 << 20
	// maxToldBytes is how large the problems of a state can be. A pending message may name each of them again, besides as many new ones
	// as replace those that are over. That is three times as much; the rest is for culprits that are longer than before.
	maxToldBytes = MaxStateBytes / 4
)

// lookedWithin is how often a state is written although nothing changed.
const lookedWithin = time.Hour

// KnownSince is what [Ask] needs so that a machine which fell silent while no rules ran is reported. The zero time means that the rules ran all
// the time.
func (t *Turn) KnownSince(at time.Time) time.Time {
	switch since := at.Sub(t.state.Looked); {
	case since < 2*lookedWithin:
		return time.Time{}
	case since < panels.ForgetAfter-lookedWithin:
		return t.state.Looked.Add(-lookedWithin) // samples may have been on their way
	}
	return at.Add(-panels.ForgetAfter)
}

// size is how many bytes a problem takes in a state.
func (p Problem) size() int {
	content, _ := encode(Told{Problem: p, At: p.Since}) // plain data can be encoded
	return len(content)
}

// encode writes JSON. It does not escape what is special only in HTML, which would make some texts six times as long.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// ErrNewer says that a newer version of the program wrote a state.
var ErrNewer = errors.New("a newer version wrote it")

// errDamaged says that a state cannot be read.
var errDamaged = errors.New("it cannot be read")

// readState reads a state. It fails with [ErrNewer] or errDamaged.
func readState(content []byte) (State, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(content, &head); err != nil {
		return State{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	switch {
	case head.Version > stateVersion:
		return State{}, fmt.Errorf("%w: it is of version %d, and this program knows version %d; use the newer program, or remove the state and "+
			"get all problems told again", ErrNewer, head.Version, stateVersion)
	case head.Version < 1:
		return State{}, fmt.Errorf("%w: it has no version", errDamaged)
	}
	var s State
	if err := json.Unmarshal(content, &s); err != nil {
		return State{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	slices.SortFunc(s.Told, func(a, b Told) int { return byKey(a.Problem, b.Problem) })
	return s, nil
}

func (s State) bytes() ([]byte, error) {
	s.Version = stateVersion
	if s.Told == nil {
		s.Told = []Told{}
	}
	return encode(s)
}

// after returns the state once the receiver knows a message.
func (s State) after(m *Message) State {
	told := map[key]Told{}
	for _, t := range s.Told {
		told[keyOf(t.Problem)] = t
	}
	for _, c := range m.Changes {
		if c.Event.ends() {
			delete(told, keyOf(c.Problem))
		} else {
			told[keyOf(c.Problem)] = Told{Problem: c.Problem, At: m.At}
		}
	}
	next := State{Told: make([]Told, 0, len(told)), Looked: m.At}
	for _, t := range told {
		next.Told = append(next.Told, t)
	}
	slices.SortFunc(next.Told, func(a, b Told) int { return byKey(a.Problem, b.Problem) })
	return next
}

// key says which problem of which host.
type key struct{ host, problem string }

func keyOf(p Problem) key { return key{p.Host, p.Name} }

func byKey(a, b Problem) int {
	if c := strings.Compare(a.Host, b.Host); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}
