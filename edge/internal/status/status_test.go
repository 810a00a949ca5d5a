package status_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

var now = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

// report is the report of a collector in which every field has a value.
func report() status.Report {
	age, last := 125.5, now.Add(-90*time.Second)
	failure := retry.Failure{Subject: "delivery", At: now.Add(-time.Second), Error: "throttled: \"slow\\down\"\nplease"}
	return status.Report{
		Version: "v1.2.3", PID: 7, StartedAt: now.Add(-time.Hour), SessionID: "5e55", Healthy: true, IntervalS: 3, MaxLatencyS: 60,
		Stack: "Fleet", Stream: "the-stream", Region: "eu-west-1", EdgeConfig: "{\n \"interval\": \"3s\"}",
		Samples:  status.Samples{Taken: 1200, Delivered: 1100, Waiting: 90, Dropped: map[string]int64{status.SpoolFull: 8, status.Refused: 2}},
		Delivery: status.Delivery{Records: 55, Requests: 60, Retries: 5, LastAt: &last},
		Spool:    status.Spool{Dir: "/var/lib/metrics-edge", Bytes: 1 << 20, MaxBytes: 64 << 20, Segments: 2, MemoryLines: 3, OldestAgeS: &age, SetAside: 2, Lost: 11},
		Problems: []retry.Problem{
			{Failure: failure, Since: now.Add(-10 * time.Minute), Failures: 12},
			{Failure: retry.Failure{Subject: "collector"}, Failures: 1},
			{Failure: retry.Failure{Subject: "collector"}, Failures: 2},
		},
		LastError: &failure, CollectorFailures: 4,
	}
}

// TestMetrics: Prometheus' own parser reads the metrics.
func TestMetrics(t *testing.T) {
	r := report()
	r.Version = "v1 \"odd\\\n"
	var out bytes.Buffer
	if err := status.WriteMetrics(&out, r, now); err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(&out)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for name, f := range families {
		if !strings.HasPrefix(name, "metrics_edge_") || f.GetHelp() == "" || (f.GetType() == dto.MetricType_COUNTER) != strings.HasSuffix(name, "_total") {
			t.Errorf("%s is a %v: %s", name, f.GetType(), f.GetHelp())
		}
		for _, m := range f.GetMetric() {
			key := strings.TrimPrefix(name, "metrics_edge_")
			for _, l := range m.GetLabel() {
				key += "|" + l.GetValue()
			}
			got[key] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	for key, want := range map[string]float64{
		"build_info|" + r.Version: 1, "start_time_seconds": 1770087906, "healthy": 1, "interval_seconds": 3, "samples_taken_total": 1200,
		"samples_delivered_total": 1100, "samples_dropped_total|spool_full": 8, "samples_dropped_total|refused": 2,
		"samples_dropped_total|damaged": 0, "samples_dropped_total|not_stored": 0, "spool_samples": 90, "spool_memory_samples": 3, "spool_set_aside_total": 2, "spool_lost_samples": 11,
		"spool_bytes": 1 << 20, "spool_max_bytes": 64 << 20, "spool_oldest_seconds": 125.5, "records_delivered_total": 55,
		"requests_total": 60, "retries_total": 5, "last_delivery_seconds": 90, "collector_failures_total": 4,
		"last_error_timestamp_seconds|delivery": 1770091505, "failing|delivery": 12, "failing|collector": 3,
	} {
		if v, ok := got[key]; !ok || v != want {
			t.Errorf("%s is %v, %v, want %v", key, v, ok, want)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("further metrics: %v", got)
	}
}

func TestHealth(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*status.Report)
		code   int
		want   string
	}{
		"well":       {func(r *status.Report) { r.Problems = nil }, 200, "ok\n"},
		"in trouble": {func(r *status.Report) { r.Problems = r.Problems[:1] }, 200, "ok\ndelivery is failing since 2026-02-03T03:55:06Z: throttled"},
		"hanging":    {func(r *status.Report) { r.Healthy, r.OverdueS = false, 42 }, 503, "a sample was due 42 s ago and was not taken\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report()
			c.change(&r)
			answer := httptest.NewRecorder()
			status.Handler(func() status.Report { return r }).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/healthz", nil))
			if answer.Code != c.code || !strings.HasPrefix(answer.Body.String(), c.want) {
				t.Errorf("answer is %d %q", answer.Code, answer.Body)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	var out bytes.Buffer
	if err := status.Print(&out, report(), now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"healthy, with problems; running for 1h0m0s (pid 7, version v1.2.3)", "the-stream in eu-west-1 (stack Fleet)",
		"every 3s, packed after about 1m0s; session 5e55", `edge-config of the stack: { "interval": "3s"}`,
		"1200 taken, 1100 delivered, 90 waiting, DROPPED: 8 spool full, 2 refused", "55 records in 60 requests, 5 of them retries; the last 1m30s ago",
		"1.0 MiB of 64 MiB in /var/lib/metrics-edge, the oldest sample is 2m6s old, 3 SAMPLES IN MEMORY ONLY, 2 DAMAGED SEGMENTS SET ASIDE as *.corrupt, 11 samples lost since the spool was first used",
		"delivery is failing for 10m0s, 12 times: throttled",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, &out)
		}
	}
	out.Reset()
	fresh := status.Report{StartedAt: now, Stack: "Fleet", LastError: &retry.Failure{Subject: "discovery", At: now.Add(-5 * time.Second), Error: "no"}}
	if err := status.Print(&out, fresh, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NOT HEALTHY", "not known yet (stack Fleet)", "none dropped", "nothing delivered yet", "5s ago, discovery: no"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, &out)
		}
	}
	out.Reset()
	if err := status.Print(&out, status.Report{Stream: "mine", Region: "eu-west-1"}, now); err != nil || !strings.Contains(out.String(), "mine in eu-west-1 (named by --stream)\n") {
		t.Errorf("without a stack: %v\n%s", err, &out)
	}
}

// TestSocket: a new socket replaces one that a killed process left, and only its owner may use it.
func TestSocket(t *testing.T) {
	path := status.Socket(t.TempDir())
	if _, err := status.Fetch(t.Context(), path); !errors.Is(err, status.ErrNotRunning) {
		t.Errorf("without a socket: %v", err)
	}
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := status.Fetch(t.Context(), path); !errors.Is(err, status.ErrNotRunning) {
		t.Errorf("with the socket of a process that has ended: %v", err)
	}
	l, err := status.ListenSocket(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" { // files have no such modes on Windows
		t.Errorf("socket is %v, %v", info, err)
	}
	go func() { _ = status.Serve(t.Context(), l, status.Handler(report)) }()
	r, err := status.Fetch(t.Context(), path)
	if err != nil || r.Samples.Taken != 1200 || !r.StartedAt.Equal(report().StartedAt) {
		t.Errorf("report is %+v, %v", r, err)
	}
}

// TestAnswersThatAreNotReports: if the answer is not a report, the error says what came instead.
func TestAnswersThatAreNotReports(t *testing.T) {
	for want, answer := range map[string]http.HandlerFunc{
		"404 Not Found":         http.NotFound,
		"read the collector's ": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") },
	} {
		l, err := status.ListenSocket(t.Context(), filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = status.Serve(t.Context(), l, answer) }()
		if _, err := status.Fetch(t.Context(), l.Addr().String()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

// TestSocketPathThatIsTooLong: the error says that the path is too long; the system only says "invalid argument".
func TestSocketPathThatIsTooLong(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 120))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := status.Socket(dir)
	_, listenErr := status.ListenSocket(t.Context(), path)
	_, fetchErr := status.Fetch(t.Context(), path)
	for _, err := range []error{listenErr, fetchErr} {
		if !errors.Is(err, status.ErrNoSocket) || !strings.Contains(err.Error(), "bytes; use a --spool-dir of less than 90") {
			t.Errorf("error is %v", err)
		}
	}
}
