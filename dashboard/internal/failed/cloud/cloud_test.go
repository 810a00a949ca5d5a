package cloud_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// configured returns the configuration of a service that answers with handler.
func configured(t *testing.T, handler http.HandlerFunc) aws.Config {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	testenv.Clean(t)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	cfg, err := athena.Configure(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestAnswersOfFirehose: an answer says that Firehose accepted nothing, or it is in doubt. No request is sent twice.
func TestAnswersOfFirehose(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   error // nil: in doubt
	}{
		"limit":            {503, `{"__type":"ServiceUnavailableException","message":"slow"}`, failed.ErrThrottled},
		"throttled":        {400, `{"__type":"ThrottlingException"}`, failed.ErrThrottled},
		"refused":          {400, `{"__type":"InvalidArgumentException","message":"no"}`, failed.ErrRefused},
		"not allowed":      {400, `{"__type":"AccessDeniedException"}`, failed.ErrRefused},
		"no such stream":   {400, `{"__type":"ResourceNotFoundException"}`, failed.ErrRefused},
		"internal failure": {500, `{"__type":"InternalFailure"}`, nil},
		"gateway":          {502, `<html>`, nil},
		"not an answer":    {200, `hello`, nil},
		"nothing":          {0, ``, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			stream := cloud.NewStream(configured(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				if c.status == 0 {
					panic(http.ErrAbortHandler) // the connection ends without an answer
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}), "s")
			_, err := stream.Put(t.Context(), [][]byte{[]byte("x")})
			known := errors.Is(err, failed.ErrRefused) || errors.Is(err, failed.ErrThrottled)
			if err == nil || known != (c.want != nil) || c.want != nil && !errors.Is(err, c.want) || calls.Load() != 1 {
				t.Errorf("%d calls, error is %v, want %v", calls.Load(), err, c.want)
			}
		})
	}
}

// TestNoConnection: if there is no connection, nothing is in doubt.
func TestNoConnection(t *testing.T) {
	cfg := configured(t, func(http.ResponseWriter, *http.Request) {})
	closed := "http://127.0.0.1:1"
	cfg.BaseEndpoint = &closed
	if _, err := cloud.NewStream(cfg, "s").Put(t.Context(), [][]byte{[]byte("x")}); !errors.Is(err, failed.ErrRefused) {
		t.Errorf("error is %v", err)
	}
}

func TestResultsOfFirehose(t *testing.T) {
	stream := cloud.NewStream(configured(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"FailedPutCount":2,"RequestResponses":[{"RecordId":"1"},{"ErrorCode":"InternalFailure","ErrorMessage":"m"},{}]}`)
	}), "s")
	results, err := stream.Put(t.Context(), [][]byte{[]byte("x"), []byte("y"), []byte("z")})
	if err != nil || len(results) != 3 || results[0] != nil || results[1] == nil || results[2] == nil {
		t.Errorf("%v, %v", results, err)
	}
}

// TestRedirects: neither records nor requests to S3 follow a redirect.
func TestRedirects(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	cfg := configured(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/", http.StatusTemporaryRedirect)
	})
	_, put := cloud.NewStream(cfg, "s").Put(t.Context(), [][]byte{[]byte("x")})
	_, write := cloud.NewBucket(cfg, "b").Put(t.Context(), "k", nil, "")
	_, _, read := cloud.NewBucket(cfg, "b").Get(t.Context(), "k")
	if put == nil || write == nil || read == nil || elsewhere.Load() > 0 {
		t.Errorf("%v, %v, %v, %d requests elsewhere", put, write, read, elsewhere.Load())
	}
}

// TestAnswersOfS3 is what the storage makes of answers of S3. The server's bucket is empty.
func TestAnswersOfS3(t *testing.T) {
	for status, want := range map[int]error{412: failed.ErrConflict, 409: failed.ErrConflict, 403: nil} {
		b := cloud.NewBucket(configured(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") != "*" && r.Header.Get("If-Match") != `"v"` {
				t.Errorf("the write has no condition: %v", r.Header)
			}
			w.WriteHeader(status)
			fmt.Fprintf(w, `<Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
		}), "b")
		for _, version := range []string{"", `"v"`} {
			_, err := b.Put(t.Context(), "replayed/_state/x", []byte("{}"), version)
			if err == nil || want != nil && !errors.Is(err, want) || want == nil && !strings.Contains(err.Error(), "ReplayPolicyArn") {
				t.Errorf("status %d: error is %v", status, err)
			}
		}
	}
	for _, status := range []int{403, 404, 412} {
		b := cloud.NewBucket(configured(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("list-type") {
				_, _ = io.WriteString(w, `<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>`)
				return
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `<Error><Code>X</Code></Error>`)
		}), "b")
		o := failed.Object{Key: "errors/x", Size: 1, Tag: `"v"`}
		if _, err := b.Open(t.Context(), o); !errors.Is(err, failed.ErrGone) {
			t.Errorf("status %d: error is %v", status, err)
		}
		if err := b.Move(t.Context(), o, "replayed/x"); !errors.Is(err, failed.ErrGone) {
			t.Errorf("status %d: error is %v", status, err)
		}
	}
}

// TestLargeObject: an object of S3 may be larger than any other answer.
func TestLargeObject(t *testing.T) {
	const size = 70 << 20
	b := cloud.NewBucket(configured(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		chunk := make([]byte, 1<<20)
		for range size >> 20 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}), "b")
	content, err := b.Open(t.Context(), failed.Object{Key: "errors/x", Size: size, Tag: `"v"`})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, content); err != nil || n != size {
		t.Errorf("%d bytes, %v", n, err)
	}
}
