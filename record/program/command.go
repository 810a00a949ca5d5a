package program

import (
	"context"
	"fmt"
	"io"
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

// FlagError adds to an error in a flag where the flags are explained. It is a root's FlagErrorFunc.
func FlagError[C named](cmd C, err error) error {
	return fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())
}
