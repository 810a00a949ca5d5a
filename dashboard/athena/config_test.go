package athena

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// configured loads a configuration in an environment of only the given variables.
func configured(t *testing.T, variables map[string]string) error {
	t.Helper()
	testenv.Clean(t)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range variables {
		t.Setenv(name, value)
	}
	cfg, err := Configure(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Find(t.Context(), cfg, "S")
	return err
}

// TestRedirects: signed requests and requests for credentials follow no redirect.
func TestRedirects(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for _, status := range []int{302, 307, 308} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/", status)
		}))
		for name, variables := range map[string]map[string]string{
			"signed":      {"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
			"credentials": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL + "/get", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"},
		} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				elsewhere = 0
				if err := configured(t, variables); err == nil || elsewhere > 0 {
					t.Errorf("error is %v, %d requests elsewhere", err, elsewhere)
				}
			})
		}
		server.Close()
	}
}

// TestHugeRefusal: a huge answer that is an error takes little memory and gives a short text.
func TestHugeRefusal(t *testing.T) {
	chunk := strings.Repeat("x", 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"__type":"AccessDeniedException","message":"`)
		for range 200 {
			if _, err := io.WriteString(w, chunk); err != nil {
				return // the client has read enough
			}
		}
	}))
	defer server.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := configured(t, map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"})
	runtime.ReadMemStats(&after)
	if err == nil || len(err.Error()) > 10_000 {
		t.Errorf("error is %.100v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 32<<20 {
		t.Errorf("%d MB allocated", got>>20)
	}
}
