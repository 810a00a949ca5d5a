package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bare returns the command of a program whose environment has only the given variables, as with `env -i`.
func bare(ctx context.Context, program string, variables []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(bin, program), args...)
	c.Env = append([]string{}, variables...) // nil would mean the environment of this process
	return c
}

// TestEveryCommand runs each command of the three programs once in an empty environment: no home directory, no PATH, no AWS
// configuration. A command that the help lists and this test does not run fails it.
func TestEveryCommand(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	lake, spool := filepath.Join(dir, "lake"), filepath.Join(dir, "spool")
	ran := map[string]bool{}
	run := func(code int, variables []string, program string, args ...string) string {
		t.Helper()
		c := bare(ctx, program, variables, args...)
		c.Dir = dir
		out, _ := c.CombinedOutput() // the exit code is checked below
		if got := c.ProcessState.ExitCode(); got != code || bytes.Contains(out, []byte("goroutine ")) {
			t.Errorf("%s %v: exit code %d, want %d\n%s", program, args, got, code, out)
		}
		for n := range args { // "edge spool ls --spool-dir …" has run "edge spool" and "edge spool ls"
			if strings.HasPrefix(args[n], "-") {
				break
			}
			ran[strings.Join(append([]string{program}, args[:n+1]...), " ")] = true
		}
		return string(out)
	}
	// until starts a command, waits for a line that contains the text, calls then with that line and ends the command.
	until := func(text string, then func(line string), variables []string, program string, args ...string) {
		t.Helper()
		ran[program+" "+args[0]] = true
		c := bare(ctx, program, variables, args...)
		c.Dir = dir
		out, err := c.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		c.Stdout = c.Stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), text) {
				then(lines.Text())
				if err := c.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
				text = "never again"
			}
		}
		if err := c.Wait(); err != nil || text != "never again" || strings.Contains(said.String(), "goroutine ") {
			t.Errorf("%s %v: %v\n%s", program, args, err, &said)
		}
	}

	const stack = "--stack=MetricsDashboard"
	until("http://127.0.0.1:", func(line string) {
		there := []string{"AWS_ENDPOINT_URL=" + address.FindString(line), "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b"}
		run(0, there, "edge", "check", stack, "--spool-dir", filepath.Join(dir, "another"))
		run(1, nil, "edge", "status", "--spool-dir", spool) // edge is not running there
		until("first sample taken", func(string) {
			run(0, nil, "edge", "status", "--spool-dir", spool)
			for _, look := range []string{"ls", "cat", "verify"} {
				run(0, nil, "edge", "spool", look, "--spool-dir", spool)
			}
		}, there, "edge", "run", stack, "--spool-dir", spool, "--interval", "1s", "--max-latency", "1s")
	}, nil, "local", "up", "--dir", lake, "--listen", "127.0.0.1:0")
	run(0, nil, "local", "fleet", "--hosts", "2", "--days", "1", "--interval", "5m", "--dir", lake)
	run(0, nil, "local", "demo", "--for", "8s", "--dir", filepath.Join(dir, "demo"), "--listen", "127.0.0.1:0", "--dashboard", "127.0.0.1:0")
	run(0, nil, "edge", "once")
	run(1, []string{"AWS_EC2_METADATA_DISABLED=true"}, "edge", "check", stack, "--spool-dir", filepath.Join(dir, "another")) // no region
	run(0, nil, "dashboard", "query", "--lake", lake, "SELECT count(*) FROM samples")
	run(1, []string{"AWS_EC2_METADATA_DISABLED=true"}, "dashboard", "query", "--athena", "SELECT 1") // no region
	run(0, nil, "dashboard", "panels", "--lake", lake)
	run(0, nil, "dashboard", "panels", "--lake", lake, "hosts-summary")
	run(0, nil, "dashboard", "mcp", "--lake", lake) // its input has ended
	run(0, nil, "dashboard", "grafana", "--engine", "duckdb", "--out", filepath.Join(dir, "grafana"))
	run(0, nil, "local", "rollup", "--dir", lake)
	run(0, nil, "dashboard", "failed", "ls", "--lake", lake)
	run(1, nil, "dashboard", "failed", "show", "--lake", lake, "errors/x#0") // nothing has failed
	run(0, nil, "dashboard", "failed", "export", "--lake", lake, "--out", filepath.Join(dir, "out"))
	run(0, nil, "dashboard", "failed", "replay", "--lake", lake, "--dry-run")
	run(1, []string{"AWS_EC2_METADATA_DISABLED=true"}, "dashboard", "failed", "ls", "--s3") // no region
	until("http://127.0.0.1:", func(string) {}, nil, "dashboard", "serve", "--lake", lake, "--listen", "127.0.0.1:0")
	for _, program := range []string{"edge", "local", "dashboard"} {
		for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
			run(0, nil, program, "completion", shell)
		}
		run(0, nil, program, "help")
		want := program + " version " + testVersion + " ("
		for _, ask := range []string{"version", "--version"} {
			if got := run(0, nil, program, ask); !strings.HasPrefix(got, want) {
				t.Errorf("%s %s says %q, want %q", program, ask, got, want)
			}
		}
		for _, command := range commands(t, program) {
			if !ran[command] {
				t.Errorf("%q is not run by this test", command)
			}
		}
	}
}

// commands returns what the help of a program lists, such as "edge spool ls".
func commands(t *testing.T, path ...string) (all []string) {
	t.Helper()
	c := bare(t.Context(), path[0], nil, slices.Concat(path[1:], []string{"--help"})...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v --help: %v\n%s", path, err, out)
	}
	_, list, _ := strings.Cut(string(out), "Available Commands:\n")
	list, _, _ = strings.Cut(list, "\n\n")
	for _, line := range regexp.MustCompile(`(?m)^  ([a-z-]+) `).FindAllStringSubmatch(list, -1) {
		command := slices.Concat(path, []string{line[1]})
		all = append(all, strings.Join(command, " "))
		all = append(all, commands(t, command...)...)
	}
	return all
}

// TestAddressSpace runs edge with the limit of `ulimit -v` that its README names. With less, Go's runtime fails before edge starts.
func TestAddressSpace(t *testing.T) {
	c := exec.CommandContext(t.Context(), "prlimit", "--as=1073741824", filepath.Join(bin, "edge"), "once")
	c.Env = []string{"GOMAXPROCS=1"}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", c, err, out)
	}
}
