package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// Invoker runs the transform.
type Invoker interface {
	// Invoke answers an event. An error is a failed invocation, which is tried again; an [InvokeError] may say otherwise.
	Invoke(ctx context.Context, ev transform.Event) (transform.Response, error)
}

// InvokeError is a failed invocation with the code that Firehose gives it.
type InvokeError struct {
	Code    string // such as Lambda.FunctionError or Lambda.JsonProcessingException
	Message string
	// Final says that trying again is of no use: the function succeeded, but its answer is malformed.
	Final bool
}

func (e *InvokeError) Error() string { return e.Code + ": " + e.Message }

// Waits between attempts of an invocation. AWS documents that it retries, not how long it waits.
const (
	invokeBackoff    = 100 * time.Millisecond
	invokeBackoffCap = 5 * time.Second
)

// defaultFunctionTimeout is Lambda's, where the template has none.
const defaultFunctionTimeout = 3 * time.Second

// outcome is what became of a record in the transform: a failure, or data for a prefix; neither where it was dropped.
type outcome struct {
	prefix  string
	data    []byte
	failure *failure
}

// process runs records through the transform and gives an outcome for each.
func (e *Engine) process(ctx context.Context, entries []journal.Entry) ([]outcome, error) {
	outcomes := make([]outcome, len(entries))
	if e.stream.Lambda == nil {
		for i, entry := range entries {
			outcomes[i] = e.place(entry.Data, nil, entry.Arrival)
		}
		return outcomes, nil
	}
	ev := transform.Event{InvocationID: newID(), DeliveryStreamARN: e.stream.ARN, Region: e.region}
	for _, entry := range entries {
		ev.Records = append(ev.Records, transform.Record{
			// Opaque to the function; the same in every attempt.
			RecordID:                    fmt.Sprintf("%056d%06d", entry.Seq, 0),
			ApproximateArrivalTimestamp: entry.Arrival.UnixMilli(),
			Data:                        entry.Data,
		})
	}
	response, attempts, err := e.invoke(ctx, ev)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		code := codeFunction
		if failed := (*InvokeError)(nil); errors.As(err, &failed) {
			code, err = failed.Code, errors.New(failed.Message)
		}
		for i := range outcomes {
			outcomes[i] = e.failed(code, err.Error(), attempts)
		}
		return outcomes, nil
	}
	e.check(ev, response, entries, outcomes)
	return outcomes, nil
}

// invoke calls the function until it succeeds or its retries are used up.
func (e *Engine) invoke(ctx context.Context, ev transform.Event) (r transform.Response, attempts int, err error) {
	timeout := e.stream.Lambda.Timeout
	if timeout <= 0 {
		timeout = defaultFunctionTimeout
	}
	for attempts = 1; ; attempts++ {
		e.count(func(s *Stats) { s.Invocations++ })
		call, cancel := context.WithTimeout(ctx, timeout)
		r, err = e.invoker.Invoke(call, ev)
		cancel()
		if err == nil || ctx.Err() != nil {
			return r, attempts, err
		}
		e.count(func(s *Stats) { s.InvocationErrors++ })
		failed := (*InvokeError)(nil)
		if errors.As(err, &failed) && failed.Final || attempts > e.stream.Lambda.Retries {
			return r, attempts, err
		}
		ev.InvocationID = newID()
		if !sleep(ctx, min(invokeBackoffCap, invokeBackoff<<min(attempts, 10))) {
			return r, attempts, ctx.Err()
		}
	}
}

// check holds the function's answers against what Firehose accepts.
func (e *Engine) check(ev transform.Event, r transform.Response, entries []journal.Entry, outcomes []outcome) {
	answers := make(map[string]*transform.Result, len(r.Records))
	twice := map[string]bool{}
	for i := range r.Records {
		a := &r.Records[i]
		switch a.Result {
		case transform.OK, transform.Dropped, transform.ProcessingFailed:
		default: // the whole answer is refused
			message := fmt.Sprintf("Check your function and make sure the output is in required format. Result %q is not known.", a.Result)
			for i := range outcomes {
				outcomes[i] = e.failed(codeFunction, message, 1)
			}
			return
		}
		if answers[a.RecordID] != nil {
			twice[a.RecordID] = true
		}
		answers[a.RecordID] = a
	}
	for i := range outcomes {
		id := ev.Records[i].RecordID
		a := answers[id]
		switch {
		case a == nil:
			outcomes[i] = e.failed(codeMissingID, "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.", 1)
		case twice[id]: // AWS fails the record (one probe) or the batch (another); the function must not do it either way
			outcomes[i] = e.failed(codeDuplicateID, "Multiple records were returned with the same record Id. Ensure that the Lambda function returns unique record Ids for each record.", 1)
		case a.Result == transform.ProcessingFailed:
			outcomes[i] = e.failed(codeStatus, "ProcessingFailed status set for record", 1)
		case a.Result == transform.Dropped:
		case a.Data == nil:
			outcomes[i] = e.failed(codeFunction, "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is Ok.", 1)
		default:
			var keys map[string]string
			if a.Metadata != nil {
				keys = a.Metadata.PartitionKeys
			}
			outcomes[i] = e.place(a.Data, keys, entries[i].Arrival)
		}
	}
}

// place finds the prefix that data belongs under.
func (e *Engine) place(data []byte, keys map[string]string, arrival time.Time) outcome {
	prefix, err := e.prefix.eval(values{keys: keys, arrival: arrival})
	if err != nil {
		return e.failed(codePartitionKey, err.Error(), 1)
	}
	return outcome{prefix: prefix, data: data}
}

func (e *Engine) failed(code, message string, attempts int) outcome {
	return outcome{failure: &failure{errorType: typeProcessing, code: code, message: message, attempts: attempts, at: e.now()}}
}

// newID returns a random identifier in the form of a UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, see its documentation
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// sleep waits; false means that the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
