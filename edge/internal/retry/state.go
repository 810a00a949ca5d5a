package retry

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// State is the health of one thing that is tried again and again. It is safe for concurrent use.
type State struct {
	log     *slog.Logger
	subject string

	mu      sync.Mutex // guards the fields below
	failing bool
	streak  int64
	total   int64
	since   time.Time
	last    Failure
}

// Failure is one failed attempt.
type Failure struct {
	Subject string    `json:"subject"`
	At      time.Time `json:"at"`
	Error   string    `json:"error"`
}

// Problem is what fails now.
type Problem struct {
	Failure            // the last one
	Since    time.Time `json:"since"`
	Failures int64     `json:"failures"` // in a row
}

// NewState returns the state of a subject that has not failed yet. The subject begins each message, as in "delivery is
// failing"; the logger's attributes say which one it is.
func NewState(log *slog.Logger, subject string) *State { return &State{log: log, subject: subject} }

// Failed counts a failure and logs it if it is the first since the last success.
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

// OK notes a success and logs it if it ends a row of failures.
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

// Failures is how many failures there were in all.
func (s *State) Failures() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total
}

// Problems are those of the states that fail now, the oldest first and never nil, and the last failure of any, now or before;
// nil if none has ever failed.
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
