package alerts

import (
	"encoding/json"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Document is a message for programs, as JSON.
type Document struct {
	// Version is 1. Later versions may have further fields.
	Version int `json:"version"`
	// ID is the same if the message is sent again.
	ID string `json:"id"`
	// At is the time of the run of the rules, RFC 3339 in UTC.
	At time.Time `json:"at"`
	// Source names where the samples are, such as the stack.
	Source string `json:"source"`
	// Summary is the message in one line.
	Summary string `json:"summary"`
	// First says that the receiver got no message before: the raised problems are all open ones, not only new ones.
	First   bool             `json:"first"`
	Changes []DocumentChange `json:"changes"`
	// LeftOut is how many changes are not listed because there are too many.
	LeftOut int `json:"left_out"`
}

// DocumentChange is a change in a [Document].
type DocumentChange struct {
	// Event is raised, escalated, repeated, resolved or forgotten.
	Event Event  `json:"event"`
	Host  string `json:"host"`
	// Machine is the hash of the machine's id, which tells machines with one host name apart.
	Machine string `json:"machine_id,omitempty"`
	Env     string `json:"env,omitempty"`
	Role    string `json:"role,omitempty"`
	// Problem is the rule's name.
	Problem string `json:"problem"`
	// Severity is warning or critical.
	Severity string `json:"severity"`
	// Culprit is what the problem comes from, such as a process or a mount; absent if it is not known.
	Culprit string `json:"culprit,omitempty"`
	// Value is in Unit: of the newest minutes if the problem goes on, otherwise as of the newest message before.
	Value     float64     `json:"value"`
	Threshold float64     `json:"threshold,omitempty"`
	Unit      panels.Unit `json:"unit"`
	// Since is when the problem began. If SinceBefore is true, it began before that.
	Since       time.Time `json:"since"`
	SinceBefore bool      `json:"since_before,omitempty"`
	// Link is the address of the page about the host at the time of the problem; absent if there is no page.
	Link string `json:"link,omitempty"`
}

// Document writes a message for programs, in at most limit bytes. It leaves out the least urgent changes if there are too many.
func (m Message) Document(c Context, limit int) []byte {
	d := Document{
		Version: 1, ID: m.ID, At: m.At, Source: c.Source, Summary: m.Subject(), First: m.First, LeftOut: m.Untracked,
		Changes: make([]DocumentChange, 0, len(m.Changes)),
	}
	head, _ := json.Marshal(d) // plain data can be encoded
	size := len(head) + len("10000")
	for i, change := range m.Changes {
		p := change.Problem
		one := DocumentChange{
			Event: change.Event, Host: p.Host, Machine: p.Machine, Env: p.Env, Role: p.Role, Problem: p.Name, Severity: p.Severity.String(), Culprit: p.Culprit,
			Value: p.Value, Threshold: p.Threshold, Unit: p.Unit, Since: p.Since.UTC(), SinceBefore: p.UnknownSince, Link: Link(c.Page, p, m.At),
		}
		text, _ := json.Marshal(one)
		if size += len(text) + 1; size > limit {
			d.LeftOut += len(m.Changes) - i
			break
		}
		d.Changes = append(d.Changes, one)
	}
	content, _ := json.Marshal(d)
	return content
}
