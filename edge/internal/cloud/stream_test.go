package cloud_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// answering starts a server that gives each request the same answer. It returns a configuration for it, and the number of requests so far.
func answering(t *testing.T, status int, answer string) (cfg aws.Config, calls *int) {
	t.Helper()
	calls = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*calls++
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	return aws.Config{
		Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, calls
}

func put(t *testing.T, status int, answer string) (results []error, calls int, err error) {
	t.Helper()
	cfg, counted := answering(t, status, answer)
	results, err = cloud.NewStream(cfg, "the-stream").Put(t.Context(), [][]byte{[]byte("one"), []byte("two"), []byte("three"), []byte("four")})
	return results, *counted, err
}

func TestPut(t *testing.T) {
	results, _, err := put(t, 200, `{"FailedPutCount":3,"RequestResponses":[{"RecordId":"1"},
		{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"slow down"},
		{"ErrorCode":"InternalFailure","ErrorMessage":"oops"},{}]}`)
	if err != nil || len(results) != 4 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	if results[0] != nil || !errors.Is(results[1], ship.ErrThrottled) || results[2] == nil ||
		errors.Is(results[2], ship.ErrThrottled) || results[3] == nil {
		t.Errorf("results are %q", results)
	}
}

func TestWholeCallFails(t *testing.T) {
	for code, want := range map[string]string{
		"ServiceUnavailableException": "throttled: ",
		"ResourceNotFoundException":   "delivery stream the-stream does not exist in this region or is not active yet; check --stack",
		"AccessDeniedException":       "attach the stack's edge policy",
		"InvalidArgumentException":    "refused as invalid by delivery stream the-stream: ",
		"ExpiredTokenException":       "credentials are missing or refused: ",
		"UnrecognizedClientException": "credentials are missing or refused: ",
	} {
		_, calls, err := put(t, 400, fmt.Sprintf(`{"__type":%q,"message":"text"}`, code))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q in it", code, err, want)
		}
		if throttled := errors.Is(err, ship.ErrThrottled); throttled != (code == "ServiceUnavailableException") {
			t.Errorf("%s: throttled is %v", code, throttled)
		}
		if invalid := errors.Is(err, ship.ErrInvalid); invalid != (code == "InvalidArgumentException") {
			t.Errorf("%s: invalid is %v", code, invalid)
		}
		if refused := errors.Is(err, ship.ErrCredentials); refused != (code == "ExpiredTokenException" || code == "UnrecognizedClientException") {
			t.Errorf("%s: credentials refused is %v", code, refused)
		}
		if gone := errors.Is(err, cloud.ErrGone); gone != (code == "ResourceNotFoundException") {
			t.Errorf("%s: gone is %v", code, gone)
		}
		if calls != 1 {
			t.Errorf("%s: %d calls, want 1", code, calls)
		}
	}
	if _, _, err := put(t, 413, "<html>too large</html>"); !errors.Is(err, ship.ErrInvalid) {
		t.Errorf("of a request that is too large: %v", err)
	}
}
