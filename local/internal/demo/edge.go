package demo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/child"
)

// FindEdge returns the path of the collector: beside this program, else in PATH.
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
		return "", fmt.Errorf("the collector is neither %s nor in PATH: run `make build`", beside)
	}
	return path, nil
}

// stopWithin is how long the collector may take to ship what it has.
const stopWithin = 15 * time.Second

// spoolDir is the collector's directory below the demo's. Readers of the lake pass over names that begin with a dot.
const spoolDir = ".edge"

// edge is the running collector.
type edge struct {
	child *child.Process
	lines *tail
}

func startEdge(s Stack, o Options) (*edge, error) {
	stack := path.Base(s.ParameterPath())
	if s.ParameterPath() == "" {
		return nil, errors.New("the template has no parameter …/delivery-stream-name by which the collector could find the stream")
	}
	cmd := exec.Command(o.Edge, "run", //nolint:noctx // it is stopped with a chance to ship what it has, see stop
		"--stack", stack, "--interval", o.Interval.String(), "--max-latency", latency(o).String(),
		// A collector that this machine runs already has the usual one.
		"--spool-dir", filepath.Join(o.Dir, spoolDir))
	cmd.Env = append(foreignEnvironment(), s.Environment()...)
	e := &edge{lines: &tail{out: o.Out}}
	output, input := io.Pipe()
	cmd.Stdout, cmd.Stderr = input, input
	cmd.WaitDelay = time.Second
	go e.lines.follow(output)
	var err error
	if e.child, err = child.Start(cmd); err != nil {
		_ = input.Close() // never fails, see its documentation
		return nil, fmt.Errorf("start the collector %s: %w", o.Edge, err)
	}
	return e, nil
}

// foreignEnvironment is this process's, without what would lead the collector elsewhere.
func foreignEnvironment() []string {
	var kept []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "METRICS_EDGE_") {
			kept = append(kept, variable)
		}
	}
	return kept
}

// stop asks the collector to ship what it has and to end.
func (e *edge) stop() {
	e.child.Terminate()
	timer := time.AfterFunc(stopWithin, e.child.Kill)
	defer timer.Stop()
	<-e.child.Done()
}

// failure says why the collector ended by itself.
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

// tail keeps the last lines of an output, and hands on those that say that something is wrong.
type tail struct {
	out io.Writer

	mu   sync.Mutex // guards kept
	kept []string
}

const (
	keptLines = 8
	lineBytes = 4 << 10
)

func (t *tail) follow(output io.Reader) {
	lines := bufio.NewReaderSize(output, lineBytes)
	for {
		line, err := lines.ReadSlice('\n')
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			t.add(string(line))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept[max(0, len(t.kept)+1-keptLines):], line)
	if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") {
		fmt.Fprintln(t.out, "edge:", line)
	}
}

func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.kept...)
}
