// Package lambdaruntime runs the executable of a Lambda function, the very bootstrap that deploys, and invokes it over the
// Lambda Runtime API on loopback, within Lambda's limits of time and size.
//
// It is not a sandbox: the function runs as a child process with this user's rights.
// Source: Lambda developer guide, "Using the Lambda runtime API".
package lambdaruntime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
)

// MaxPayload is how large an event and an answer may be, in bytes.
const MaxPayload = 6_291_456

// initTimeout is how long a function may take until it asks for its first event.
const initTimeout = 10 * time.Second

// Codes of failed invocations, as Firehose has them.
const (
	codeFunction = "Lambda.FunctionError"
	codeJSON     = "Lambda.JsonProcessingException"
)

// Function is what to run and what it is told of itself.
type Function struct {
	Path     string // of the executable
	ARN      string
	Name     string
	Handler  string
	Region   string
	Timeout  time.Duration
	MemoryMB int
	// Environment are the function's variables; they give way to those that the runtime sets.
	Environment map[string]string
	// Endpoint is where its AWS SDK finds the local stack, AccessKeyID what it calls itself there.
	Endpoint    string
	AccessKeyID string
}

// Options of a [Runtime].
type Options struct {
	// Concurrency is how many events are worked on at a time, each by a process of its own; default 1.
	Concurrency int
	// Log gets what the function writes to its outputs, and what befalls its processes.
	Log *slog.Logger
}

// Runtime invokes one function. Processes are started when they are needed, serve one event after the other, and are
// replaced when they end. It is safe for concurrent use.
type Runtime struct {
	function Function
	path     string
	log      *slog.Logger
	slots    chan struct{}

	mu     sync.Mutex // guards closed and idle
	closed bool
	idle   []*process // wait for an event
}

// New starts a first process, so that an executable that cannot run here is an error now and not at the first event.
func New(ctx context.Context, f Function, o Options) (*Runtime, error) {
	// An absolute path is never searched for in PATH.
	path, err := filepath.Abs(f.Path)
	if err != nil {
		return nil, err
	}
	r := &Runtime{function: f, path: path, log: o.Log, slots: make(chan struct{}, max(1, o.Concurrency))}
	if r.log == nil {
		r.log = slog.Default()
	}
	p, err := start(ctx, path, f, r.log)
	if err != nil {
		return nil, err
	}
	r.idle = append(r.idle, p)
	return r, nil
}

// Invoke sends an event to the function and returns its answer. It fails with a [*delivery.InvokeError].
func (r *Runtime) Invoke(ctx context.Context, ev transform.Event) (transform.Response, error) {
	var response transform.Response
	payload, err := json.Marshal(ev)
	if err != nil {
		return response, fmt.Errorf("encode event: %w", err)
	}
	if len(payload) > MaxPayload {
		return response, &delivery.InvokeError{
			Code: codeFunction, Final: true,
			Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation; this one has %d",
				MaxPayload, len(payload)),
		}
	}
	answer, err := r.invoke(ctx, payload)
	if err != nil {
		return response, err
	}
	return decode(answer)
}

// decode reads a function's answer record by record, so that one that cannot be read does not take its neighbours with it. An
// answer without a usable list of records answers none of them: Firehose then reports that each id is missing (probed and
// published with floci-io/floci#3393).
func decode(answer []byte) (transform.Response, error) {
	var response transform.Response
	if !json.Valid(answer) {
		return response, &delivery.InvokeError{
			Code: codeJSON, Final: true, // the function will say the same again
			Message: "Check your function and make sure the output is in required format: the answer is not JSON",
		}
	}
	var list struct {
		Records []json.RawMessage `json:"records"`
	}
	if json.Unmarshal(answer, &list) != nil {
		return response, nil
	}
	malformed := delivery.MalformedAnswers{}
	for _, raw := range list.Records {
		var a transform.Result
		err := json.Unmarshal(raw, &a)
		if err == nil {
			response.Records = append(response.Records, a)
			continue
		}
		var of struct {
			RecordID string `json:"recordId"`
		}
		if json.Unmarshal(raw, &of) == nil && of.RecordID != "" {
			malformed[of.RecordID] = "The answer of the function for the record cannot be read: " + err.Error()
		}
	}
	if len(malformed) > 0 {
		return response, malformed
	}
	return response, nil
}

func (r *Runtime) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		p, err := r.take(ctx)
		if err != nil {
			return nil, err
		}
		answer, reusable, err := p.invoke(ctx, payload, r.function.Timeout)
		r.giveBack(p, reusable)
		// A process may end when it has answered: the next event finds out, and takes another process.
		if !errors.Is(err, errNotTaken) {
			return answer, err
		}
	}
}

// take returns a process that waits for an event.
func (r *Runtime) take(ctx context.Context) (*process, error) {
	r.mu.Lock()
	for !r.closed && len(r.idle) > 0 {
		p := r.idle[len(r.idle)-1]
		r.idle = r.idle[:len(r.idle)-1]
		if p.alive() {
			r.mu.Unlock()
			return p, nil
		}
		p.stop()
	}
	closed := r.closed
	r.mu.Unlock()
	if closed {
		return nil, &delivery.InvokeError{Code: codeFunction, Message: "the function's runtime is closed"}
	}
	return start(ctx, r.path, r.function, r.log)
}

func (r *Runtime) giveBack(p *process, reusable bool) {
	r.mu.Lock()
	keep := reusable && !r.closed && p.alive()
	if keep {
		r.idle = append(r.idle, p)
	}
	r.mu.Unlock()
	if !keep {
		p.stop()
	}
}

// Close ends all processes that work on no event. Those that do end with it.
func (r *Runtime) Close() error {
	r.mu.Lock()
	idle := r.idle
	r.closed, r.idle = true, nil
	r.mu.Unlock()
	for _, p := range idle {
		p.stop()
	}
	return nil
}
