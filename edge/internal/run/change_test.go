package run_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
)

// TestReload: after a signal the changed file is in use, in the same session. A bad file changes nothing.
func TestReload(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	path := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("node_role: before\n")
	var log buffer
	o := options(t, &log, "--config", path)
	reload := make(chan os.Signal, 1)
	o.Reload = reload
	edge := start(t, o, &log)
	edge.await("a sample delivered", func() bool { return c.newest().NodeRole == "before" })

	write("node_role: after\ntags: {team: core}\nlisten: 127.0.0.1:0\n")
	reload <- syscall.SIGHUP
	edge.await("a sample with the new labels", func() bool { return c.newest().NodeRole == "after" && c.newest().Tags["team"] == "core" })
	edge.logs(`msg="some changed settings need a restart" settings=[listen]`)

	write("node_role: worse\nintervall: 3s\n")
	reload <- syscall.SIGHUP
	edge.logs("the configuration cannot be reloaded")
	seen := c.delivered()
	edge.await("a sample after the bad file", func() bool { return c.delivered() > seen })
	write("node_role: after\ntags: {team: core}\nlisten: 127.0.0.1:0\n")
	reload <- syscall.SIGHUP
	edge.logs("no setting has changed")
	edge.finish()

	if last := c.newest(); last.NodeRole != "after" {
		t.Errorf("after the bad file samples have role %s", last.NodeRole)
	}
	sequence(t, c)
	if !strings.Contains(log.String(), filepath.Base(path)+":2: intervall: no such setting; did you mean interval?") ||
		!strings.Contains(log.String(), "undelivered=0 dropped=0") {
		t.Errorf("log is\n%s", &log)
	}
}

// sequence checks that all samples are of one session and that none is missing.
func sequence(t *testing.T, c cloud) {
	t.Helper()
	seen := map[int64]bool{}
	for _, s := range c.Samples {
		seen[s.Seq] = true
		if s.SessionID != c.Samples[0].SessionID {
			t.Errorf("sessions %s and %s", s.SessionID, c.Samples[0].SessionID)
		}
	}
	for seq := range int64(len(seen)) {
		if !seen[seq] {
			t.Errorf("of %d samples number %d is missing", len(seen), seq)
		}
	}
}

// TestReloadToAnotherStream: if the first stream does not exist, the samples reach the stream of the changed file.
func TestReloadToAnotherStream(t *testing.T) {
	c := newCloud(t)
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("stream: wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log buffer
	o := options(t, &log, "--config", path, "--region", "eu-west-1")
	o.StopWithin /= 10
	reload := make(chan os.Signal, 1)
	o.Reload = reload
	edge := start(t, o, &log)
	edge.logs("delivery stream wrong does not exist")
	if err := os.WriteFile(path, []byte("stream: the-stream\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload <- syscall.SIGHUP
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()
	sequence(t, c)
	if c.Asked > 0 {
		t.Errorf("SSM was asked %d times", c.Asked)
	}
}

// TestEdgeConfig: edge-config applies to settings that the machine does not set itself.
func TestEdgeConfig(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "edge-config": `{"interval": "9s", "tags": {"fleet": "eu", "team": "all"}}`})
	var log buffer
	edge := start(t, options(t, &log, "--tag", "team=core"), &log)
	edge.await("a sample with tags of both", func() bool { return c.newest().Tags["fleet"] == "eu" })
	edge.finish()
	if s := c.newest(); s.Tags["team"] != "core" || s.IntervalS != 1 || s.Env != "test" {
		t.Errorf("sample is %s", s.AppendJSON(nil))
	}
	sequence(t, c)
}

// TestReloadToAStream: if the settings name a stream, the stack's edge-config does not apply any more.
func TestReloadToAStream(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "edge-config": `{"tags": {"fleet": "eu"}}`})
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte("node_role: before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log buffer
	o := options(t, &log, "--config", path, "--region", "eu-west-1")
	reload := make(chan os.Signal, 1)
	o.Reload = reload
	edge := start(t, o, &log)
	edge.await("a sample with the tag of edge-config", func() bool { return c.newest().Tags["fleet"] == "eu" })
	if err := os.WriteFile(path, []byte("node_role: after\nstream: the-stream\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	reload <- syscall.SIGHUP
	edge.await("a sample without it", func() bool { return c.newest().NodeRole == "after" && len(c.newest().Tags) == 0 })
	edge.finish()
	sequence(t, c)
}

func TestEdgeConfigThatIsWrong(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "edge-config": `{"interval": "soon", "stack": "x"}`})
	var log buffer
	edge := start(t, options(t, &log), &log)
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()
	const want = `using the stack's edge-config is failing`
	if n := strings.Count(log.String(), want); n != 1 || !strings.Contains(log.String(), "stack: no such setting; it may have interval, max_latency, detail_interval, processes, tags") {
		t.Errorf("said %d times:\n%s", n, &log)
	}
}

// TestOfflineStart: a collector that starts while SSM does not answer uses the stream and the edge-config of its last run.
func TestOfflineStart(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "edge-config": `{"tags": {"fleet": "eu"}}`})
	dir := t.TempDir()
	var log buffer
	edge := start(t, options(t, &log, "--spool-dir", dir), &log)
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()

	c.change(func(s *cloudtest.Server) {
		s.Samples, s.Asked = nil, 0
		s.Raw = map[string]string{cloudtest.GetParameters: `{"__type":"InternalServerError","message":"offline"}`}
	})
	edge = start(t, options(t, &log, "--spool-dir", dir), &log)
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()
	if s := c.newest(); s.Tags["fleet"] != "eu" {
		t.Errorf("sample is %s", s.AppendJSON(nil))
	}

	// An answer of another stack is not used. If the file is broken, the log says so.
	for text, want := range map[string]string{
		`{"version":1,"stack":"Other","asked_in":"us-east-1","stream":"x","region":"y"}`: "asking the stack where to send is failing",
		`{"version":`: "the stored answer of the stack is not used",
	} {
		if err := os.WriteFile(filepath.Join(dir, "target.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var log buffer
		edge := start(t, options(t, &log, "--spool-dir", dir), &log)
		edge.logs(want)
		edge.logs("asking the stack where to send is failing")
		edge.finish()
	}
}

// TestRegionOfBefore: if nothing names a region now, the collector uses the region of its last run.
func TestRegionOfBefore(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	t.Setenv("AWS_ENDPOINT_URL_FIREHOSE", os.Getenv("AWS_ENDPOINT_URL"))
	t.Setenv("AWS_ENDPOINT_URL_SSM", os.Getenv("AWS_ENDPOINT_URL"))
	// With a loopback endpoint cloud.Load assumes a region. After the test, the Setenv of newCloud restores the variable.
	if err := os.Unsetenv("AWS_ENDPOINT_URL"); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kept := fmt.Sprintf(`{"version":1,"stack":"Fleet","asked_in":"eu-north-1","stream":%q,"region":"eu-west-1"}`, c.Stream)
	if err := os.WriteFile(filepath.Join(dir, "target.json"), []byte(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	var log buffer
	edge := start(t, options(t, &log, "--spool-dir", dir), &log)
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()
	if !c.Scopes["firehose in eu-west-1"] {
		t.Errorf("requests were signed for %v", c.Scopes)
	}
}
