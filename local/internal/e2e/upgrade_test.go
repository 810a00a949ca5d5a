package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// A frozen folder, such as testdata/v1, has what the programs of a release left on disk when they were killed. It must not change: later
// releases have to go on from there. Its files:
//
//   - spool/: the spool of edge, with samples that were not delivered, and what edge remembers of the stack
//   - lake/: the directory of the local stack, with Parquet files, and a journal of records that were not delivered
//   - template.json.gz: the stack's template
//   - lines.jsonl, pack.gz: what a collector sends, as lines and as a pack
//   - session.json: what the collector took
//   - kept/: a lake with what else the programs keep in one, see [kept]
//
// To freeze a new release, run: go test ./internal/e2e -run Upgrade -freeze testdata/v2
var freezeInto = flag.String("freeze", "", "write what the programs of today leave on disk into this new folder")

// releases are the frozen folders.
func releases(t *testing.T) []string {
	t.Helper()
	folders, err := filepath.Glob("testdata/v*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no frozen release: %v", err)
	}
	return folders
}

// anyAge is the age in days up to which the transform takes the samples of a frozen folder: however old they are.
const anyAge = 36500

// session is one start of a collector.
type session struct {
	ID      string `json:"session_id"`
	Samples int    `json:"samples"`
}

// startEdge starts the collector. It delivers to the endpoint.
func startEdge(t *testing.T, endpoint, spool string, args ...string) *exec.Cmd {
	t.Helper()
	edge := edgeRun(t, endpoint, spool, append([]string{"--max-latency", "1s"}, args...)...)
	var log bytes.Buffer
	edge.Stderr = &log
	if err := edge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = edge.Process.Kill() // it may have ended
		_ = edge.Wait()
		if t.Failed() {
			t.Logf("edge said:\n%s", &log)
		}
	})
	return edge
}

// waitFor calls done until it returns true.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begin := time.Now(); !done(); time.Sleep(200 * time.Millisecond) {
		if time.Since(begin) > 2*time.Minute {
			t.Fatalf("after two minutes: %s", what)
		}
	}
}

// delivered returns how many different samples of the session are in the lake, and how many rows have them.
func delivered(t *testing.T, dir, id string) (samples, rows int64) {
	t.Helper()
	if found, err := filepath.Glob(filepath.Join(dir, "*", "analytics", "year=*")); err != nil || len(found) == 0 {
		return 0, 0
	}
	values := row(t, dir, fmt.Sprintf("SELECT count(DISTINCT seq), count(*) FROM samples WHERE session_id = '%s'", id))
	return values[0].(int64), values[1].(int64)
}

// The programs of today go on from what those of a release left on disk: each sample that the collector took then arrives, whether it
// was in the spool, in the journal or in a Parquet file. They do so in the stack of that release and in today's.
func TestUpgrade(t *testing.T) {
	if *freezeInto != "" {
		freeze(t, *freezeInto)
	}
	for _, release := range releases(t) {
		for _, stack := range []string{"old", "new"} {
			t.Run(filepath.Base(release)+" with the "+stack+" stack", func(t *testing.T) { upgrade(t, release, stack) })
		}
	}
}

func upgrade(t *testing.T, release, stack string) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(release)); err != nil {
		t.Fatal(err)
	}
	var before session
	if err := json.Unmarshal(read(t, dir, "session.json"), &before); err != nil {
		t.Fatal(err)
	}
	text := template.Default()
	if stack == "old" {
		var err error
		if text, err = new(record.PackReader).AppendLines(nil, read(t, dir, "template.json.gz")); err != nil {
			t.Fatal(err)
		}
	}
	at, _ := delivered(t, filepath.Join(dir, "lake"), before.ID)
	if at == 0 || int(at) >= before.Samples {
		t.Fatalf("%d samples of %d are in the files of the release", at, before.Samples)
	}
	p := start(t, "up", "--dir", filepath.Join(dir, "lake"), "--listen", "127.0.0.1:0", "--flush-every", "1s",
		"--template", templateOfAge(t, text, anyAge), "--stack", "MetricsDashboard")
	edge := startEdge(t, p.endpoint, filepath.Join(dir, "spool"))
	lines := read(t, dir, "lines.jsonl")
	putAll(t, p, lines, read(t, dir, "pack.gz"))
	waitFor(t, "not all samples of the release arrived", func() bool {
		samples, _ := delivered(t, filepath.Join(dir, "lake"), before.ID)
		return int(samples) == before.Samples
	})
	if err := edge.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := edge.Wait(); err != nil {
		t.Errorf("edge ended: %v", err)
	}
	p.stop(t)
	if _, rows := delivered(t, filepath.Join(dir, "lake"), before.ID); int(rows) != before.Samples {
		t.Errorf("%d rows have the %d samples of the release", rows, before.Samples)
	}
	// The collector of today also delivers its own samples, and the rows of both collectors have the same columns.
	values := row(t, filepath.Join(dir, "lake"), fmt.Sprintf(`SELECT count(*) FILTER (session_id <> '%s') > 0,
		count(*) FILTER (event_time IS NULL OR hostname IS NULL OR cpu_count IS NULL)
		FROM samples WHERE interval_s = 1`, before.ID))
	if fmt.Sprint(values) != "[true 0]" {
		t.Errorf("samples of today, and rows that lack values: %v, want [true 0]", values)
	}
	// A file of the release has them too.
	want := 3 * bytes.Count(lines, []byte("\n"))
	values = row(t, filepath.Join(dir, "lake"), "SELECT count(*), count(DISTINCT (session_id, ts)) FROM samples WHERE interval_s = 3")
	if fmt.Sprint(values) != fmt.Sprintf("[%d %d]", want, want/3) {
		t.Errorf("rows and samples of the lines and the pack: %v, want %d and %d", values, want, want/3)
	}
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// freeze writes the folder of a release with the programs of today.
func freeze(t *testing.T, into string) {
	if err := os.Mkdir(into, 0o755); err != nil {
		t.Fatal(err)
	}
	spool, dir := filepath.Join(into, "spool"), filepath.Join(into, "lake")
	first := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--flush-every", "1s",
		"--template", templateOfAge(t, template.Default(), anyAge), "--stack", "MetricsDashboard")
	putAll(t, first, recordtest.GoldenLines)
	// Nothing of the machine that freezes stands in the files.
	edge := startEdge(t, first.endpoint, spool, "--hostname", "frozen", "--detail-interval", "0")
	waitFor(t, "no sample is in a file", func() bool {
		samples, _ := delivered(t, dir, report(t, spool).ID)
		return samples > 0
	})
	first.stop(t)
	// Now records wait in the journal, because the stack buffers for minutes, and then samples wait in the spool, because the stack has gone.
	second := start(t, "up", "--dir", dir, "--listen", first.endpoint[len("http://"):])
	waitFor(t, "no record is in the journal", func() bool {
		taken := report(t, spool)
		files, _ := delivered(t, dir, taken.ID)
		return taken.Samples.Delivered > files+4
	})
	second.kill()
	taken := report(t, spool).Samples.Taken
	waitFor(t, "the collector takes no more samples", func() bool { return report(t, spool).Samples.Taken >= taken+5 })
	if err := edge.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = edge.Wait()                                                      // it was killed
	if err := os.Remove(filepath.Join(spool, "edge.sock")); err != nil { // a socket is not a file that others can have
		t.Fatal(err)
	}
	out, err := bare(t.Context(), "edge", nil, "spool", "cat", "--spool-dir", spool).Output()
	if err != nil {
		t.Fatal(err)
	}
	waiting := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	last, err := record.ParseSample(waiting[len(waiting)-1])
	if err != nil {
		t.Fatal(err)
	}
	took, err := json.Marshal(session{last.SessionID, int(last.Seq) + 1})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"session.json": took, "template.json.gz": compress(t, template.Default()),
		"lines.jsonl": recordtest.GoldenLines, "pack.gz": compress(t, recordtest.GoldenLines),
	} {
		if err := os.WriteFile(filepath.Join(into, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	freezeKept(t, filepath.Join(into, kept))
}

func compress(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// collected is what the status of a collector says.
type collected struct {
	ID      string `json:"session_id"`
	Samples struct {
		Taken     int64 `json:"taken"`
		Delivered int64 `json:"delivered"`
	} `json:"samples"`
}

// report asks the collector that uses the spool. The answer is empty before the collector has started.
func report(t *testing.T, spool string) (c collected) {
	t.Helper()
	content, err := bare(t.Context(), "edge", nil, "status", "--spool-dir", spool, "--json").Output()
	if err != nil {
		return c
	}
	if err := json.Unmarshal(content, &c); err != nil {
		t.Fatal(err)
	}
	return c
}
