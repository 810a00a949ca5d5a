package awsjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
)

func TestHandler(t *testing.T) {
	operations := awsjson.Operations{
		"Service.Echo": func(_ context.Context, body []byte) (any, error) {
			var request struct{ Text string }
			if err := awsjson.Decode(body, &request); err != nil {
				return nil, err
			}
			return request, nil
		},
		"Service.Refuse": func(context.Context, []byte) (any, error) { return nil, awsjson.Errorf("Refused", "no %q", "x") },
		"Service.Break":  func(context.Context, []byte) (any, error) { return nil, errors.New("a secret detail") },
	}
	var log strings.Builder
	server := httptest.NewServer(awsjson.NewHandler(operations, slog.New(slog.NewTextHandler(&log, nil))))
	defer server.Close()

	tests := []struct {
		name, method, path, target, body string
		status                           int
		code, answer                     string
	}{
		{name: "answer", target: "Service.Echo", body: `{"Text":"hi","Unknown":1}`, status: 200, answer: `{"Text":"hi"}`},
		{name: "refusal", target: "Service.Refuse", body: `{}`, status: 400, code: "Refused", answer: `no \"x\"`},
		{name: "failure", target: "Service.Break", body: `{}`, status: 500, code: "InternalFailure"},
		{name: "unknown", target: "Other.Thing", body: `{}`, status: 400, code: "UnknownOperationException", answer: "Other.Thing"},
		{name: "no target", body: `{}`, status: 400, code: "UnknownOperationException"},
		{name: "GET", method: "GET", target: "Service.Echo", status: 404, code: "UnknownOperationException"},
		{name: "path", path: "/x", target: "Service.Echo", body: `{}`, status: 404, code: "UnknownOperationException"},
		{name: "no JSON", target: "Service.Echo", body: `{"Text":`, status: 400, code: "SerializationException"},
		{name: "empty", target: "Service.Echo", body: ``, status: 400, code: "SerializationException"},
		{name: "wrong type", target: "Service.Echo", body: `{"Text":1}`, status: 400, code: "SerializationException"},
		{name: "trailing", target: "Service.Echo", body: `{}{}`, status: 400, code: "SerializationException"},
		{
			name: "large", target: "Service.Echo", body: `{"Text":"` + strings.Repeat("x", awsjson.MaxBody) + `"}`,
			status: 413, code: "RequestEntityTooLargeException",
		},
	}
	ids := map[string]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			method := test.method
			if method == "" {
				method = "POST"
			}
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Amz-Target", test.target)
			request.Header.Set("Content-Type", awsjson.ContentType)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(body), test.answer) {
				t.Errorf("have %d %s", response.StatusCode, body)
			}
			var e struct {
				Type    string `json:"__type"`
				Message string `json:"message"`
			}
			if err := json.Unmarshal(body, &e); err != nil || e.Type != test.code || response.Header.Get("X-Amzn-Errortype") != test.code {
				t.Errorf("have %s, header %q, want the code %q", body, response.Header.Get("X-Amzn-Errortype"), test.code)
			}
			if strings.Contains(string(body), "secret") {
				t.Error("an internal error reaches the client")
			}
			ids[response.Header.Get("X-Amzn-Requestid")] = true
			if got := response.Header.Get("Content-Type"); got != awsjson.ContentType {
				t.Errorf("content type %q", got)
			}
		})
	}
	if len(ids) != len(tests) || ids[""] {
		t.Errorf("%d request ids for %d requests", len(ids), len(tests))
	}
	if !strings.Contains(log.String(), "a secret detail") {
		t.Error("an internal error is not in the log")
	}
}

// TestChunked sends a body of unknown length.
func TestChunked(t *testing.T) {
	operations := awsjson.Operations{
		"Service.Length": func(_ context.Context, body []byte) (any, error) { return len(body), nil },
	}
	server := httptest.NewServer(awsjson.NewHandler(operations, slog.New(slog.DiscardHandler)))
	defer server.Close()
	for size, status := range map[int]int{100: 200, awsjson.MaxBody: 200, awsjson.MaxBody + 1: 413} {
		// A reader that net/http does not know the length of.
		body := io.MultiReader(strings.NewReader(strings.Repeat("x", size)))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Amz-Target", "Service.Length")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%d bytes: status %d, want %d", size, response.StatusCode, status)
		}
	}
}
