package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Message reports to a receiver all that changed up to one run of the rules. So an outage of many hosts is one message too. It holds all changes. What people read of it has a bounded length.
type Message struct {
	// ID is the same whenever the message is sent again, so that a receiver can drop a copy.
	ID string `json:"id"`
	// At is the time of the run.
	At time.Time `json:"at"`
	// First says that the receiver knew nothing before: the message lists all open problems, not new ones.
	First bool `json:"first,omitempty"`
	// Changes are ordered by event and urgency.
	Changes []Change `json:"changes"`
	// Untracked is how many further problems are open for which the state has no room.
	Untracked int `json:"untracked,omitempty"`
	// Tried is when the newest attempt to send it began.
	Tried time.Time `json:"tried"`
}

// Change is an event of one problem.
type Change struct {
	Event   Event   `json:"event"`
	Problem Problem `json:"problem"`
}

// urgent reports whether the problem is critical and goes on.
func (c Change) urgent() bool { return c.Problem.Severity >= Critical && !c.Event.ends() }

// counts returns how many changes there are of each event.
func (m Message) counts() map[Event]int {
	counts := map[Event]int{}
	for _, c := range m.Changes {
		counts[c.Event]++
	}
	return counts
}

// Event is what happened to a problem.
type Event string

// The events, in the order in which a message lists them.
const (
	Raised    Event = "raised"
	Escalated Event = "escalated" // from a warning to critical
	Repeated  Event = "repeated"  // it goes on
	Resolved  Event = "resolved"
	Forgotten Event = "forgotten" // the host is silent for so long that it is not watched any more
)

var events = []Event{Raised, Escalated, Repeated, Resolved, Forgotten}

func (e Event) order() int { return slices.Index(events, e) }

// ends reports whether the problem is over for the receiver.
func (e Event) ends() bool { return e == Resolved || e == Forgotten }

// add adds a change. It leaves out the fields of the problem that only decide whether it is reported.
func (m *Message) add(e Event, p Problem) {
	p.Routine, p.Muted, p.MutedUntil, p.MuteReason = false, false, time.Time{}, ""
	m.Changes = append(m.Changes, Change{e, p})
}

// id identifies the message by its content.
func (m *Message) id() string {
	content, _ := json.Marshal(struct {
		At      time.Time
		Changes []Change
	}{m.At, m.Changes}) // plain data can be encoded
	sum := sha256.Sum256(content)
	return "msg_" + hex.EncodeToString(sum[:12])
}

// Severity is that of the worst problem that goes on. If all problems of the message are over, it is [Warning].
func (m Message) Severity() Severity {
	if slices.ContainsFunc(m.Changes, Change.urgent) {
		return Critical
	}
	return Warning
}
