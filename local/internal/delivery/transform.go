package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// Invoker runs the transform.
type Invoker interface {
	// Invoke sends an event to the function. If answers for some records cannot be read, Invoke returns the other answers, and a
	// [MalformedAnswers] as the error. Any other error means that the invocation failed. The engine retries it unless the error is a
	// final [InvokeError].
	Invoke(ctx context.Context, ev transform.Event) (transform.Response, error)
}

// MalformedAnswers says which answers of a function cannot be read: it maps the record id to the reason. Only these records fail:
// see [Engine.check].
type MalformedAnswers map[string]string

func (m MalformedAnswers) Error() string {
	return fmt.Sprintf("the function's answers for %d records cannot be read", len(m))
}

// InvokeError is a failed invocation with Firehose's code for it.
type InvokeError struct {
	Code    string // such as Lambda.FunctionError or Lambda.JsonProcessingException
	Message string
	// Final says that the engine does not retry the invocation, because the result would be the same.
	Final bool
}

func (e *InvokeError) Error() string { return e.Code + ": " + e.Message }

// Pauses between the attempts of an invocation. AWS documents that Firehose retries, but not how long it waits.
const (
	invokeBackoff    = 200 * time.Millisecond // the first pause; each further one is twice as long
	invokeBackoffCap = 5 * time.Second
)

// defaultFunctionTimeout is Lambda's default. It applies if the template does not set a timeout.
const defaultFunctionTimeout = 3 * time.Second

// outcome is the result of the transform for one record: either a failure, or a prefix and the data for it. It has neither a failure nor data
// if the function dropped the record, or if the record is lost.
type outcome struct {
	entry   journal.Entry
	prefix  string
	data    []byte
	failure *failure
}

// transform invokes the function with records and returns an outcome for each. A record without data is lost: it is damaged in the
// journal.
func (e *Engine) transform(ctx context.Context, entries []journal.Entry) ([]outcome, error) {
	outcomes := make([]outcome, 0, len(entries))
	whole := entries[:0:0]
	for _, entry := range entries {
		if entry.Data == nil {
			e.lose(entry.Seq)
			outcomes = append(outcomes, outcome{entry: entry})
			continue
		}
		whole = append(whole, entry)
	}
	if e.stream.Lambda == nil {
		for _, entry := range whole {
			outcomes = append(outcomes, e.assign(entry, entry.Data, nil))
		}
		return outcomes, nil
	}
	if len(whole) == 0 {
		return outcomes, nil
	}
	ev := transform.Event{InvocationID: uuid.NewString(), DeliveryStreamARN: e.stream.ARN, Region: e.region}
	for _, entry := range whole {
		ev.Records = append(ev.Records, transform.Record{
			// The function must not interpret the id. It is the same in each attempt.
			RecordID:                    fmt.Sprintf("%056d%06d", entry.Seq, 0),
			ApproximateArrivalTimestamp: entry.Arrival.UnixMilli(),
			Data:                        entry.Data,
		})
	}
	response, attempts, err := e.invoke(ctx, ev)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	malformed := MalformedAnswers(nil)
	if err != nil && !errors.As(err, &malformed) {
		code := codeFunction
		if known := (*InvokeError)(nil); errors.As(err, &known) {
			code, err = known.Code, errors.New(known.Message)
		}
		for _, entry := range whole {
			outcomes = append(outcomes, e.failedOutcome(entry, code, err.Error(), attempts))
		}
		return outcomes, nil
	}
	return append(outcomes, e.check(ev, response, malformed, whole, attempts)...), nil
}

// lose counts a record whose bytes in the journal were damaged after Open had checked them.
func (e *Engine) lose(seq uint64) {
	e.count(func(s *Stats) { s.LostRecords++ })
	e.log.LogAttrs(context.Background(), slog.LevelError, "an accepted record is damaged in the journal and lost",
		slog.String("stream", e.stream.Name), slog.Uint64("record", seq))
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
		if err == nil || ctx.Err() != nil || errors.As(err, new(MalformedAnswers)) {
			return r, attempts, err
		}
		e.count(func(s *Stats) { s.InvocationErrors++ })
		known := (*InvokeError)(nil)
		if errors.As(err, &known) && known.Final || attempts > e.stream.Lambda.Retries {
			return r, attempts, err
		}
		ev.InvocationID = uuid.NewString()
		if pause.For(ctx, min(invokeBackoffCap, invokeBackoff<<min(attempts-1, 10))) != nil {
			return r, attempts, ctx.Err()
		}
	}
}

// check turns the function's answers into outcomes. A bad answer fails only its own record. Tests in AWS showed this for a missing id, a
// repeated id, null data and ProcessingFailed (floci-io/floci#3349, #3393). A result that Firehose does not know, and data that are not
// base64, were not tested in AWS. Here they fail in the same way.
func (e *Engine) check(
	ev transform.Event, r transform.Response, malformed MalformedAnswers, entries []journal.Entry, attempts int,
) []outcome {
	answers := make(map[string]*transform.Result, len(r.Records))
	twice := map[string]bool{}
	for i := range r.Records {
		a := &r.Records[i]
		_, wrong := malformed[a.RecordID]
		if answers[a.RecordID] != nil || wrong {
			twice[a.RecordID] = true
		}
		answers[a.RecordID] = a
	}
	outcomes := make([]outcome, len(entries))
	for i, entry := range entries {
		id := ev.Records[i].RecordID
		code, message := judge(answers[id], twice[id], malformed[id])
		if code != "" {
			outcomes[i] = e.failedOutcome(entry, code, message, attempts)
			continue
		}
		outcomes[i] = outcome{entry: entry}
		if a := answers[id]; a.Result == transform.OK {
			var keys map[string]string
			if a.Metadata != nil {
				keys = a.Metadata.PartitionKeys
			}
			outcomes[i] = e.assign(entry, a.Data, keys)
		}
	}
	return outcomes
}

// judge checks the answer for one record. It returns the error code and message of a bad answer, and an empty code for a good one. The
// codes and messages are those that AWS gave in the tests that [Engine.check] names, unless a comment says otherwise.
func judge(a *transform.Result, twice bool, malformed string) (code, message string) {
	switch {
	case twice:
		return codeDuplicateID, "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a unique record Id for each record."
	case malformed != "": // not tested in AWS; the message is ours
		return codeReturnFormat, malformed
	case a == nil:
		return codeMissingID, "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids."
	}
	switch a.Result {
	case transform.ProcessingFailed:
		return codeStatus, "ProcessingFailed status set for record"
	case transform.Dropped: // with or without data
		return "", ""
	case transform.OK:
		if a.Data == nil {
			return codeReturnFormat, "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing " +
				"result is Ok. The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok."
		}
		return "", ""
	default: // not tested in AWS; the message is ours
		return codeReturnFormat, fmt.Sprintf("The result %q is not Ok, Dropped or ProcessingFailed.", a.Result)
	}
}

// assign returns the outcome of a record with data: it evaluates the prefix of the object that the data belong to.
func (e *Engine) assign(entry journal.Entry, data []byte, keys map[string]string) outcome {
	prefix, err := e.prefix.Eval(template.PrefixValues{Keys: keys, Arrival: entry.Arrival})
	if err == nil {
		err = checkPrefix(prefix, e.nameBytes)
	}
	if err != nil {
		return e.failedOutcome(entry, codePartitionKey, err.Error(), 1)
	}
	return outcome{entry: entry, prefix: prefix, data: data}
}

func (e *Engine) failedOutcome(entry journal.Entry, code, message string, attempts int) outcome {
	return outcome{
		entry:   entry,
		failure: &failure{errorType: typeProcessing, code: code, message: message, attempts: attempts, at: e.now()},
	}
}
