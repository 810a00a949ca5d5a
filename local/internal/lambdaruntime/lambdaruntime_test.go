package lambdaruntime

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
)

// TestMain lets tests start their own executable as a function.
func TestMain(m *testing.M) {
	if behaviour := os.Getenv("BEHAVIOUR"); behaviour != "" {
		if err := behave(behaviour); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// behave calls the Runtime API itself. It can therefore make mistakes that Lambda's library does not make.
func behave(behaviour string) error {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	post := func(path, body string) error {
		response, err := http.Post(api+path, "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	switch behaviour {
	case "init error":
		return post("init/error", `{"errorMessage":"no database","errorType":"Boom"}`)
	case "exit at start":
		os.Exit(4)
	}
	for {
		response, err := http.Get(api + "invocation/next")
		if err != nil {
			return err
		}
		payload, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		id := "invocation/" + response.Header.Get("Lambda-Runtime-Aws-Request-Id")
		if err := respond(behaviour, id, payload, response.Header, post); err != nil {
			return err
		}
	}
}

func respond(behaviour, id string, payload []byte, header http.Header, post func(path, body string) error) error {
	switch behaviour {
	case "echo":
		var ev transform.Event
		if err := json.Unmarshal(payload, &ev); err != nil {
			return err
		}
		var answer transform.Response
		for _, r := range ev.Records {
			answer.Records = append(answer.Records, transform.Result{RecordID: r.RecordID, Result: transform.OK, Data: r.Data})
		}
		body, err := answer.MarshalJSON()
		if err != nil {
			return err
		}
		fmt.Println("echoing")
		return post(id+"/response", string(body))
	case "environment":
		about := strings.Join(append(os.Environ(),
			"pid="+strconv.Itoa(os.Getpid()),
			"deadline="+header.Get("Lambda-Runtime-Deadline-Ms"),
			"arn="+header.Get("Lambda-Runtime-Invoked-Function-Arn")), "\n")
		body, err := transform.Response{Records: []transform.Result{{RecordID: "r", Data: []byte(about)}}}.MarshalJSON()
		if err != nil {
			return err
		}
		return post(id+"/response", string(body))
	case "error":
		return post(id+"/error", `{"errorMessage":"it broke","errorType":"Boom"}`)
	case "error and exit":
		if err := post(id+"/error", `{"errorMessage":"it broke","errorType":"Panic"}`); err != nil {
			return err
		}
		os.Exit(1)
	case "exit":
		os.Exit(5)
	case "hang":
		select {}
	case "not JSON":
		return post(id+"/response", `{"records":`)
	case "bad base64":
		return post(id+"/response", `{"records":[{"recordId":"bad","result":"Ok","data":"*"},{"recordId":"good","result":"Ok","data":"YQ=="}]}`)
	case "large":
		return post(id+"/response", `{"records":[],"x":"`+strings.Repeat("x", MaxPayload)+`"}`)
	case "wrong id":
		if err := post("invocation/other/response", `{"records":[]}`); err != nil {
			return err
		}
		return post(id+"/response", `{"records":[{"recordId":"right"}]}`)
	}
	return fmt.Errorf("the test does not know the behaviour %q", behaviour)
}

func function(t *testing.T, behaviour string, timeout time.Duration) Function {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Function{
		Path: path, ARN: "arn:aws:lambda:us-east-1:000000000000:function:f", Name: "f", Handler: "bootstrap", Region: "us-east-1",
		Timeout: timeout, MemoryMB: 256, Endpoint: "http://127.0.0.1:1", AccessKeyID: "function",
		Environment: map[string]string{"BEHAVIOUR": behaviour, "AWS_REGION": "not-this-one"},
	}
}

func open(t *testing.T, f Function, o Options) *Runtime {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r, err := New(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func events(n int) transform.Event {
	ev := transform.Event{InvocationID: "i", DeliveryStreamARN: "arn", Region: "us-east-1"}
	for i := range n {
		ev.Records = append(ev.Records, transform.Record{RecordID: strconv.Itoa(i), Data: []byte{byte(i), 0xff}})
	}
	return ev
}

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestInvoke(t *testing.T) {
	var log lines
	r := open(t, function(t, "echo", time.Minute), Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for range 3 {
		ev := events(3)
		answer, err := r.Invoke(t.Context(), ev)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range answer.Records {
			if a.RecordID != ev.Records[i].RecordID || a.Result != transform.OK || !bytes.Equal(a.Data, ev.Records[i].Data) {
				t.Errorf("record %d: have %+v", i, a)
			}
		}
		if len(answer.Records) != 3 {
			t.Errorf("%d answers, want 3", len(answer.Records))
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "output=echoing") {
		t.Errorf("the function's output is not in the log: %s", log.String())
	}
	if _, err := r.Invoke(t.Context(), events(1)); err == nil {
		t.Error("an invocation after Close")
	}
}

func TestEnvironment(t *testing.T) {
	r := open(t, function(t, "environment", time.Minute), Options{})
	before := time.Now()
	answer, err := r.Invoke(t.Context(), events(1))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]string{}
	for _, line := range strings.Split(string(answer.Records[0].Data), "\n") {
		name, value, _ := strings.Cut(line, "=")
		have[name] = value
	}
	for name, want := range map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME": "f", "_HANDLER": "bootstrap", "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "BEHAVIOUR": "environment", "arn": "arn:aws:lambda:us-east-1:000000000000:function:f",
	} {
		if have[name] != want {
			t.Errorf("%s=%q, want %q", name, have[name], want)
		}
	}
	if have["AWS_ACCESS_KEY_ID"] != "function" || have["AWS_SECRET_ACCESS_KEY"] == "" || have["HOME"] != "" {
		t.Error("want credentials, and no variable of this process")
	}
	deadline, err := strconv.ParseInt(have["deadline"], 10, 64)
	if at := time.UnixMilli(deadline); err != nil || at.Before(before) || at.After(time.Now().Add(time.Minute)) {
		t.Errorf("deadline %q is not within the function's timeout", have["deadline"])
	}
}

// TestFailures runs functions that do not answer, or answer wrongly. Each is invoked twice. The second invocation must give the same
// error as the first.
func TestFailures(t *testing.T) {
	tests := []struct {
		behaviour string
		timeout   time.Duration
		code      string
		message   string
		final     bool
	}{
		{"error", time.Minute, codeFunction, "Boom: it broke", false},
		{"error and exit", time.Minute, codeFunction, "Panic: it broke", false},
		{"exit", time.Minute, codeFunction, "Runtime exited with error: exit status 5", false},
		{"hang", 50 * time.Millisecond, codeFunction, "Task timed out after 0.05 seconds", false},
		{"not JSON", time.Minute, codeJSON, "required format", true},
		{"large", time.Minute, codeFunction, "Response payload size exceeded", false},
	}
	for _, test := range tests {
		t.Run(test.behaviour, func(t *testing.T) {
			r := open(t, function(t, test.behaviour, test.timeout), Options{})
			for range 2 {
				_, err := r.Invoke(t.Context(), events(1))
				var failed *delivery.InvokeError
				if !errors.As(err, &failed) {
					t.Fatalf("have %v, want an InvokeError", err)
				}
				if failed.Code != test.code || failed.Final != test.final || !strings.Contains(failed.Message, test.message) {
					t.Errorf("have %+v", failed)
				}
			}
		})
	}
}

// If the answer for one record cannot be read, the others are used.
func TestMalformedAnswer(t *testing.T) {
	r := open(t, function(t, "bad base64", time.Minute), Options{})
	answer, err := r.Invoke(t.Context(), events(1))
	var malformed delivery.MalformedAnswers
	if !errors.As(err, &malformed) || len(malformed) != 1 || !strings.Contains(malformed["bad"], "base64") {
		t.Errorf("error %v", err)
	}
	if len(answer.Records) != 1 || answer.Records[0].RecordID != "good" || string(answer.Records[0].Data) != "a" {
		t.Errorf("answers %+v", answer)
	}
}

func TestDecode(t *testing.T) {
	for answer, want := range map[string]struct{ good, bad int }{
		`{"records":[]}`: {},
		`{"records":[{"recordId":"a","result":"Ok","data":"YQ=="}]}`:                                                          {1, 0},
		`{"records":[{"recordId":"a","result":"Ok","data":null},{"recordId":"b","result":"Ok"}]}`:                             {2, 0},
		`{"records":[{"recordId":"a","result":7,"data":"YQ=="},{"recordId":"b","result":"Dropped"}]}`:                         {1, 1},
		`{"records":[{"recordId":"a","result":"Ok","data":"YQ==","metadata":{"partitionKeys":{"year":2026}}},{"x":1},"y",3]}`: {1, 1},
		`{"records":[{"recordId":7,"result":"Ok","data":"YQ=="}]}`:                                                            {},
		`{"records":{"recordId":"a"}}`: {},
		`{"record":[]}`:                {},
		`null`:                         {},
		`[]`:                           {},
		`"text"`:                       {},
	} {
		response, err := decode([]byte(answer))
		malformed := delivery.MalformedAnswers{}
		if err != nil && !errors.As(err, &malformed) {
			t.Errorf("%s: %v", answer, err)
		}
		if len(response.Records) != want.good || len(malformed) != want.bad {
			t.Errorf("%s: %d answers, malformed %v", answer, len(response.Records), malformed)
		}
	}
	failed := (*delivery.InvokeError)(nil)
	for _, answer := range []string{"", "{", "records", `{"records":[}`} {
		if _, err := decode([]byte(answer)); !errors.As(err, &failed) || failed.Code != codeJSON || !failed.Final {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

func TestWrongRequestID(t *testing.T) {
	r := open(t, function(t, "wrong id", time.Minute), Options{})
	answer, err := r.Invoke(t.Context(), events(1))
	if err != nil || len(answer.Records) != 1 || answer.Records[0].RecordID != "right" {
		t.Errorf("have %+v, %v", answer, err)
	}
}

func TestRequestTooLarge(t *testing.T) {
	r := open(t, function(t, "echo", time.Minute), Options{})
	ev := events(1)
	ev.Records[0].Data = make([]byte, MaxPayload)
	_, err := r.Invoke(t.Context(), ev)
	var failed *delivery.InvokeError
	if !errors.As(err, &failed) || !failed.Final || !strings.Contains(failed.Message, "must be smaller than 6291456 bytes") {
		t.Errorf("have %v", err)
	}
}

// TestCancelled cancels the context of an invocation.
func TestCancelled(t *testing.T) {
	r := open(t, function(t, "hang", time.Minute), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := r.Invoke(ctx, events(1))
		done <- err
	}()
	cancel()
	if err := <-done; err == nil {
		t.Error("no error")
	}
}

// A runtime has at most as many processes as its concurrency.
func TestConcurrency(t *testing.T) {
	r := open(t, function(t, "environment", time.Minute), Options{Concurrency: 3})
	var group sync.WaitGroup
	var mu sync.Mutex // guards processes
	processes := map[string]bool{}
	for range 12 {
		group.Go(func() {
			answer, err := r.Invoke(t.Context(), events(1))
			if err != nil {
				t.Error(err)
				return
			}
			_, after, _ := strings.Cut(string(answer.Records[0].Data), "\npid=")
			pid, _, _ := strings.Cut(after, "\n")
			mu.Lock()
			defer mu.Unlock()
			processes[pid] = true
		})
	}
	group.Wait()
	if n := len(processes); n < 1 || n > 3 {
		t.Errorf("%d processes, want at most 3", n)
	}
}

func TestNewRefusals(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("not an executable"), 0o644); err != nil {
		t.Fatal(err)
	}
	format := filepath.Join(dir, "format")
	if err := os.WriteFile(format, []byte("\x7fELF of another machine"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		function Function
		want     string
	}{
		{Function{Path: filepath.Join(dir, "nobody")}, "no such file"},
		{Function{Path: dir}, "permission denied"},
		{Function{Path: text}, "permission denied"},
		{Function{Path: format}, "exec format error"},
		{function(t, "init error", time.Second), "Boom: no database"},
		{function(t, "exit at start", time.Second), "exit status 4"},
	} {
		if _, err := New(t.Context(), test.function, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: have %v, want %q", test.function.Path, err, test.want)
		}
	}
}
