// Package lambdaruntime runs the executable of a Lambda function, the same bootstrap that is deployed. It invokes the function over the
// Lambda Runtime API on loopback, and enforces Lambda's limits of time and size.
//
// It is not a sandbox: the function runs as a child process with the rights of this user.
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

// MaxPayload is how large an event or an answer may be, in bytes.
const MaxPayload = 6_291_456

// initTimeout is how long a function may take to ask for its first event.
const initTimeout = 10 * time.Second

// Firehose's codes of failed invocations.
const (
	codeFunction = "Lambda.FunctionError"
	codeJSON     = "Lambda.JsonProcessingException"
)

// Function is the executable to run and what its environment says.
type Function struct {
	Path     string // of the executable
	ARN      string
	Name     string
	Handler  string
	Region   string
	Timeout  time.Duration
	MemoryMB int
	// Environment are the function's variables. The runtime overrides those that it sets itself.
	Environment map[string]string
	// Endpoint is the URL of the local stack for the function's AWS SDK. AccessKeyID is its access key there.
	Endpoint    string
	AccessKeyID string
}

// Options of a [Runtime].
type Options struct {
	// Concurrency is how many processes of the function may work at a time, each on one event; default 1.
	Concurrency int
	// Log gets the output of the function and the problems of its processes.
	Log *slog.Logger
}

// Runtime invokes one function. It starts a process when no idle one is left. A process works on one event after another until it ends.
// A Runtime is safe for concurrent use.
type Runtime struct {
	function Function
	path     string
	log      *slog.Logger
	slots    chan struct{} // has an element for each event under way

	mu     sync.Mutex // guards closed and idle
	closed bool
	idle   []*process // they wait for an event
}

// New starts a first process. If the executable cannot run here, New fails, and not the first event.
func New(ctx context.Context, f Function, o Options) (*Runtime, error) {
	// Package exec does not search for an absolute path in PATH.
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

// decode decodes the answer of a function record by record, so that an answer for one record that cannot be read does not affect the
// others. If the answer does not have a list of records, the response is empty. Firehose then reports each id as missing (probed and
// published with floci-io/floci#3393).
func decode(answer []byte) (transform.Response, error) {
	var response transform.Response
	if !json.Valid(answer) {
		return response, &delivery.InvokeError{
			Code: codeJSON, Final: true, // the function would answer the same again
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
		var idOnly struct {
			RecordID string `json:"recordId"`
		}
		if json.Unmarshal(raw, &idOnly) == nil && idOnly.RecordID != "" {
			malformed[idOnly.RecordID] = "The answer of the function for the record cannot be read: " + err.Error()
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
		// An idle process may have ended. The event then goes to another process.
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

// Close ends all idle processes. A process that works on an event ends when it has answered.
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
