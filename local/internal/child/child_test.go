package child_test

import (
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/child"
)

// TestMain lets tests start their own executable as the child process.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD") {
	case "exit":
		os.Exit(7)
	case "print":
		_, _ = os.Stdout.WriteString("first\n")
		_, _ = os.Stderr.WriteString("last") // without a line break
		os.Exit(0)
	case "wait":
		_, _ = os.Stdout.WriteString("ready\n")
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed: the other end stays open
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func command(t *testing.T, behaviour string) *exec.Cmd {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path)
	cmd.Env = []string{"CHILD=" + behaviour}
	return cmd
}

func TestExit(t *testing.T) {
	p, err := child.Start(command(t, "exit"), func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if p.Err() == nil || !strings.Contains(p.Err().Error(), "exit status 7") {
		t.Errorf("have %v, want exit status 7", p.Err())
	}
	p.Kill()
	p.Terminate()
}

// TestOutput: each line was passed on when a process has ended.
func TestOutput(t *testing.T) {
	for range 20 {
		var lines []string
		p, err := child.Start(command(t, "print"), func(line string) { lines = append(lines, line) })
		if err != nil {
			t.Fatal(err)
		}
		if <-p.Done(); !slices.Equal(lines, []string{"first", "last"}) {
			t.Fatalf("have %q", lines)
		}
	}
}

func TestStop(t *testing.T) {
	for name, stop := range map[string]func(*child.Process){"kill": (*child.Process).Kill, "terminate": (*child.Process).Terminate} {
		cmd := command(t, "wait")
		input, output := io.Pipe()
		cmd.Stdin = input
		lines := make(chan string, 1)
		p, err := child.Start(cmd, func(line string) { lines <- line })
		if err != nil {
			t.Fatal(err)
		}
		if line := <-lines; line != "ready" {
			t.Fatalf("%s: have %q", name, line)
		}
		select {
		case <-p.Done():
			t.Fatalf("%s: ended by itself", name)
		default:
		}
		// Done waits until exec has copied the whole input.
		go func() { _ = output.Close() }()
		stop(p)
		<-p.Done()
	}
}

func TestStartFailure(t *testing.T) {
	if _, err := child.Start(exec.CommandContext(t.Context(), t.TempDir()), func(string) {}); err == nil {
		t.Error("a directory was started")
	}
}
