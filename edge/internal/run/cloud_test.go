package run_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// cloud is the server that the collector sends to.
type cloud struct{ *cloudtest.Server }

// newCloud starts a server with the stream the-stream and sets the environment variables of its endpoint.
func newCloud(t *testing.T) cloud {
	t.Helper()
	c := cloud{cloudtest.New(t)}
	c.Stream, c.KeepSamples = "the-stream", true
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	testenv.Clean(t)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return c
}

// change changes the server.
func (c cloud) change(f func(*cloudtest.Server)) {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	f(c.Server)
}

// answers sets the parameters of the stack.
func (c cloud) answers(parameters map[string]string) {
	c.change(func(s *cloudtest.Server) { s.Parameters = parameters })
}

// refuses sets the error code for the records of each request; "" accepts them.
func (c cloud) refuses(code func(put int) string) {
	c.change(func(s *cloudtest.Server) {
		s.Fault = func(n int, _ http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Outcome{RefuseRecord: func(int) string { return code(n) }}
		}
	})
}

// delivered returns how many samples arrived.
func (c cloud) delivered() int {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	return len(c.Samples)
}

// strangers returns how many requests named a stream that does not exist.
func (c cloud) strangers() int {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	return c.UnknownStream
}

// newest returns the sample that arrived last.
func (c cloud) newest() record.Sample {
	c.Mu.Lock()
	defer c.Mu.Unlock()
	if len(c.Samples) == 0 {
		return record.Sample{}
	}
	return c.Samples[len(c.Samples)-1]
}
