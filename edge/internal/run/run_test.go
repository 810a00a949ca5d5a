package run_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/run"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// options returns the options of edge run with a command line, in the environment that newCloud makes.
func options(t *testing.T, log *buffer, args ...string) run.Options {
	t.Helper()
	cmd := &cobra.Command{Use: "run"}
	source := config.Declare(cmd, config.ForRun, os.Environ())
	all := []string{
		"--stack=Fleet", "--interval=1s", "--max-latency=1s", "--spool-max=1MiB", "--env=test", "--spool-dir=" + t.TempDir(),
	}
	if err := cmd.ParseFlags(append(all, args...)); err != nil {
		t.Fatal(err)
	}
	return run.Options{
		Load: source.Load, StopWithin: 10 * time.Second, Version: "v1.2.3", Log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

// buffer is a log that a test reads while others write.
type buffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// collector is a running collector.
type collector struct {
	t    *testing.T
	log  *buffer
	stop context.CancelFunc
	done chan error
}

func start(t *testing.T, o run.Options, log *buffer) *collector {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &collector{t, log, stop, make(chan error, 1)}
	go func() { c.done <- run.Run(ctx, o) }()
	return c
}

// finish stops the collector and waits for it.
func (c *collector) finish() {
	c.t.Helper()
	c.stop()
	if err := <-c.done; err != nil {
		c.t.Fatal(err)
	}
}

// await waits until a condition holds. It fails after a minute.
func (c *collector) await(what string, holds func() bool) {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within a minute: %s\n%s", what, c.log)
		}
	}
}

// logs waits until the log contains a text.
func (c *collector) logs(text string) {
	c.t.Helper()
	c.await("log has "+text, func() bool { return strings.Contains(c.log.String(), text) })
}

// fetch asks the collector whose spool is in a directory for its report. It returns false if the collector does not answer.
func (c *collector) fetch(dir string, r *status.Report) bool {
	var err error
	*r, err = status.Fetch(c.t.Context(), status.Socket(dir))
	return err == nil
}

// TestEndToEnd: samples of this machine pass discovery and delivery by the real SDK. The first request is throttled.
func TestEndToEnd(t *testing.T) {
	c := newCloud(t)
	c.Parameters = map[string]string{"bucket-name": "b", "region": "eu-west-1", "delivery-stream-name": "the-stream"}
	c.refuses(func(put int) string {
		if put == 0 {
			return "ServiceUnavailableException"
		}
		return ""
	})
	var log buffer
	edge := start(t, options(t, &log), &log)
	edge.await("two samples delivered", func() bool { return c.delivered() >= 2 })
	edge.finish()
	sequence(t, c)
	for _, s := range c.Samples {
		if s.SessionID == "" || s.Env != "test" || s.IntervalS != 1 || s.Hostname == "" {
			t.Errorf("sample is %s", s.AppendJSON(nil))
		}
	}
	if !c.Scopes["ssm in us-east-1"] || !c.Scopes["firehose in eu-west-1"] || len(c.Scopes) != 2 {
		t.Errorf("requests were signed for %v", c.Scopes)
	}
	text := log.String()
	for _, want := range []string{
		"msg=started", "first sample taken", "stream=the-stream region=eu-west-1", "delivery is failing",
		"throttled: ServiceUnavailableException", "first samples delivered", "delivery works again", "msg=stopped", "undelivered=0 dropped=0",
	} {
		if n := strings.Count(text, want); n != 1 {
			t.Errorf("log has %q %d times:\n%s", want, n, text)
		}
	}
}

// TestStreamIsReplaced: the collector finds the stream that replaced the one it knew. No sample is lost.
func TestStreamIsReplaced(t *testing.T) {
	c := newCloud(t)
	c.Parameters = map[string]string{"delivery-stream-name": "the-one-before"}
	var log buffer
	edge := start(t, options(t, &log), &log)
	edge.await("a request to the stream before", func() bool { return c.strangers() > 0 })
	c.answers(map[string]string{"region": "eu-west-1", "delivery-stream-name": "the-stream"})
	edge.await("a sample delivered", func() bool { return c.delivered() >= 1 })
	edge.finish()
	for _, want := range []string{
		"delivery stream the-one-before does not exist", "msg=\"shipping to another stream\" stream=the-stream", "undelivered=0 dropped=0",
	} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("log has %q %d times:\n%s", want, n, log.String())
		}
	}
	if c.Samples[0].Seq != 0 {
		t.Errorf("the first sample is %d", c.Samples[0].Seq)
	}
}

func TestStackThatIsNotThere(t *testing.T) {
	newCloud(t)
	var log buffer
	edge := start(t, options(t, &log), &log)
	edge.logs("asking the stack where to send is failing")
	edge.logs("first sample taken")
	edge.finish()
	for _, want := range []string{
		"no parameters under /metrics-dashboard/Fleet/ in us-east-1: deploy the stack there, name another stack with --stack and --region",
		"delivered=0", "level=WARN msg=stopped",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, &log)
		}
	}
}

// TestNoRegion: a collector without a region takes samples, and delivers them once something names a region.
func TestNoRegion(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	endpoint := os.Getenv("AWS_ENDPOINT_URL") // with a loopback endpoint Load assumes a region
	if err := os.Unsetenv("AWS_ENDPOINT_URL"); err != nil {
		t.Fatal(err)
	}
	var log buffer
	o := options(t, &log)
	reload := make(chan os.Signal, 1)
	o.Reload = reload
	edge := start(t, o, &log)
	edge.logs("loading the AWS configuration is failing")
	edge.logs("first sample taken")
	t.Setenv("AWS_ENDPOINT_URL", endpoint)
	reload <- syscall.SIGHUP
	edge.await("a sample delivered", func() bool { return c.delivered() > 0 })
	edge.finish()
	sequence(t, c)
	for _, want := range []string{"no AWS region: pass --region or set AWS_REGION", "loading the AWS configuration works again"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, &log)
		}
	}
}
