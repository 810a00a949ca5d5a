package stack_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// buildTransform builds the Lambda function for this machine, once for all tests.
var buildTransform = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "transform")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-o", path, "github.com/metrics-dashboard/metrics-dashboard/functions/cmd/transform")
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := buildTransform(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// overBoth runs a test twice: with the transform in this process, and as an executable.
func overBoth(t *testing.T, test func(t *testing.T, transform string)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) { test(t, "") })
	t.Run("bootstrap", func(t *testing.T) {
		path, err := buildTransform()
		if err != nil {
			t.Fatal(err)
		}
		test(t, path)
	})
}

func start(t *testing.T, dir string, o stack.Options) *stack.Stack {
	t.Helper()
	s, err := template.Read(template.Default(), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return startOf(t, s, dir, o)
}

// startOf starts the stack that a template describes.
func startOf(t *testing.T, s spec.Stack, dir string, o stack.Options) *stack.Stack {
	t.Helper()
	o.Dir, o.Listen, o.Log = dir, "127.0.0.1:0", slog.New(slog.DiscardHandler)
	running, err := stack.Start(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return running
}

func client(running *stack.Stack) *firehose.Client {
	return firehose.New(firehose.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(running.Endpoint()), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("any", "credentials", ""),
	})
}

// streamName finds the stream as a collector does.
func streamName(t *testing.T, running *stack.Stack) *string {
	t.Helper()
	out, err := ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(running.Endpoint()),
		Credentials: credentials.NewStaticCredentialsProvider("any", "credentials", ""),
	}).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(running.ParameterPath() + "/delivery-stream-name")})
	if err != nil {
		t.Fatal(err)
	}
	return out.Parameter.Value
}

func put(t *testing.T, running *stack.Stack, records ...[]byte) {
	t.Helper()
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: streamName(t, running)}
	for _, r := range records {
		in.Records = append(in.Records, types.Record{Data: r})
	}
	out, err := client(running).PutRecordBatch(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if *out.FailedPutCount != 0 {
		t.Fatalf("%d records were not accepted", *out.FailedPutCount)
	}
}

func closeStack(t *testing.T, running *stack.Stack) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if err := running.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// line is one sample as JSON.
func line(hostname string, seq int, ts float64) []byte {
	return fmt.Appendf(nil, `{"ts":%.3f,"session_id":"s","seq":%d,"hostname":%q,"cpu_pct":12.5,"tags":{"rack":"a"}}`, ts, seq, hostname)
}

func compress(t *testing.T, lines ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bytes.Join(lines, []byte("\n"))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// query runs SQL over the lake and returns a string for each row.
func query(t *testing.T, dir, sql string) []string {
	t.Helper()
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	r, err := l.Query(t.Context(), panels.Query{SQL: sql})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Warnings) > 0 {
		t.Errorf("warnings: %q", r.Warnings)
	}
	var rows []string
	for i := range r.Rows() {
		var cells []string
		for _, column := range r.Data {
			cells = append(cells, fmt.Sprint(column[i]))
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return rows
}

// failedRecords returns the original bytes of all records under the error prefix.
func failedRecords(t *testing.T, dir string) []string {
	t.Helper()
	var data []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "/errors/processing-failed/") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for one := range strings.Lines(string(text)) {
			var e struct {
				RawData      string `json:"rawData"`
				ErrorCode    string `json:"errorCode"`
				ErrorMessage string `json:"errorMessage"`
			}
			if err := json.Unmarshal([]byte(one), &e); err != nil {
				return err
			}
			raw, err := base64.StdEncoding.DecodeString(e.RawData)
			if err != nil {
				return err
			}
			if e.ErrorCode == "" || e.ErrorMessage == "" {
				t.Errorf("no reason in %s", one)
			}
			data = append(data, string(raw))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(data)
	return data
}

// TestDelivery puts good records of each form and bad ones of each kind. The good ones become rows in their hours. The bad ones are
// kept under the error prefix with their original bytes.
func TestDelivery(t *testing.T) {
	overBoth(t, func(t *testing.T, transform string) {
		dir := t.TempDir()
		running := start(t, dir, stack.Options{Transform: transform, FlushEvery: time.Second})
		now := time.Now().UTC().Truncate(time.Hour)
		hour := func(ago int) float64 { return record.TS(now.Add(-time.Duration(ago) * time.Hour)) }
		bomb := compress(t, bytes.Repeat([]byte(" "), record.MaxPackBytes+1))
		bad := [][]byte{
			[]byte("rubbish"),
			{},
			{0xff, 0, 1},
			[]byte(`[1]`), []byte(`{"seq":1}`), []byte(`{"ts":"now"}`), []byte(`{"ts":0}`),
			[]byte(`{"ts":4102444800}`), append(line("half", 1, hour(1)), "\n{"...), bomb,
			{0x1f, 0x8b, 0},
		}
		good := [][]byte{
			line("plain", 0, hour(0)),
			append(append(line("lines", 0, hour(1)), '\n'), line("lines", 1, hour(1))...),
			append(line("concatenated", 0, hour(1)), line("concatenated", 1, hour(1))...),
			compress(t, line("pack", 0, hour(2)), line("pack", 1, hour(2)+1)),
			// The transform puts it back as one pack for each hour.
			compress(t, line("mixed", 0, hour(3)), line("mixed", 1, hour(4)), line("mixed", 2, hour(3)+1)),
		}
		put(t, running, slices.Concat(good[:3], bad, good[3:])...)
		closeStack(t, running)

		rows := query(t, dir, `SELECT hostname, seq, year || month || day || hour, cpu_pct, tags['rack'], ram_pct FROM samples
			ORDER BY hostname, seq`)
		at := func(ago int) string {
			return now.Add(-time.Duration(ago)*time.Hour).Format("2006010215") + " 12.5 a <nil>"
		}
		want := []string{
			"concatenated 0 " + at(1), "concatenated 1 " + at(1), "lines 0 " + at(1), "lines 1 " + at(1),
			"mixed 0 " + at(3), "mixed 1 " + at(4), "mixed 2 " + at(3), "pack 0 " + at(2), "pack 1 " + at(2), "plain 0 " + at(0),
		}
		if !slices.Equal(rows, want) {
			t.Errorf("have\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
		}
		var wantFailed []string
		for _, b := range bad {
			wantFailed = append(wantFailed, string(b))
		}
		slices.Sort(wantFailed)
		if got := failedRecords(t, dir); !slices.Equal(got, wantFailed) {
			t.Errorf("%d records under the error prefix, want the %d bad ones\n%.200q\n%.200q", len(got), len(wantFailed), got, wantFailed)
		}
		s := running.Stats()
		if s.Pending != 0 || s.Rows != int64(len(want)) || s.FailedRecords != int64(len(bad)) || s.InvocationErrors != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

// A stack that is closed without time to deliver keeps its records. The next run delivers each of them once.
func TestRestart(t *testing.T) {
	overBoth(t, func(t *testing.T, transform string) {
		dir := t.TempDir()
		running := start(t, dir, stack.Options{Transform: transform})
		var records [][]byte
		for i := range 300 {
			records = append(records, line("a", i, record.TS(time.Now())))
		}
		put(t, running, records...)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := running.Close(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "stay in the journal") {
			t.Errorf("have %v, want that records stay in the journal", err)
		}
		closeStack(t, start(t, dir, stack.Options{Transform: transform}))
		if got := query(t, dir, "SELECT count(*), count(DISTINCT seq) FROM samples"); got[0] != "300 300" {
			t.Errorf("have %s, want 300 300", got)
		}
	})
}

// TestFaults puts through all faults with a client that retries as documented. Each record arrives. A record that was taken and
// answered with an error arrives twice.
func TestFaults(t *testing.T) {
	dir := t.TempDir()
	running := start(t, dir, stack.Options{Faults: fault.Rates{Throttle: 0.1, Partial: 0.3, Error: 0.2, Drop: 0.2, Latency: time.Millisecond}, FaultSeed: 3})
	c := client(running)
	var todo []types.Record
	const total = 400
	for i := range total {
		todo = append(todo, types.Record{Data: line("a", i, record.TS(time.Now()))})
	}
	attempts := 0
	for ; len(todo) > 0 && attempts < 1000; attempts++ {
		batch := todo[:min(20, len(todo))]
		out, err := c.PutRecordBatch(t.Context(), &firehose.PutRecordBatchInput{
			DeliveryStreamName: aws.String("MetricsDashboard-Stream"), Records: batch,
		})
		if err != nil {
			continue
		}
		rest := slices.Clone(todo[len(batch):])
		for i, r := range out.RequestResponses {
			if r.ErrorCode != nil {
				rest = append(rest, batch[i])
			}
		}
		todo = rest
	}
	closeStack(t, running)
	if got := query(t, dir, "SELECT count(DISTINCT seq) FROM samples"); got[0] != fmt.Sprint(total) {
		t.Errorf("%s of %d samples arrived after %d attempts", got, total, attempts)
	}
	if got := query(t, dir, "SELECT count(*) > count(DISTINCT seq) FROM samples"); got[0] != "true" {
		t.Error("there are no duplicates; want some from calls that failed after they did their work")
	}
}

// A stack whose journal is full refuses records as throttled.
func TestBusy(t *testing.T) {
	running := start(t, t.TempDir(), stack.Options{JournalBytes: 100 << 10})
	defer closeStack(t, running)
	c := client(running)
	// One record larger than the journal: a delivery cannot make room for it.
	_, err := c.PutRecord(t.Context(), &firehose.PutRecordInput{
		DeliveryStreamName: streamName(t, running), Record: &types.Record{Data: bytes.Repeat([]byte(" "), 200<<10)},
	})
	var busy *types.ServiceUnavailableException
	if !errors.As(err, &busy) || busy.ErrorMessage() != "Slow down." {
		t.Errorf("have %v, want ServiceUnavailableException", err)
	}
	put(t, running, line("a", 1, record.TS(time.Now())))
}

func TestForeignHostName(t *testing.T) {
	running := start(t, t.TempDir(), stack.Options{})
	defer closeStack(t, running)
	for name, status := range map[string]int{"evil.example": http.StatusForbidden, "localhost:1": http.StatusNotFound, "[::1]": http.StatusNotFound} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, running.Endpoint()+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = name
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%s: status %d, want %d", name, response.StatusCode, status)
		}
	}
}

func TestStartRefusals(t *testing.T) {
	s, err := template.Read(template.Default(), template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	running := start(t, t.TempDir(), stack.Options{})
	defer closeStack(t, running)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	locked := t.TempDir()
	holder := start(t, locked, stack.Options{})
	defer closeStack(t, holder)
	for _, test := range []struct {
		name string
		o    stack.Options
		want string
	}{
		{"port in use", stack.Options{Dir: t.TempDir(), Listen: strings.TrimPrefix(running.Endpoint(), "http://")}, "the port is in use"},
		{"remote", stack.Options{Dir: t.TempDir(), Listen: "0.0.0.0:0"}, "--allow-remote"},
		{"no address", stack.Options{Dir: t.TempDir(), Listen: "4566"}, "want host:port"},
		{"directory is a file", stack.Options{Dir: file, Listen: "127.0.0.1:0"}, file},
		{"directory of another", stack.Options{Dir: locked, Listen: "127.0.0.1:0"}, "another process has it open"},
		{"transform", stack.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", Transform: file}, "permission denied"},
	} {
		test.o.Log = slog.New(slog.DiscardHandler)
		_, err := stack.Start(t.Context(), s, test.o)
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: have %v, want one line with %q", test.name, err, test.want)
		}
	}
}
