package agent_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/agent"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// cloud speaks the JSON 1.1 protocol of SSM and Firehose, as far as the collector does.
type cloud struct {
	t *testing.T

	mu        sync.Mutex
	pages     []string // answers of GetParametersByPath, by token
	stream    string   // that there is
	strangers int      // requests to another
	puts      int
	fail      func(put, record int) string // error code of a record, "" to accept it
	samples   []record.Sample
	regions   map[string]bool // that requests were signed for, by service
	received  chan struct{}   // gets a token for each sample, as far as there is room
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{t: t, stream: "the-stream", regions: map[string]bool{}, received: make(chan struct{}, 1000)}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": t.TempDir() + "/none", "AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
	} {
		t.Setenv(name, value)
	}
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Credential=id/20260203/us-east-1/ssm/aws4_request
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 3 {
		c.regions[scope[3]+" in "+scope[2]] = true
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "AmazonSSM.GetParametersByPath":
		c.parameters(w, r)
	case "Firehose_20150804.PutRecordBatch":
		c.put(w, r)
	default:
		c.t.Errorf("request of %s", target)
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (c *cloud) parameters(w http.ResponseWriter, r *http.Request) {
	var in struct{ Path, NextToken string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Path != "/metrics-dashboard/Fleet/" {
		c.t.Errorf("GetParametersByPath of %+v: %v", in, err)
	}
	page := 0
	if in.NextToken != "" {
		_, _ = fmt.Sscan(in.NextToken, &page)
	}
	if page >= len(c.pages) {
		fmt.Fprint(w, `{"Parameters":[]}`)
		return
	}
	next := ""
	if page+1 < len(c.pages) {
		next = fmt.Sprintf(`,"NextToken":"%d"`, page+1)
	}
	fmt.Fprintf(w, `{"Parameters":[%s]%s}`, c.pages[page], next)
}

func (c *cloud) put(w http.ResponseWriter, r *http.Request) {
	var in struct {
		DeliveryStreamName string
		Records            []struct{ Data []byte }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		c.t.Errorf("PutRecordBatch to %q: %v", in.DeliveryStreamName, err)
	}
	if in.DeliveryStreamName != c.stream {
		c.strangers++
		c.pages = []string{parameter("region", "eu-west-1"), parameter("delivery-stream-name", c.stream)}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"ResourceNotFoundException","message":"Firehose not found"}`)
		return
	}
	var results []string
	failed := 0
	for i, rec := range in.Records {
		if code := c.fail(c.puts, i); code != "" {
			failed++
			results = append(results, fmt.Sprintf(`{"ErrorCode":%q,"ErrorMessage":"slow down"}`, code))
			continue
		}
		results = append(results, fmt.Sprintf(`{"RecordId":"%d"}`, i))
		c.accept(rec.Data)
	}
	c.puts++
	fmt.Fprintf(w, `{"FailedPutCount":%d,"RequestResponses":[%s]}`, failed, strings.Join(results, ","))
}

func (c *cloud) accept(data []byte) {
	var reader record.PackReader
	lines, err := reader.AppendLines(nil, data)
	if err != nil {
		c.t.Errorf("record is no pack: %v", err)
	}
	for line := range bytes.Lines(lines) {
		s, err := record.ParseSample(line)
		if err != nil {
			c.t.Errorf("line is no sample: %v", err)
		}
		c.samples = append(c.samples, s)
		select {
		case c.received <- struct{}{}:
		default:
		}
	}
}

func parameter(name, value string) string {
	return fmt.Sprintf(`{"Name":"/metrics-dashboard/Fleet/%s","Type":"String","Value":%q}`, name, value)
}

// buffer is a log that is read while it is written.
type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func options(t *testing.T, log *buffer) agent.Options {
	t.Helper()
	return agent.Options{
		Stack: "Fleet", Interval: time.Second, MaxLatency: time.Second, StopWithin: 10 * time.Second,
		SpoolDir: t.TempDir(), SpoolBytes: 1 << 20, Sync: 5 * time.Second, BacklogRate: 20,
		Labels: sampler.Labels{Env: "test"}, Log: slog.New(slog.NewTextHandler(log, nil)),
	}
}

// TestEndToEnd is this machine's samples through discovery and delivery by the real SDK, with throttling on the way.
func TestEndToEnd(t *testing.T) {
	c := newCloud(t)
	c.pages = []string{
		parameter("bucket-name", "b") + "," + parameter("region", "eu-west-1"), parameter("delivery-stream-name", "the-stream"),
	}
	c.fail = func(put, _ int) string {
		if put == 0 {
			return "ServiceUnavailableException"
		}
		return ""
	}
	var log buffer
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- agent.Run(ctx, options(t, &log)) }()
	for range 2 {
		select {
		case <-c.received:
		case <-time.After(time.Minute):
			t.Fatalf("nothing is delivered:\n%s", &log)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for _, s := range c.samples {
		seen[s.Seq] = true
		if s.SessionID == "" || s.SessionID != c.samples[0].SessionID || s.Env != "test" || s.IntervalS != 1 || s.Hostname == "" {
			t.Errorf("sample is %s", s.AppendJSON(nil))
		}
	}
	for seq := range int64(len(seen)) {
		if !seen[seq] {
			t.Errorf("of %d samples number %d is missing", len(seen), seq)
		}
	}
	if !c.regions["ssm in us-east-1"] || !c.regions["firehose in eu-west-1"] || len(c.regions) != 2 {
		t.Errorf("requests were signed for %v", c.regions)
	}
	text := log.String()
	for _, want := range []string{
		"msg=started", "first sample taken", "stream=the-stream region=eu-west-1", "delivery is failing",
		"throttled: ServiceUnavailableException", "first batch delivered", "delivery works again", "msg=stopped", "undelivered=0 dropped=0",
	} {
		if n := strings.Count(text, want); n != 1 {
			t.Errorf("log has %q %d times:\n%s", want, n, text)
		}
	}
}

// TestStreamIsReplaced: the collector finds the stream that took the place of the one it knew. Nothing is lost.
func TestStreamIsReplaced(t *testing.T) {
	c := newCloud(t)
	c.pages = []string{parameter("delivery-stream-name", "the-one-before")}
	c.fail = func(int, int) string { return "" }
	var log buffer
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- agent.Run(ctx, options(t, &log)) }()
	select {
	case <-c.received:
	case <-time.After(time.Minute):
		t.Fatalf("nothing is delivered:\n%s", &log)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"no such stream: delivery stream the-one-before", "msg=\"shipping to another stream\" stream=the-stream", "undelivered=0 dropped=0",
	} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("log has %q %d times:\n%s", want, n, log.String())
		}
	}
	if c.strangers == 0 || c.samples[0].Seq != 0 {
		t.Errorf("%d requests to the stream before, the first sample is %d", c.strangers, c.samples[0].Seq)
	}
}

func TestStackThatIsNotThere(t *testing.T) {
	newCloud(t)
	var log buffer
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o := options(t, &log)
	o.Log = slog.New(slog.NewTextHandler(writerFunc(func(p []byte) (int, error) {
		n, err := log.Write(p)
		if text := log.String(); strings.Contains(text, "discovery is failing") && strings.Contains(text, "first sample taken") {
			stop()
		}
		return n, err
	}), nil))
	if err := agent.Run(ctx, o); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"no parameters under /metrics-dashboard/Fleet/ in us-east-1: deploy the stack there, or name another with --stack",
		"delivered=0", "level=WARN msg=stopped",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log lacks %q:\n%s", want, &log)
		}
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestNoRegion(t *testing.T) {
	newCloud(t)
	t.Setenv("AWS_ENDPOINT_URL", "")
	var log buffer
	err := agent.Run(t.Context(), options(t, &log))
	if err == nil || err.Error() != "no AWS region: pass --region or set AWS_REGION" {
		t.Errorf("error is %v", err)
	}
}
