// Package program is what the programs of this repository have in common: exit codes, the form of errors and the version. So a
// script treats all of them alike. It parses no command line.
package program

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// The exit codes.
const (
	OK      = 0
	Failed  = 1
	Refused = 2
)

// ExitCodes is what the help of each program says of them.
const ExitCodes = "Exit codes: 0 if all is well, 2 if the command line or a setting is refused, 1 if anything else fails."

// refusal is an error in the command line or a setting.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// Refuse says that an error is one of the command line or of a setting. It returns nil for nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

// Refusef is [fmt.Errorf] for an error in the command line or a setting.
func Refusef(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

// Exit writes an error to stderr and returns the exit code of a program. Each line has the program's name in front: an error of
// several lines is several problems.
func Exit(name string, err error, stderr io.Writer) int {
	if err == nil {
		return OK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "%s: %s\n", name, strings.TrimSuffix(line, "\n"))
	}
	if errors.As(err, new(refusal)) {
		return Refused
	}
	return Failed
}
