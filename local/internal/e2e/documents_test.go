package e2e

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// repository is the root of the checkout.
var repository = filepath.Join("..", "..", "..")

// documents returns the Markdown files of the repository, by their path from its root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := filesEnding(t, ".md")
	for _, name := range []string{"README.md", "edge/README.md", "edge/internal/spool/FORMAT.md", "CHANGELOG.md", "RUNBOOK.md"} {
		if texts[name] == "" {
			t.Errorf("%s is not among the %d documents", name, len(texts))
		}
	}
	return texts
}

// filesEnding returns the files of the repository whose names end with suffix, by their path from its root.
func filesEnding(t *testing.T, suffix string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir(repository, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(repository, file)
		if err != nil {
			return err
		}
		if d.IsDir() && madeHere.MatchString(filepath.ToSlash(name)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, suffix) {
			return nil
		}
		text, err := os.ReadFile(file)
		texts[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// madeHere matches folders of the checkout that make, a demo or a tool makes.
var madeHere = regexp.MustCompile(`(^|/)node_modules$|^(bin|dist|lake|cdk\.out|\.git|\.tools|\.venv)$`)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile("(?m)^#+ (.*)$")
	code    = regexp.MustCompile("(?s:```.*?```)|`[^`\\n]*`|(?m:^    .*$)")
)

// anchors returns the names that GitHub gives the headings of a document: lower case, without punctuation, hyphens for spaces.
func anchors(text string) []string {
	var names []string
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, h[1]))
	}
	return names
}

// TestLinks follows every link of every document to a file, a folder or a heading of the repository.
func TestLinks(t *testing.T) {
	texts := documents(t)
	followed := 0
	for name, text := range texts {
		for _, l := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			target, anchor, _ := strings.Cut(l[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			followed++
			to := name
			if target != "" {
				to = path.Join(path.Dir(name), target)
			}
			if _, err := os.Stat(filepath.Join(repository, filepath.FromSlash(to))); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, l[1])
				continue
			}
			if anchor != "" && !slices.Contains(anchors(texts[to]), anchor) {
				t.Errorf("%s links to %s, but %s has no such heading", name, l[1], to)
			}
		}
	}
	if followed < 20 {
		t.Errorf("found %d links only", followed)
	}
}

// install is a command that takes this repository from a version, which must be there.
var install = regexp.MustCompile(`go install github\.com/metrics-dashboard/\S+|go (?:get|run) github\.com/metrics-dashboard/\S+@\S+|git (?:checkout|clone -b) v\d\S*`)

// TestNothingIsInstalledByVersion: `go install …@version` cannot work while a go.mod has a replace, and no version is tagged yet.
func TestNothingIsInstalledByVersion(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(repository, "edge", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(mod), "\nreplace ") {
		t.Fatal("edge/go.mod has no replace any more: let this test try the commands instead of refusing them")
	}
	for name, text := range documents(t) {
		if found := install.FindString(text); found != "" {
			t.Errorf("%s has %q, which cannot work", name, found)
		}
	}
}

// TestOneCDK is of the version of the CDK's CLI: the documents' is the Makefile's.
func TestOneCDK(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(repository, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^CDK_CLI +:= (\S+)$`).FindSubmatch(makefile)
	if want == nil {
		t.Fatal("the Makefile has no CDK_CLI")
	}
	named := 0
	for name, text := range documents(t) {
		for _, found := range regexp.MustCompile(`aws-cdk@(\d[\d.]*\d)`).FindAllStringSubmatch(text, -1) {
			named++
			if found[1] != string(want[1]) {
				t.Errorf("%s has %s, the Makefile %s", name, found[0], want[1])
			}
		}
	}
	if named == 0 {
		t.Error("no document names a version of the CDK's CLI")
	}
}

// TestNewcomersReadLittle: these two documents are the first that somebody reads. What does not fit belongs into the README of a folder, or into docs.
func TestNewcomersReadLittle(t *testing.T) {
	texts := documents(t)
	for name, most := range map[string]int{"README.md": 100, "ARCHITECTURE.md": 150} {
		if lines := strings.Count(texts[name], "\n"); lines == 0 || lines > most {
			t.Errorf("%s has %d lines, want 1 to %d", name, lines, most)
		}
	}
}

// TestOneNode is of the versions of Node.js: the oldest that works, the oldest that is recommended, and that of the workflows each are
// the same wherever they stand.
func TestOneNode(t *testing.T) {
	for _, version := range []struct {
		what   string
		places int // at least
		in     []string
		text   string
	}{
		{"the oldest that works", 3, []string{".ci/prerequisites", "cdk/internal/app/app.go", "*.md", "*/*.md"}, `node_oldest=(\d+)|Node\.js (\d+) or later: %w|\((\d+) works,\s+with\s+a\s+warning`},
		{"recommended", 1, []string{"*.md", "*/*.md"}, `Node(?:\.js)? (\d+) or (?:later|newer)`},
		{"of the workflows", 4, []string{".github/workflows/*.yml"}, `node-version: *"?(\d[\d.]*)`},
	} {
		found := map[string][]string{} // files by version
		places := 0
		for _, pattern := range version.in {
			files, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(pattern)))
			if err != nil || len(files) == 0 {
				t.Fatalf("%s: %d files, %v", pattern, len(files), err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, match := range regexp.MustCompile(version.text).FindAllSubmatch(text, -1) {
					number := string(slices.Concat(match[1:]...))
					found[number] = append(found[number], file)
					places++
				}
			}
		}
		if len(found) != 1 || places < version.places {
			t.Errorf("Node.js %s: want one version in at least %d places, found %v", version.what, version.places, found)
		}
	}
}

// TestOneSystemSaysWhy: tests that run on one kind of system only say in their first line why the others do not run them.
func TestOneSystemSaysWhy(t *testing.T) {
	named := regexp.MustCompile(`_(linux|unix|windows|darwin|freebsd)_test\.go$`)
	tagged := regexp.MustCompile(`(?m)^//go:build (linux|unix|windows|darwin|freebsd)$`)
	why := regexp.MustCompile(`^// (Linux|Unix|Windows|macOS|FreeBSD) only: [^\n]+\.\n\n`)
	seen := 0
	for name, text := range filesEnding(t, "_test.go") {
		if !named.MatchString(name) && !tagged.MatchString(text) {
			continue
		}
		seen++
		if !why.MatchString(text) {
			t.Errorf("%s does not begin with a line such as `// Linux only: it reads /proc.`", name)
		}
	}
	if seen < 10 {
		t.Errorf("%d such files", seen)
	}
}

// TestComposeFile starts each program as the Compose file does, but without credentials: a program that refuses its command line ends with
// exit code 2.
func TestComposeFile(t *testing.T) {
	file, err := os.ReadFile(filepath.Join(repository, "edge", "packaging", "containers", "compose.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	services := regexp.MustCompile(`(?m)^    image: ghcr\.io/metrics-dashboard/(\w+):VERSION\n    command: \[(.*)\]$`).FindAllStringSubmatch(string(file), -1)
	if len(services) != 2 {
		t.Fatalf("%d services with an image and a command", len(services))
	}
	for _, s := range services {
		c := bare(t.Context(), s[1], []string{"AWS_EC2_METADATA_DISABLED=true"}, strings.Split(s[2], ", ")...)
		if s[1] == "edge" { // without an endpoint it would go on for ever
			c.Args = append(c.Args, "--help")
		}
		out, err := c.CombinedOutput()
		if code := c.ProcessState.ExitCode(); s[1] == "edge" && err != nil || code == 2 {
			t.Errorf("%v: exit code %d\n%s", c, code, out)
		}
	}
}
