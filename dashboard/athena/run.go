package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// orderTime bounds the two requests that go on if their context ends: the one that starts a query, because only its answer has
// the id with which the query can be stopped, and the one that stops it.
const orderTime = 20 * time.Second

// start starts a query and returns its id.
func (e *Engine) start(ctx context.Context, s statement) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	in := &athena.StartQueryExecutionInput{
		QueryString:           &s.text,
		ExecutionParameters:   s.parameters,
		WorkGroup:             &e.target.Workgroup,
		QueryExecutionContext: &types.QueryExecutionContext{Database: &e.target.Database},
	}
	if minutes := int32(s.reuse / time.Minute); minutes > 0 {
		in.ResultReuseConfiguration = &types.ResultReuseConfiguration{
			ResultReuseByAgeConfiguration: &types.ResultReuseByAgeConfiguration{Enabled: true, MaxAgeInMinutes: &minutes},
		}
	}
	ordered, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderTime)
	defer cancel()
	out, err := e.client.StartQueryExecution(ordered, in)
	if err != nil {
		return "", fmt.Errorf("start a query in the workgroup %s in %s: %w", e.target.Workgroup, e.target.Region, explain(err))
	}
	id := aws.ToString(out.QueryExecutionId)
	if id == "" {
		return "", errors.New("start a query: Athena's answer has no query id")
	}
	return id, nil
}

// wait asks for a query's state until the query has succeeded. It stops the query if it cannot go on asking, or if the query has
// read more than maxScan bytes; 0 means no limit.
func (e *Engine) wait(ctx context.Context, id string, maxScan int64) (*types.QueryExecution, error) {
	for poll := e.options.Poll; ; poll = min(poll*3/2, maxPoll) {
		if err := pause.For(ctx, poll); err != nil {
			return nil, e.stop(ctx, id, err)
		}
		out, err := e.client.GetQueryExecution(ctx, &athena.GetQueryExecutionInput{QueryExecutionId: &id})
		switch {
		case ctx.Err() != nil:
			return nil, e.stop(ctx, id, ctx.Err())
		case err != nil:
			return nil, e.stop(ctx, id, fmt.Errorf("ask about query %s: %w", id, explain(err)))
		case out.QueryExecution == nil || out.QueryExecution.Status == nil:
			return nil, e.stop(ctx, id, fmt.Errorf("ask about query %s: the answer has no status", id))
		}
		switch status := out.QueryExecution.Status; status.State {
		case types.QueryExecutionStateRunning:
			if scanned := costOf(out.QueryExecution).ScannedBytes; maxScan > 0 && scanned > maxScan {
				return nil, e.stop(ctx, id, fmt.Errorf("the query has read %.1f MB, and it may read %.1f MB: choose a shorter time range or "+
					"fewer columns", float64(scanned)/1e6, float64(maxScan)/1e6))
			}
		case types.QueryExecutionStateSucceeded:
			return out.QueryExecution, nil
		case types.QueryExecutionStateFailed, types.QueryExecutionStateCancelled:
			return nil, failure(id, out.QueryExecution)
		}
	}
}

// stop stops a query because of err, and returns err.
func (e *Engine) stop(ctx context.Context, id string, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orderTime)
	defer cancel()
	if _, failed := e.client.StopQueryExecution(ctx, &athena.StopQueryExecutionInput{QueryExecutionId: &id}); failed != nil {
		return errors.Join(err, fmt.Errorf("stop query %s, which still runs and may cost money: %w", id, explain(failed)))
	}
	return err
}

// failure says why a query ended without an answer.
func failure(id string, execution *types.QueryExecution) error {
	reason := aws.ToString(execution.Status.StateChangeReason)
	if reason == "" && execution.Status.AthenaError != nil {
		reason = aws.ToString(execution.Status.AthenaError.ErrorMessage)
	}
	switch {
	case strings.Contains(reason, "Bytes scanned limit was exceeded"):
		return fmt.Errorf("the query reads more than the workgroup lets a query read (%s): choose a shorter time range or add "+
			"conditions on year, month, day and hour; the stack's setting athenaScanLimitGb is the limit", reason)
	case execution.Status.State == types.QueryExecutionStateCancelled:
		return fmt.Errorf("query %s was cancelled in Athena: %s", id, orUnknown(reason))
	}
	return fmt.Errorf("query %s failed: %s", id, orUnknown(reason))
}

func orUnknown(reason string) string {
	if reason == "" {
		return "Athena gives no reason"
	}
	return reason
}
