package cli

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// spoolOf makes a spool of two segments. Its first sample is delivered.
func spoolOf(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "spool")
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	for _, line := range []string{`{"ts":1}`, `{"ts":2}`} {
		if err := q.Append([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := q.Peek(t.Context(), spool.Fresh, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Ack(b); err != nil {
		t.Fatal(err)
	}
	q.Split()
	if err := q.Append([]byte(`{"ts":3}`)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestSpoolCommands(t *testing.T) {
	dir := spoolOf(t)
	for args, want := range map[string]string{
		"ls":        "2 samples wait in ",
		"cat":       "{\"ts\":2}\n{\"ts\":3}\n",
		"cat --all": "{\"ts\":1}\n{\"ts\":2}\n{\"ts\":3}\n",
		"verify":    "00000000000000000001.seg: ok\n00000000000000000002.seg: ok\n",
	} {
		code, stdout, stderr := edge(t, []string{"METRICS_EDGE_SPOOL_DIR=" + dir}, append([]string{"spool"}, strings.Fields(args)...)...)
		if code != program.OK || stderr != "" || !strings.HasPrefix(stdout, want) && !strings.Contains(stdout, "\n"+want) {
			t.Errorf("edge spool %s: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
	code, _, stderr := edge(t, nil, "spool", "ls", "--spool-dir", dir+"/none")
	if code != program.Failed || !strings.Contains(stderr, "there is no spool at ") {
		t.Errorf("edge spool ls: exit code %d, %s", code, stderr)
	}
}

// TestSpoolVerify: verify exits with 1 if anything is damaged, and says how many samples are lost.
func TestSpoolVerify(t *testing.T) {
	const first = "00000000000000000001.seg"
	at := func(data []byte, text string) int { return strings.Index(string(data), text) }
	for name, c := range map[string]struct {
		change func(data []byte) []byte
		said   string
		lost   int
	}{
		"a delivered sample": {func(d []byte) []byte { d[at(d, `{"ts":1}`)]++; return d }, "damaged places: 1", 0},
		"the last sample":    {func(d []byte) []byte { d[at(d, `{"ts":2}`)]++; return d }, "lost samples: 1; damaged places: 1", 1},
		"cut by one byte":    {func(d []byte) []byte { return d[:at(d, `{"ts":2}`)+7] }, "lost samples: 1", 1},
		"cut to nothing":     {func([]byte) []byte { return nil }, "the segment's header is damaged; lost samples: 1", 1},
		"the header":         {func(d []byte) []byte { d[3]++; return d }, "the segment's header is damaged", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := spoolOf(t)
			data, err := os.ReadFile(filepath.Join(dir, first))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, first), c.change(data), 0o600); err != nil {
				t.Fatal(err)
			}
			code, stdout, stderr := edge(t, nil, "spool", "verify", "--spool-dir", dir)
			want := fmt.Sprintf("edge: 1 of 2 segments are damaged, unreadable or of another version; lost samples: %d\n", c.lost)
			if code != program.Failed || !strings.HasPrefix(stdout, first+": "+c.said+"\n") || stderr != want {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if _, _, stderr := edge(t, nil, "status", "--spool-dir", dir); c.lost > 0 && !strings.Contains(stderr, "1 are lost by damage") {
				t.Errorf("edge status: %s", stderr)
			}
		})
	}
}

// TestSecondCollector: a second collector is refused with one line that says what to do.
func TestSecondCollector(t *testing.T) {
	dir := t.TempDir()
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	testenv.Clean(t)
	t.Setenv("AWS_REGION", "eu-north-1")
	code, _, stderr := edge(t, nil, "run", "--stream", "s", "--spool-dir", dir)
	inUse := "in use by another process ("
	if runtime.GOOS == "windows" { // the lock's file, which has the process id, cannot be read there
		inUse = "in use by another process: "
	}
	if code != program.Failed || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, inUse) ||
		!strings.Contains(stderr, "another edge is running here; use a different --spool-dir") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestSpoolThatCannotBe: without a usable spool directory a collector works all the same, and uses the directory as soon as it can.
func TestSpoolThatCannotBe(t *testing.T) {
	inTheWay := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(inTheWay, "spool")
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Append([]byte(`{"ts":1}`)); err != nil || q.Stats().MemoryLines != 1 {
		t.Errorf("%+v, %v", q.Stats(), err)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
	if code, stdout, stderr := edge(t, nil, "spool", "cat", "--spool-dir", dir); code != program.OK || stdout != "{\"ts\":1}\n" {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
}
