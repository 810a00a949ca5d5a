package stack

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A closed gate passes on only the requests of the stack's own function.
func TestGate(t *testing.T) {
	g := newGate(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), "LOCALKEY", false)
	status := func(key string) int {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", nil)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/us-east-1/firehose/aws4_request")
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return w.Code
	}
	if a, b := status("any"), status("LOCALKEY"); a != http.StatusNoContent || b != http.StatusNoContent {
		t.Errorf("open: %d and %d", a, b)
	}
	g.close()
	if a, b := status("any"), status("LOCALKEY"); a != http.StatusServiceUnavailable || b != http.StatusNoContent {
		t.Errorf("closed: %d and %d", a, b)
	}
}
