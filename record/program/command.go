package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The types below describe *cobra.Command, which this module must not import.

// Root is a program's root command.
type Root interface {
	Name() string
	SetArgs(args []string)
	SetIn(in io.Reader)
	SetOut(out io.Writer)
	SetErr(out io.Writer)
	ExecuteContext(ctx context.Context) error
}

type named interface{ CommandPath() string }

type suggesting interface {
	named
	SuggestionsFor(typed string) []string
}

// Run runs a program's command line, given without the program's name, and returns the exit code. An error from before the command
// began to run is a refusal of the command line. preRun is the root's PersistentPreRun, which Run sets.
func Run[C any](
	ctx context.Context, root Root, preRun *func(C, []string), args []string, stdin io.Reader, stdout, stderr io.Writer,
) int {
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	began := false
	*preRun = func(C, []string) { began = true }
	err := root.ExecuteContext(ctx)
	if !began {
		err = Refuse(err)
	}
	return Exit(root.Name(), err, stderr)
}

// NoArgs refuses arguments. It is a command's Args.
func NoArgs[C named](cmd C, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes no argument, has %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// KnownCommand refuses the name of a subcommand that does not exist, and suggests a similar one. It is the Args of a command that has
// subcommands.
func KnownCommand[C suggesting](cmd C, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see " + cmd.CommandPath() + " --help"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return fmt.Errorf("unknown command %q; %s", args[0], hint)
}

// FlagError says which kind of value a flag wants, and adds where the flags are explained. It is a root's FlagErrorFunc.
func FlagError[C named](cmd C, err error) error {
	said := err.Error()
	if number := new(strconv.NumError); errors.As(err, &number) {
		want := map[string]string{"ParseInt": "a whole number", "ParseUint": "a whole number of 0 or more", "ParseFloat": "a number", "ParseBool": "true or false"}
		said = strings.Replace(said, number.Error(), "want "+want[number.Func], 1)
	}
	// Errors of time.ParseDuration have no type.
	if at := strings.Index(said, ": time: "); at >= 0 {
		said = said[:at] + ": want a duration such as 30s, 5m or 24h"
	}
	return fmt.Errorf("%s; see %s --help", said, cmd.CommandPath())
}
