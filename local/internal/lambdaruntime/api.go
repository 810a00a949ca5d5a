package lambdaruntime

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
)

const apiPath = "/2018-06-01/runtime/"

// api serves the Runtime API to the process.
func (p *process) api(functionARN string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+apiPath+"invocation/next", func(w http.ResponseWriter, r *http.Request) { p.next(w, r, functionARN) })
	mux.HandleFunc("POST "+apiPath+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		body, err := readPayload(w, r)
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			p.takeAnswer(w, r, answer{err: functionError(
				"Response payload size exceeded maximum allowed payload size (%d bytes).", MaxPayload)}, http.StatusRequestEntityTooLarge)
			return
		}
		p.takeAnswer(w, r, answer{body: body, err: err}, http.StatusAccepted)
	})
	mux.HandleFunc("POST "+apiPath+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		p.takeAnswer(w, r, answer{err: readError(w, r)}, http.StatusAccepted)
	})
	mux.HandleFunc("POST "+apiPath+"init/error", func(w http.ResponseWriter, r *http.Request) {
		select {
		case p.initFailed <- readError(w, r):
		default: // one reason is enough
		}
		accept(w, http.StatusAccepted)
	})
	return mux
}

// next waits for an event without a time limit and sends it to the function.
func (p *process) next(w http.ResponseWriter, r *http.Request, functionARN string) {
	p.once.Do(func() { close(p.ready) })
	select {
	case e := <-p.events:
		p.mu.Lock()
		p.current = e.id
		p.mu.Unlock()
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set("Lambda-Runtime-Aws-Request-Id", e.id)
		header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(e.deadline.UnixMilli(), 10))
		header.Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
		header.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		header.Set("Content-Length", strconv.Itoa(len(e.payload)))
		_, _ = w.Write(e.payload) // fails if the process has ended, which invoke notices
	case <-r.Context().Done():
	}
}

// takeAnswer passes the answer for the current event on to invoke. Like Lambda it refuses an answer for any other event.
func (p *process) takeAnswer(w http.ResponseWriter, r *http.Request, a answer, status int) {
	p.mu.Lock()
	expected := p.current != "" && p.current == r.PathValue("id")
	if expected {
		p.current = ""
	}
	p.mu.Unlock()
	if !expected {
		p.log.Warn("the function answered for another event than its current one", slog.String("request", r.PathValue("id")))
		accept(w, http.StatusBadRequest)
		return
	}
	// Write the status before the answer is passed on: the process may be stopped as soon as invoke has the answer.
	accept(w, status)
	p.answers <- a
}

func accept(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"status":"`+http.StatusText(status)+`"}`)
}

func readPayload(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	return io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayload))
}

// readError reads the error object of a function: {"errorMessage": …, "errorType": …}.
func readError(w http.ResponseWriter, r *http.Request) error {
	body, err := readPayload(w, r)
	if err != nil {
		return functionError("read the function's error: %v", err)
	}
	var e struct {
		Message string `json:"errorMessage"`
		Type    string `json:"errorType"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return functionError("the function failed: %s", body)
	}
	return functionError("%s: %s", e.Type, e.Message)
}
