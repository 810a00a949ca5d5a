// Package program has what all programs of this repository share: exit codes, the form of errors and the version. A script can
// therefore treat all of them in the same way. It does not parse command lines.
package program

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// The exit codes.
const (
	OK      = 0
	Failed  = 1
	Refused = 2
)

// ExitCodes is the sentence about exit codes in the help of each program.
const ExitCodes = "Exit codes: 0 if all is well, 2 if the command line or a setting is refused, 1 if anything else fails."

// refusal is an error in the command line or a setting.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// Refuse marks an error of the command line or of a setting, so that the exit code is [Refused]. It returns nil for nil.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

// Refusef is [fmt.Errorf] for an error in the command line or a setting.
func Refusef(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

// Exit writes an error to stderr and returns the exit code. It puts the program's name before each line, because each line of an error
// is a problem of its own.
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

// Beside returns how a person starts another program of this repository, who started this one as arg0:
// bin/dashboard beside bin/local.
func Beside(arg0, name string) string {
	dir, _ := filepath.Split(arg0) // "" if the shell found this program in PATH
	return dir + name
}
