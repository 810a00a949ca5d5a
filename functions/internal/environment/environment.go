// Package environment reads the environment variables of a Lambda function. The stack sets them.
package environment

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"
)

// Reader reads variables and collects what is wrong with them, one problem for each variable.
type Reader struct {
	lookup   func(name string) string
	problems []error
}

// New returns a reader. lookup returns the value of a variable, as os.Getenv does.
func New(lookup func(name string) string) *Reader { return &Reader{lookup: lookup} }

// Err returns what is wrong, in the order of reading, or nil.
func (r *Reader) Err() error { return errors.Join(r.problems...) }

func (r *Reader) wrong(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// Text returns the value of a variable, which must be set.
func (r *Reader) Text(name string) string {
	v := r.lookup(name)
	if v == "" {
		r.wrong("%s is not set; the stack sets it", name)
	}
	return v
}

// Duration returns a duration such as 15m.
func (r *Reader) Duration(name string) time.Duration {
	v := r.Text(name)
	if v == "" {
		return 0
	}
	d, err := time.ParseDuration(v)
	if err != nil {
		r.wrong("%s: %w", name, err)
	}
	return d
}

// Days returns a number of days, 0 or more.
func (r *Reader) Days(name string) int {
	v := r.Text(name)
	if v == "" {
		return 0
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		r.wrong("%s=%q: want a number of days", name, v)
	}
	return n
}

// Log returns the function's log. LOG_LEVEL must be set.
func (r *Reader) Log() *slog.Logger {
	log, err := Log(r.Text("LOG_LEVEL"))
	if err != nil {
		r.problems = append(r.problems, err)
	}
	return log
}

// Log returns the log of a function. level is the value of LOG_LEVEL: DEBUG, INFO, WARN or ERROR; empty means INFO.
func Log(level string) (*slog.Logger, error) {
	var l slog.Level
	var err error
	if level != "" {
		err = l.UnmarshalText([]byte(level))
	}
	if err != nil {
		err = fmt.Errorf("LOG_LEVEL=%q: want DEBUG, INFO, WARN or ERROR: %w", level, err)
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l})), err
}
