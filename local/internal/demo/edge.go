package demo

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/child"
)

// FindEdge returns the path of the executable edge. It looks in the directory of this program first, then in PATH.
func FindEdge() (string, error) {
	name := "edge"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	own, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the collector: %w", err)
	}
	beside := filepath.Join(filepath.Dir(own), name)
	if path, err := exec.LookPath(beside); err == nil {
		return path, nil
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find the collector: there is no executable %s, and no %s in PATH; run `make build`", beside, name)
	}
	return path, nil
}

// stopWithin is how long the collector may take to ship its samples when it ends.
const stopWithin = 15 * time.Second

// spoolDir is the collector's directory in the lake's. Readers of the lake ignore names that begin with a dot.
const spoolDir = ".edge"

// edge is the running collector.
type edge struct {
	child *child.Process
	lines *tail
}

func startEdge(s Stack, o Options) (*edge, error) {
	stack := path.Base(s.ParameterPath())
	if s.ParameterPath() == "" {
		return nil, errors.New("start the collector: the template lacks the parameter …/delivery-stream-name, which names the stream to send to")
	}
	cmd := exec.Command(o.Edge, "run", //nolint:noctx // stop ends it and lets it ship its samples
		"--stack", stack, "--interval", o.Interval.String(), "--max-latency", latency(o).String(),
		// The default spool may belong to another collector on this machine.
		"--spool-dir", filepath.Join(o.Dir, spoolDir))
	cmd.Env = append(foreignEnvironment(), s.Environment()...)
	e := &edge{lines: &tail{out: o.Out}}
	cmd.WaitDelay = time.Second
	var err error
	if e.child, err = child.Start(cmd, e.lines.add); err != nil {
		return nil, fmt.Errorf("start the collector %s: %w", o.Edge, err)
	}
	return e, nil
}

// foreignEnvironment returns the environment of this process without the variables that could make the collector send elsewhere.
func foreignEnvironment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "METRICS_EDGE_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// stop asks the collector to ship its samples and to end. It kills the collector after [stopWithin].
func (e *edge) stop() {
	e.child.Terminate()
	timer := time.AfterFunc(stopWithin, e.child.Kill)
	defer timer.Stop()
	<-e.child.Done()
}

// failure returns the reason why the collector ended by itself, with its last lines.
func (e *edge) failure() error {
	reason := "exit status 0"
	if err := e.child.Err(); err != nil {
		reason = err.Error()
	}
	text := "the collector ended by itself: " + reason
	if last := e.lines.last(); len(last) > 0 {
		text += "; its last lines:\n" + strings.Join(last, "\n")
	}
	return errors.New(text)
}

// tail keeps the last lines of an output. It prints the warnings and errors among them to out.
type tail struct {
	out io.Writer

	mu   sync.Mutex // guards kept
	kept []string
}

const keptLines = 8

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if line = strings.TrimSuffix(line, "\r"); line == "" {
		return
	}
	t.kept = append(t.kept[max(0, len(t.kept)+1-keptLines):], line)
	if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
		fmt.Fprintln(t.out, "edge:", line)
	}
}

func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.kept)
}
