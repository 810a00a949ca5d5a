package alerts

import (
	"context"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Engine runs queries. *lake.Lake and *athena.Engine implement it.
type Engine interface {
	Form(ctx context.Context) panels.Form
	Query(ctx context.Context, q panels.Query) (panels.Result, error)
}

// Ask asks an engine which problems are open at a time, by one query. For rules, delay and knownSince see [Query].
func Ask(ctx context.Context, e Engine, rules panels.RuleChanges, at time.Time, delay time.Duration, knownSince time.Time) (Now, error) {
	q, err := Query(e.Form(ctx), rules, at, delay, knownSince)
	if err != nil {
		return Now{}, err
	}
	result, err := e.Query(ctx, q)
	if err != nil {
		return Now{}, err
	}
	now, err := Read(result)
	now.At = at
	return now, err
}
