// Package programtest tests what all programs of this repository share: exit codes, the form of errors, help, version and completion.
// Only tests import it.
package programtest

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// Main runs a program: it takes the arguments without the program's name and returns the exit code.
type Main func(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int

// Cases are command lines of a program that fail for different reasons.
type Cases struct {
	BadValue       [][]string // a flag or setting has a wrong value
	WrongArguments [][]string // an argument is missing, or there is one too many
	Failure        [][]string // the command line is right, but the command fails
}

// Test runs a program with the command lines, and with those to which all programs answer in the same way.
func Test(t *testing.T, name string, main Main, cases Cases) {
	p := tested{name, main}
	commands := p.commands(t)
	for _, command := range commands {
		p.refuses(t, "unknown flag: --xyzzy; see "+strings.Join(append([]string{name}, command...), " ")+" --help", append(slices.Clone(command), "--xyzzy")...)
		if code, stdout, stderr := p.run(t, append(slices.Clone(command), "--help")...); code != program.OK || !strings.Contains(stdout, "Usage:") || stderr != "" {
			t.Errorf("%s %v --help: exit code %d\n%s%s", name, command, code, stdout, stderr)
		}
	}
	for _, args := range slices.Concat(cases.BadValue, cases.WrongArguments) {
		p.refuses(t, "", args...)
	}
	for _, args := range cases.Failure {
		code, _, stderr := p.run(t, args...)
		p.saysErrors(t, args, stderr)
		if code != program.Failed {
			t.Errorf("%s %v: exit code %d, want %d: %s", name, args, code, program.Failed, stderr)
		}
	}
	_, help, _ := p.run(t, "--help")
	if !strings.Contains(help, program.ExitCodes) {
		t.Errorf("%s --help does not say %q:\n%s", name, program.ExitCodes, help)
	}
	code, version, stderr := p.run(t, "--version")
	if want := name + " version " + program.Build() + "\n"; code != program.OK || version != want || stderr != "" {
		t.Errorf("%s --version: exit code %d, %q, want %q; %s", name, code, version, want, stderr)
	}
	if len(commands) == 1 { // a program without commands
		p.refuses(t, "xyzzy", "xyzzy")
		return
	}
	p.refuses(t, `unknown command "xyzzy"; see `+name+" --help", "xyzzy")
	p.refuses(t, `unknown command "versio"; did you mean version?`, "versio")
	p.refuses(t, `unknown command "xyzzy"; see `+name+" --help", "help", "xyzzy")
	p.refuses(t, `unknown command "bsh"; did you mean bash?`, "completion", "bsh")
	p.refuses(t, `unknown command "more"`, "completion", "bash", "more")
	if code, stdout, stderr := p.run(t, "version"); code != program.OK || stdout != version || stderr != "" {
		t.Errorf("%s version: exit code %d, %q, %q; --version says %q", name, code, stdout, stderr, version)
	}
	if code, stdout, stderr := p.run(t, "help", "version"); code != program.OK || !strings.Contains(stdout, "Usage:") || stderr != "" {
		t.Errorf("%s help version: exit code %d\n%s%s", name, code, stdout, stderr)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, script, stderr := p.run(t, "completion", shell); code != program.OK || !strings.Contains(script, "__complete") || stderr != "" {
			t.Errorf("%s completion %s: exit code %d, %s", name, shell, code, stderr)
		}
	}
	if _, got, _ := p.run(t, "__complete", "vers"); !strings.HasPrefix(got, "version\t") {
		t.Errorf("completion of %s vers is %q", name, got)
	}
}

type tested struct {
	name string
	main Main
}

func (p tested) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if args == nil {
		args = []string{} // for nil cobra would use the arguments of the test's executable
	}
	code = p.main(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// refuses expects one line on stderr that contains want, nothing on stdout, and the exit code of a refusal.
func (p tested) refuses(t *testing.T, want string, args ...string) {
	t.Helper()
	code, stdout, stderr := p.run(t, args...)
	p.saysErrors(t, args, stderr)
	if code != program.Refused || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
		t.Errorf("%s %v: exit code %d, want %d; stdout %q; stderr %q, want one line with %q",
			p.name, args, code, program.Refused, stdout, stderr, want)
	}
}

// saysErrors expects that the last line begins with the program's name, and that the usage does not follow the error. Earlier lines may
// be of the program's log.
func (p tested) saysErrors(t *testing.T, args []string, stderr string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	if !strings.HasPrefix(lines[len(lines)-1], p.name+": ") || strings.Contains(stderr, "Usage:") {
		t.Errorf("%s %v: stderr %q, want lines that begin with %q", p.name, args, stderr, p.name+": ")
	}
}

// command matches a line in a help's list of commands.
var command = regexp.MustCompile(`(?m)^  ([a-z-]+) +[A-Z]`)

// commands returns the words of all commands that the help lists, such as [spool ls]. The first element is the program itself, without
// words.
func (p tested) commands(t *testing.T, path ...string) [][]string {
	t.Helper()
	all := [][]string{path}
	_, help, _ := p.run(t, append(slices.Clone(path), "--help")...)
	_, list, _ := strings.Cut(help, "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, found := range command.FindAllStringSubmatch(list, -1) {
		all = append(all, p.commands(t, append(slices.Clone(path), found[1])...)...)
	}
	return all
}
