package alerts

import (
	"cmp"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Now has the problems that are open at a moment, by the rules.
type Now struct {
	At       time.Time
	Problems []Problem
	// Heard has the time of the newest sample of each host that sent one within the time that the rules look at. A host that is not in
	// it is silent, even if no problem says so: its silence may have begun before that time.
	Heard map[string]time.Time
	// Quiet has the hosts whose newest sample is too old to say how they are now. An operator may have changed the rule [panels.Silent], so
	// that it calls only a longer silence a problem.
	Quiet map[string]bool
}

const (
	// RepeatEvery is how often a receiver is reminded of a problem that goes on.
	RepeatEvery = 4 * time.Hour
	// joinAfter is the age at which a problem joins the reminder of another one. So the reminders of problems that began at different
	// times become one message.
	joinAfter = RepeatEvery / 2
	// ahead is how far a time may be in the future. Times that are further come from a clock that was wrong.
	ahead = 5 * time.Minute
)

// next returns the message that brings a receiver from what it knows to the problems that are open now, or nil if there is nothing to say. The state has
// no pending message.
//
//   - A problem that the receiver does not know is raised, unless it is muted or routine.
//   - A known problem escalates if it was a warning and is critical now. If it is a warning again, nothing is said: a value about the
//     threshold would send a message each time.
//   - A known problem that goes on is repeated after [RepeatEvery].
//   - A known problem that is not open any more is resolved. This is also said while it is muted, so that the receiver can close it.
//   - Nothing is known about a host that is silent or quiet, so its other problems are neither resolved nor repeated.
//   - A host that is silent for [panels.ForgetAfter] is forgotten, with all of its problems. If no host sent a sample, no host
//     is forgotten: the clock may be wrong.
func (s State) next(now Now, first bool) *Message {
	m := &Message{At: now.At.UTC().Truncate(time.Millisecond), First: first}
	standing := map[key]Problem{}
	for _, p := range now.Problems {
		p = p.bounded()
		if old, twice := standing[keyOf(p)]; !twice || p.Severity > old.Severity {
			standing[keyOf(p)] = p
		}
	}
	heard, quiet := make(map[string]time.Time, len(now.Heard)), make(map[string]bool, len(now.Quiet))
	for host, at := range now.Heard {
		heard[hostLine(host)] = at // as in the problems
	}
	for host := range now.Quiet {
		quiet[hostLine(host)] = true
	}
	now.Heard, now.Quiet = heard, quiet
	silent := s.silent(now, standing)
	known := map[key]bool{}
	var waiting []Told // known problems that go on
	for _, t := range s.Told {
		k := keyOf(t.Problem)
		known[k] = true
		p, stands := standing[k]
		if stands {
			p = continued(t.Problem, p)
		} else {
			p = t.Problem
		}
		since, isSilent := silent[p.Host]
		switch {
		case isSilent && now.At.Sub(since) > panels.ForgetAfter && len(now.Heard) > 0:
			m.add(Forgotten, p)
		case isSilent && p.Name != panels.Silent:
		case isSilent && !stands:
			p.Value = now.At.Sub(since).Seconds()
			waiting = append(waiting, Told{p, t.At})
		case !stands && now.Quiet[p.Host] && p.Name != panels.Silent:
		case !stands:
			m.add(Resolved, p)
		case p.Muted:
		case p.Severity > t.Problem.Severity:
			m.add(Escalated, p)
		default:
			waiting = append(waiting, Told{p, t.At})
		}
	}
	s.raise(m, standing, known)
	remind(m, waiting)
	if len(m.Changes) == 0 {
		return nil
	}
	slices.SortStableFunc(m.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Event.order(), b.Event.order()), byUrgency(a.Problem, b.Problem))
	})
	m.ID = m.id()
	return m
}

// raise adds the problems that the receiver does not know, the most urgent first, as far as there is room for them in the state.
func (s State) raise(m *Message, standing map[key]Problem, known map[key]bool) {
	var fresh []Problem
	for k, p := range standing {
		if !known[k] && !p.Muted && !p.Routine {
			fresh = append(fresh, p)
		}
	}
	slices.SortFunc(fresh, byUrgency)
	room, bytes := MaxTold-len(s.Told), maxToldBytes
	for _, t := range s.Told {
		bytes -= t.Problem.size()
	}
	for _, c := range m.Changes {
		if c.Event.ends() {
			room, bytes = room+1, bytes+c.Problem.size()
		}
	}
	for i, p := range fresh {
		room, bytes = room-1, bytes-p.size()
		if room < 0 || bytes < 0 {
			m.Untracked = len(fresh) - i
			return
		}
		m.add(Raised, p)
	}
}

// remind adds the problems whose reminder is due.
func remind(m *Message, waiting []Told) {
	age := func(t Told) time.Duration {
		if t.At.After(m.At.Add(ahead)) { // a clock was wrong
			return RepeatEvery
		}
		return m.At.Sub(t.At)
	}
	if !slices.ContainsFunc(waiting, func(t Told) bool { return age(t) >= RepeatEvery }) {
		return
	}
	for _, t := range waiting {
		if age(t) >= joinAfter {
			m.add(Repeated, t.Problem)
		}
	}
}

// silent returns since when each silent host is silent. A host is silent if the rules say so, or if it sent nothing in the time that the
// rules read.
func (s State) silent(now Now, standing map[key]Problem) map[string]time.Time {
	silent := map[string]time.Time{}
	for _, t := range s.Told {
		host := t.Problem.Host
		if _, heard := now.Heard[host]; heard {
			continue
		}
		switch _, known := silent[host]; {
		case t.Problem.Name == panels.Silent:
			silent[host] = t.Problem.Since
		case !known: // its newest sample is older than the rules look back, and was there at the newest message
			silent[host] = t.At
		}
	}
	for k, p := range standing {
		if k.problem == panels.Silent {
			silent[k.host] = p.Since
		}
	}
	return silent
}

// continued returns a problem that goes on as the receiver should know it: since the earliest known time, because the rules look back
// only so far. Of a silence they know exactly when it began.
func continued(told, now Problem) Problem {
	if now.Name != panels.Silent && told.Since.Before(now.Since) {
		now.Since, now.UnknownSince = told.Since, told.UnknownSince
	}
	return now
}

// byUrgency orders critical problems before warnings, then older before newer ones.
func byUrgency(a, b Problem) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Since.Compare(b.Since), byKey(a, b))
}
