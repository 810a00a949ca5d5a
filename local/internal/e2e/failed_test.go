package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// old is the age of samples that the stack refuses by default.
const old = 20 * 24 * time.Hour

// oldDays is a maxSampleAgeDays with which a stack accepts samples that are so old.
const oldDays = 30

// templateOfAge writes a template with another maxSampleAgeDays, as `cdk deploy -c maxSampleAgeDays=…` would deploy it.
func templateOfAge(t *testing.T, text []byte, days int) (path string) {
	t.Helper()
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, resource := range content["Resources"].(map[string]any) {
		properties, _ := resource.(map[string]any)["Properties"].(map[string]any)
		environment, _ := properties["Environment"].(map[string]any)
		if variables, ok := environment["Variables"].(map[string]any); ok && variables[transform.MaxAgeVariable] != nil {
			variables[transform.MaxAgeVariable], found = strconv.Itoa(days), true
		}
	}
	path = filepath.Join(t.TempDir(), "template.json")
	changed, err := json.Marshal(content)
	if err == nil {
		err = os.WriteFile(path, changed, 0o600)
	}
	if err != nil || !found {
		t.Fatalf("write a template with another maximal age: found its variable: %v, %v", found, err)
	}
	return path
}

// refuse has the default stack refuse n records of old samples, each of them a pack. It returns the lake, and the bucket in it.
func refuse(t *testing.T, n int) (dir, bucket string) {
	t.Helper()
	dir = t.TempDir()
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0")
	ts := float64(time.Now().Add(-old).Truncate(time.Hour).Unix())
	var packs [][]byte
	for seq := range n {
		var w record.PackWriter
		if err := w.Add(fmt.Appendf(nil, `{"ts":%v,"session_id":"s","seq":%d,"interval_s":1,"hostname":"late"}`, ts+float64(seq), seq), record.HourOf(ts)); err != nil {
			t.Fatal(err)
		}
		pack, err := w.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		packs = append(packs, bytes.Clone(pack))
	}
	putAll(t, p, packs...)
	p.stop(t)
	buckets, err := filepath.Glob(filepath.Join(dir, "*", "errors"))
	if err != nil || len(buckets) != 1 {
		t.Fatal(buckets, err)
	}
	return dir, filepath.Dir(buckets[0])
}

// failed runs `dashboard failed` in an empty environment.
func failed(t *testing.T, code int, args ...string) string {
	t.Helper()
	c := bare(t.Context(), "dashboard", nil, append([]string{"failed"}, args...)...)
	out, err := c.CombinedOutput()
	if got := c.ProcessState.ExitCode(); got != code {
		t.Fatalf("dashboard failed %v: exit code %d, want %d, %v\n%s", args, got, code, err, out)
	}
	return string(out)
}

// TestRefusedRecordsComeBack: the stack refuses samples because of their age. A changed stack accepts them, the replay sends them, and
// each arrives once.
func TestRefusedRecordsComeBack(t *testing.T) {
	dir, bucket := refuse(t, 500)
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", templateOfAge(t, template.Default(), oldDays))
	list := failed(t, 0, "ls", "--lake", dir)
	line := regexp.MustCompile(`(?m)^processing-failed +Lambda\.ProcessingFailedStatus +\d{4}-\d\d-\d\d +late +500 +0 +\d+ +(errors/\S+#0) +ProcessingFailed`).FindStringSubmatch(list)
	if line == nil {
		t.Fatalf("the list is\n%s", list)
	}
	if shown := failed(t, 0, "show", "--lake", dir, line[1]); !strings.Contains(shown, `"hostname":"late"`) || !strings.Contains(shown, "Lambda.ProcessingFailedStatus") {
		t.Errorf("the record is shown as\n%s", shown)
	}
	exported := filepath.Join(t.TempDir(), "out")
	failed(t, 0, "export", "--lake", dir, "--host", "late", "--out", exported)
	if files, err := os.ReadDir(exported); err != nil || len(files) != 500 || !strings.HasSuffix(files[0].Name(), ".gz") {
		t.Errorf("%d files, %v", len(files), err)
	}
	if planned := failed(t, 0, "replay", "--lake", dir, "--dry-run", "--reason", "processing-failed"); !strings.Contains(planned, "500 records") {
		t.Errorf("the plan is\n%s", planned)
	}
	if said := failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint, "--host", "another"); !strings.Contains(said, " 0 records") {
		t.Errorf("the replay of another host says\n%s", said)
	}
	if said := failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint); !strings.Contains(said, "500 records") || !strings.Contains(said, "1 object moved") {
		t.Errorf("the replay says\n%s", said)
	}
	if said := failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint); !strings.Contains(said, " 0 records") {
		t.Errorf("the second replay says\n%s", said)
	}
	p.stop(t)
	if got := row(t, dir, "SELECT count(*), count(DISTINCT seq), min(hostname) FROM samples"); got[0] != int64(500) || got[1] != int64(500) || got[2] != "late" {
		t.Errorf("rows %v", got)
	}
	if list := failed(t, 0, "ls", "--lake", dir, "--format", "json"); list != "" {
		t.Errorf("still listed: %s", list)
	}
	moved, err := filepath.Glob(filepath.Join(bucket, "replayed", "processing-failed", "*", "*", "*", "*"))
	if err != nil || len(moved) != 1 {
		t.Errorf("moved: %v, %v", moved, err)
	}
}

// TestKilledReplay kills the replay again and again. No record arrives twice. What the kills left in doubt is settled by what the lake
// has, and then each record has arrived once.
func TestKilledReplay(t *testing.T) {
	const records, objects = 400, 40
	dir, bucket := refuse(t, records)
	split(t, bucket, objects)
	p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", templateOfAge(t, template.Default(), oldDays), "--flush-every", "1s")
	kills, done := 0, false
	for range times(t, "LOCAL_KILLS", 12) {
		c := bare(t.Context(), "dashboard", nil, "failed", "replay", "--lake", dir, "--endpoint", p.endpoint)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(time.Duration(80+rand.IntN(400))*time.Millisecond, func() { _ = c.Process.Kill() }) // it may have ended
		err := c.Wait()
		kill.Stop()
		var exit *exec.ExitError
		switch {
		case err == nil:
			done = true
		case errors.As(err, &exit) && exit.ExitCode() == -1:
			kills++
		default:
			t.Fatal(err)
		}
	}
	said := failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint)
	t.Logf("%d kills, done before: %v; the last run says\n%s", kills, done, said)
	p.stop(t) // all that was accepted is in the lake now

	arrivedOnce(t, dir, -1)
	failed(t, 0, "ls", "--lake", dir)
	p = start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", templateOfAge(t, template.Default(), oldDays), "--flush-every", "1s")
	t.Log(failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint, "--in-doubt", "check"))
	t.Log(failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint, "--in-doubt", "resend"))
	p.stop(t)
	arrivedOnce(t, dir, records)
	if left, err := filepath.Glob(filepath.Join(bucket, "errors", "*", "*", "*", "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("still below errors/: %v, %v", left, err)
	}
}

// arrivedOnce checks that no sample arrived twice, and that so many arrived if want is not negative.
func arrivedOnce(t *testing.T, dir string, want int64) {
	t.Helper()
	got := row(t, dir, "SELECT count(*), count(DISTINCT seq) FROM samples")
	if got[0] != got[1] || want >= 0 && got[0] != want {
		t.Errorf("%v rows of %v samples, want %d", got[0], got[1], want)
	}
}

// split splits the only object below errors/ into several.
func split(t *testing.T, bucket string, n int) {
	t.Helper()
	objects, err := filepath.Glob(filepath.Join(bucket, "errors", "*", "*", "*", "*", "*"))
	if err != nil || len(objects) != 1 {
		t.Fatal(objects, err)
	}
	content, err := os.ReadFile(objects[0])
	if err != nil {
		t.Fatal(err)
	}
	parts := make([][]byte, n)
	i := 0
	for line := range bytes.Lines(content) {
		parts[i%n] = append(parts[i%n], line...)
		i++
	}
	for i, part := range parts {
		if err := os.WriteFile(fmt.Sprintf("%s-%02d", objects[0], i), part, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(objects[0]); err != nil {
		t.Fatal(err)
	}
}
