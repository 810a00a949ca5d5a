package retry

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// State says whether one thing that is tried again and again fails now. It is safe for concurrent use.
type State struct {
	log     *slog.Logger
	subject string

	mu      sync.Mutex // guards the fields below
	failing bool
	streak  int64     // failures since the last success
	total   int64     // failures since the start
	since   time.Time // the first failure of the streak
	last    Failure
}

// Failure is one failed attempt.
type Failure struct {
	Subject string    `json:"subject"`
	At      time.Time `json:"at"`
	Error   string    `json:"error"`
}

// Problem is a subject that fails now.
type Problem struct {
	Failure            // the most recent one
	Since    time.Time `json:"since"`
	Failures int64     `json:"failures"` // in a row
}

// NewState returns the state of a subject that has not failed yet. The subject begins each message, as in "delivery is failing".
// The logger's attributes can tell subjects of the same name apart.
func NewState(log *slog.Logger, subject string) *State { return &State{log: log, subject: subject} }

// Failed counts a failure. It logs the first one since the last success.
func (s *State) Failed(err error, attrs ...slog.Attr) {
	s.mu.Lock()
	first := !s.failing
	s.failing = true
	s.streak++
	s.total++
	s.last = Failure{s.subject, time.Now(), err.Error()}
	if first {
		s.since = s.last.At
	}
	s.mu.Unlock()
	if first {
		attrs = append(attrs, slog.String("error", err.Error()))
		s.log.LogAttrs(context.Background(), slog.LevelWarn, s.subject+" is failing", attrs...)
	}
}

// OK notes a success. It logs the first one after a failure.
func (s *State) OK(attrs ...slog.Attr) {
	s.mu.Lock()
	streak, recovered := s.streak, s.failing
	s.failing, s.streak = false, 0
	s.mu.Unlock()
	if recovered {
		attrs = append(attrs, slog.Int64("failures", streak))
		s.log.LogAttrs(context.Background(), slog.LevelInfo, s.subject+" works again", attrs...)
	}
}

// Total returns the number of all failures since the start.
func (s *State) Total() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Problems returns the problems of the states that fail now, the oldest first and never nil. last is the most recent failure of any
// state, also of one that works again, or nil if none has failed yet.
func Problems(states ...*State) (now []Problem, last *Failure) {
	now = []Problem{}
	for _, s := range states {
		s.mu.Lock()
		if s.failing {
			now = append(now, Problem{s.last, s.since, s.streak})
		}
		if failure := s.last; !failure.At.IsZero() && (last == nil || failure.At.After(last.At)) {
			last = &failure
		}
		s.mu.Unlock()
	}
	slices.SortStableFunc(now, func(a, b Problem) int { return cmp.Compare(a.Since.UnixNano(), b.Since.UnixNano()) })
	return now, last
}
