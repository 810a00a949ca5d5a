package e2e

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// notOurs are the flags of other programs that the documents name alone.
var notOurs = map[string]string{
	"--cli-binary-format": "the AWS CLI, version 2",
	"--no-rollback":       "the CDK's CLI",
	"--update-env":        "the Python predecessor",
}

// onWindows are the commands that only edge for Windows has, and their flags (edge/internal/cli/service_windows.go).
var onWindows = map[string][]string{
	"edge service": {}, "edge service install": {"--account"}, "edge service remove": {}, "edge service start": {}, "edge service stop": {},
}

// exists says what is there.
type exists struct {
	repository fs.FS
	makefile   string
	settings   []string            // of the stack
	outputs    []string            // of the stack
	flags      map[string][]string // of each command, such as "edge spool ls"
	tests      string              // the text of all tests
}

// check calls refuse for each name in a piece of code that is not there.
func (e *exists) check(text string, refuse func(format string, args ...any)) {
	for _, found := range regexp.MustCompile(`-c (\w+)=`).FindAllStringSubmatch(text, -1) {
		if found[1] != "key" && !slices.Contains(e.settings, found[1]) {
			refuse("%s is not a setting of the stack", found[1])
		}
	}
	if test := regexp.MustCompile(`^(?:\w+\.)?((?:Test|Benchmark|Fuzz)[A-Z]\w*)$`).FindStringSubmatch(text); test != nil &&
		!strings.Contains(e.tests, "func "+test[1]+"(") {
		refuse("there is no test %s", test[1])
	}
	if p := regexp.MustCompile(`^(?:edge|cdk|local|dashboard|functions|record|release|docs|\.ci|\.github)/[\w./-]*$`).FindString(text); p != "" {
		if _, err := fs.Stat(e.repository, path.Clean(p)); err != nil {
			refuse("%v", err)
		}
	}
	words := strings.Fields(text)
	if len(words) > 1 && words[0] == "sudo" {
		words = words[1:]
	}
	program := regexp.MustCompile(`^(?:bin/|\.\\)?(edge|local|dashboard)(?:\.exe)?$`).FindStringSubmatch(words[0])
	switch {
	case words[0] == "make":
		for _, word := range words[1:] {
			if variable, _, assigned := strings.Cut(word, "="); assigned {
				if !strings.Contains(e.makefile, "$("+variable) {
					refuse("the Makefile does not use %s", variable)
				}
			} else if !strings.Contains(e.makefile, "\n"+word+":") {
				refuse("the Makefile has no target %s", word)
			}
		}
	case program != nil:
		e.command(program[1], words[1:], refuse)
	case strings.HasPrefix(text, "--"):
		flag, _, _ := strings.Cut(words[0], "=")
		for _, flags := range e.flags {
			if slices.Contains(flags, flag) {
				return
			}
		}
		if notOurs[flag] == "" {
			refuse("no program has the flag %s", flag)
		}
	}
}

// command checks the words after the name of one of our programs.
func (e *exists) command(program string, words []string, refuse func(format string, args ...any)) {
	command := program
	for len(words) > 0 {
		next := strings.Split(words[0], "|") // edge spool ls|cat|verify
		if e.flags[command+" "+next[0]] == nil {
			break
		}
		for _, other := range next[1:] {
			if e.flags[command+" "+other] == nil {
				refuse("there is no command %s %s", command, other)
			}
		}
		command, words = command+" "+next[0], words[1:]
	}
	if len(words) > 0 && program != "dashboard" && command == program && regexp.MustCompile(`^[a-z]+$`).MatchString(words[0]) {
		refuse("there is no command %s %s", program, words[0])
	}
	for n, word := range words {
		switch flag, _, _ := strings.Cut(strings.Trim(word, "[]"), "="); {
		case word == "|" || word == ">":
			return
		case word == "--" && command == "edge service install": // what the service runs
			e.command("edge run", words[n+1:], refuse)
			return
		case strings.HasPrefix(flag, "--") && !slices.Contains(e.flags[command], flag):
			refuse("%s has no flag %s", command, flag)
		}
	}
}

// TestDocumentsNameWhatExists: commands, flags, targets of make, settings and outputs of the stack, paths and tests that the documents name.
// It also looks at commands that no test can run.
func TestDocumentsNameWhatExists(t *testing.T) {
	read := func(parts ...string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(append([]string{repository}, parts...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	e := exists{repository: os.DirFS(repository), makefile: read("Makefile"), flags: map[string][]string{}}
	for _, key := range regexp.MustCompile(`key: "(\w+)"`).FindAllStringSubmatch(read("cdk", "internal", "config", "table.go"), -1) {
		e.settings = append(e.settings, key[1])
	}
	for _, file := range []string{"default.json", filepath.Join("testdata", "everything.json")} {
		var template struct{ Outputs map[string]any }
		if err := json.Unmarshal([]byte(read("local", "internal", "template", file)), &template); err != nil {
			t.Fatal(err)
		}
		for name := range template.Outputs {
			e.outputs = append(e.outputs, name)
		}
	}
	maps.Copy(e.flags, onWindows)
	for _, program := range []string{"edge", "local", "dashboard"} {
		for _, command := range append(commands(t, program), program) {
			words := append(strings.Fields(command), "--help")
			out, err := bare(t.Context(), words[0], nil, words[1:]...).Output()
			if err != nil {
				t.Fatalf("%s --help: %v", command, err)
			}
			e.flags[command] = regexp.MustCompile(`--[a-z0-9-]+`).FindAllString(string(out), -1)
		}
	}
	err := fs.WalkDir(e.repository, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && madeHere.MatchString(name) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(e.repository, name)
		e.tests += string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	looked := 0
	fence := regexp.MustCompile("(?ms)^```.*?^```$")
	spanOrLine := regexp.MustCompile("`[^`]+`|(?m:^    .*$)")
	for name, text := range documents(t) {
		text = fence.ReplaceAllString(text, "")
		for _, found := range regexp.MustCompile("\\boutputs?\\s`(\\w+)`").FindAllStringSubmatch(text, -1) {
			if !slices.Contains(e.outputs, found[1]) {
				t.Errorf("%s: the stack has no output %s", name, found[1])
			}
		}
		for _, piece := range spanOrLine.FindAllString(text, -1) {
			if strings.HasPrefix(strings.TrimSpace(piece), "--") { // the line of a block, which continues the command of another program
				continue
			}
			piece = strings.Join(strings.Fields(strings.Trim(piece, "`")), " ")
			piece, _, _ = strings.Cut(piece, " # ")
			if piece == "" {
				continue
			}
			looked++
			e.check(piece, func(format string, args ...any) { t.Errorf("%s: `%s`: %s", name, piece, fmt.Sprintf(format, args...)) })
		}
	}
	if looked < 500 {
		t.Errorf("looked at %d pieces of code only", looked)
	}
	// It does find what is not there.
	for _, wrong := range []string{
		"bin/edge chek", "edge run --no-such-flag", "sudo edge service install -- --no-such-flag", "edge spool ls|dog", "make no-such-target",
		"make cost NO_SUCH_VARIABLE=1", "--no-such-flag", "-c noSuchSetting=1", "edge/internal/no-such-folder", "TestThatDoesNotExist" + "Anywhere",
		"bin/dashboard query --no-such-flag 'SELECT 1'",
	} {
		found := 0
		e.check(wrong, func(string, ...any) { found++ })
		if found == 0 {
			t.Errorf("the test does not notice %q", wrong)
		}
	}
}
