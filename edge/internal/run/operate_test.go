package run_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/run"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// TestStatus: status reports a problem while it lasts.
func TestStatus(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream", "region": "eu-west-1"})
	c.refuses(func(int) string { return "ServiceUnavailableException" })
	dir := t.TempDir()
	var log buffer
	edge := start(t, options(t, &log, "--spool-dir", dir), &log)
	var r status.Report
	edge.await("a problem reported", func() bool { return edge.fetch(dir, &r) && len(r.Problems) > 0 })
	if p := r.Problems[0]; p.Subject != "delivery" || !strings.Contains(p.Error, "throttled") || p.Failures == 0 || time.Since(p.Since) > time.Minute {
		t.Errorf("problem is %+v", p)
	}
	if !r.Healthy || r.Samples.Waiting == 0 || r.Spool.OldestAgeS == nil || r.Delivery.LastAt != nil || r.Stream != "the-stream" || r.Region != "eu-west-1" {
		t.Errorf("report is %+v", r)
	}
	c.refuses(func(int) string { return "" })
	edge.await("no problem reported", func() bool { return edge.fetch(dir, &r) && len(r.Problems) == 0 && r.Samples.Delivered > 0 })
	if r.Version != "v1.2.3" || r.PID != os.Getpid() || r.SessionID != c.newest().SessionID || r.IntervalS != 1 ||
		r.Samples.Taken < r.Samples.Delivered || r.Delivery.LastAt == nil || r.Delivery.Retries == 0 || r.LastError == nil ||
		r.LastError.Subject != "delivery" || r.Spool.Bytes == 0 || r.Spool.MaxBytes != 1<<20 {
		t.Errorf("report is %+v", r)
	}
	edge.finish()
	if edge.fetch(dir, &r) {
		t.Error("a collector that has stopped answers")
	}
}

// TestListen: the configured address answers /healthz and /metrics. A request whose Host header has another name is refused. If the port is
// in use, Run fails.
func TestListen(t *testing.T) {
	c := newCloud(t)
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.Addr().String()
	var log buffer
	err = run.Run(t.Context(), options(t, &log, "--listen", address))
	if err == nil || err.Error() != "--listen "+address+": the port is in use; choose another, or port 0 for any" {
		t.Errorf("error is %v", err)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	edge := start(t, options(t, &log, "--listen", address), &log)
	get := func(path string) (body string, ok bool) {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			return "", false
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text), err == nil && resp.StatusCode == http.StatusOK
	}
	edge.await("healthy", func() bool { body, ok := get("/healthz"); return ok && body == "ok\n" })
	edge.await("a delivered sample in the metrics", func() bool {
		body, ok := get("/metrics")
		return ok && regexp.MustCompile(`(?m)^metrics_edge_samples_delivered_total [1-9]`).MatchString(body)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/status", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("to another name the answer is %s, %v", resp.Status, err)
	}
	edge.finish()
}

// TestNoSecretInLogs: no secret is logged, not even at level debug and if everything fails.
func TestNoSecretInLogs(t *testing.T) {
	c := newCloud(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDNOTTOBESEEN")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRETNOTTOBESEEN")
	t.Setenv("AWS_SESSION_TOKEN", "TOKENNOTTOBESEEN")
	t.Setenv("AWS_ENDPOINT_URL", strings.Replace(os.Getenv("AWS_ENDPOINT_URL"), "http://", "http://user:PASSWORDNOTTOBESEEN@", 1))
	c.refuses(func(int) string { return "InternalFailure" })
	var log buffer
	dir := t.TempDir()
	o := options(t, &log, "--log-level", "debug", "--spool-dir", dir)
	o.StopWithin = time.Second // nothing will be delivered
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	edge := start(t, o, &log)
	edge.logs("asking the stack where to send is failing")
	c.answers(map[string]string{"delivery-stream-name": "the-stream"})
	edge.logs("delivery is failing")
	c.change(func(s *cloudtest.Server) { s.Stream = "another" })
	edge.await("a stream that is gone", func() bool { return c.strangers() > 0 })
	r, err := status.Fetch(t.Context(), status.Socket(dir))
	if err != nil || r.LastError == nil {
		t.Errorf("report is %+v, %v", r, err)
	}
	edge.finish()
	if text := log.String() + r.LastError.Error; strings.Contains(text, "NOTTOBESEEN") {
		t.Errorf("log has a secret:\n%s", text)
	}
}
