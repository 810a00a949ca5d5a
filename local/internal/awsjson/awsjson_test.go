package awsjson_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
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
		{name: "not JSON", target: "Service.Echo", body: `{"Text":`, status: 400, code: "SerializationException"},
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
		// net/http does not know the length of this reader.
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

// Many clients that announce large bodies and send almost nothing do not block another client.
func TestTrickledBodies(t *testing.T) {
	operations := awsjson.Operations{
		"Service.Length": func(_ context.Context, body []byte) (any, error) { return len(body), nil },
	}
	server := httptest.NewServer(awsjson.NewHandler(operations, slog.New(slog.DiscardHandler)))
	defer server.Close()
	arrived := make(chan struct{})
	for range 40 {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }() // only how it began matters
		// The handler asks for the body when it begins to read it.
		if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: Service.Length\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
			awsjson.MaxBody); err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = bufio.NewReader(conn).ReadString('\n')
			_, _ = conn.Write(make([]byte, 100))
			arrived <- struct{}{}
		}()
	}
	for range 40 {
		<-arrived
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(strings.Repeat("x", 6<<20)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Amz-Target", "Service.Length")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK || string(body) != strconv.Itoa(6<<20) {
		t.Errorf("status %d, %s, %v", response.StatusCode, body, err)
	}
}

// Bodies that hold all memory and wait for each other are refused as throttled, and the next request is answered.
func TestBodiesThatHoldAllMemory(t *testing.T) {
	operations := awsjson.Operations{
		"Service.Length": func(_ context.Context, body []byte) (any, error) { return len(body), nil },
	}
	server := httptest.NewServer(awsjson.NewHandler(operations, slog.New(slog.DiscardHandler)))
	defer server.Close()
	send := func(size int, body io.Reader) int {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		if err != nil {
			t.Error(err)
			return 0
		}
		request.ContentLength = int64(size)
		request.Header.Set("X-Amz-Target", "Service.Length")
		response, err := http.DefaultClient.Do(request)
		if err != nil { // the server refused and closed the connection before the client read the answer
			return http.StatusServiceUnavailable
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	const clients = 40
	goOn := make(chan struct{}) // closed when the first client is refused: all memory is held then
	statuses := make(chan int, clients)
	for range clients {
		go func() {
			const size = 10 << 20
			read := 0
			statuses <- send(size, io.LimitReader(readerFunc(func(p []byte) (int, error) {
				if read > 1<<20 {
					<-goOn
				}
				clear(p)
				read += len(p)
				return len(p), nil
			}), size))
		}()
	}
	counts := map[int]int{}
	var open sync.Once
	for range clients {
		counts[<-statuses]++
		open.Do(func() { close(goOn) })
	}
	if counts[http.StatusOK]+counts[http.StatusServiceUnavailable] != clients || counts[http.StatusOK] == 0 {
		t.Errorf("statuses %v", counts)
	}
	if status := send(6<<20, strings.NewReader(strings.Repeat("x", 6<<20))); status != http.StatusOK {
		t.Errorf("the next request: status %d", status)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
