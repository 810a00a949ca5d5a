// Package athena runs SQL over the samples of a deployed stack, by Amazon Athena in the stack's workgroup.
//
// It needs no DuckDB and reads no objects of S3 itself. It starts a query, asks for its state until it has ended, and fetches the answer
// page by page. Texts that a viewer chose are execution parameters. [Engine.Query] and [Engine.Stream] run queries only. [Engine.Unload]
// also writes the rows of a query to S3. Each answer says how much the query scanned, and what that costs by list prices.
package athena

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Engine runs queries in one workgroup. It is safe for concurrent use.
type Engine struct {
	client  *athena.Client
	target  Target
	options Options
	newest  recent[newest]
	rolled  recent[map[string]periods] // by rollup; empty if the stack has no rollups

	mu    sync.Mutex // guards spent
	spent panels.Cost
}

// Options set limits. The zero value takes the defaults, and reuses no answer.
type Options struct {
	// Reuse is the greatest age of an earlier answer to the same query that is used again, in whole minutes up to [MaxReuse].
	// 0 runs each query anew. If it is not 0, it is at least an hour for queries over a range that ended more than an hour ago.
	Reuse time.Duration
	// MaxRows is how many rows [Engine.Query] returns at most before it fails; 0 means 100,000, which takes a hundred
	// requests. [Engine.Stream] has no limit.
	MaxRows int
	// Poll is the first pause before the engine asks for a query's state. The pauses become longer, up to 2 s. 0 means 200 ms.
	Poll time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// MaxReuse is how long Athena keeps answers for reuse.
const MaxReuse = 7 * 24 * time.Hour

const (
	defaultMaxRows = 100_000
	defaultPoll    = 200 * time.Millisecond
	maxPoll        = 2 * time.Second
)

// New returns the engine of a stack's workgroup and table.
func New(cfg aws.Config, target Target, o Options) (*Engine, error) {
	if o.Reuse < 0 || o.Reuse > MaxReuse || o.Reuse%time.Minute != 0 {
		return nil, fmt.Errorf("answers can be reused for 0 to %d whole minutes, not for %v", int(MaxReuse.Minutes()), o.Reuse)
	}
	if o.MaxRows == 0 {
		o.MaxRows = defaultMaxRows
	}
	if o.Poll == 0 {
		o.Poll = defaultPoll
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Engine{client: athena.NewFromConfig(cfg), target: target, options: o, newest: newRecent[newest](), rolled: newRecent[map[string]periods]()}, nil
}

// Source names what the answers come from, for people.
func (e *Engine) Source() string {
	return fmt.Sprintf("Athena · %s.%s · %s", e.target.Database, e.target.Table, e.target.Region)
}

// Form is how panels' queries are written for the stack's table.
func (e *Engine) Form(ctx context.Context) panels.Form {
	return panels.Athena(e.target.Name()).WithRollups(func(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
		return e.parts(ctx, grain, r)
	})
}

// Close does nothing. All engines have it.
func (*Engine) Close() error { return nil }

// Spent is what all queries so far have cost.
func (e *Engine) Spent() panels.Cost {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.spent
}

// Query runs a query and returns its whole result.
func (e *Engine) Query(ctx context.Context, q panels.Query) (panels.Result, error) {
	c := &panels.ResultSink{MaxRows: e.options.MaxRows}
	notes, err := e.Stream(ctx, q, c)
	if err != nil {
		return panels.Result{}, err
	}
	c.Result.Notes = notes
	return c.Result, nil
}

// Stream runs a query and hands its rows to sink as they come. If ctx ends, it also stops the query in Athena.
func (e *Engine) Stream(ctx context.Context, q panels.Query, sink panels.Sink) (panels.Notes, error) {
	statement, err := e.statement(q)
	if err != nil {
		return panels.Notes{}, err
	}
	id, err := e.start(ctx, statement)
	if err != nil {
		return panels.Notes{}, err
	}
	execution, err := e.wait(ctx, id, q.MaxScan)
	if err != nil {
		return panels.Notes{}, err
	}
	cost := e.count(execution)
	if err := e.results(ctx, id, execution, sink); err != nil {
		return panels.Notes{}, err
	}
	return panels.Notes{Cost: &cost}, nil
}

// count adds the cost of a query to that of all queries. It returns the cost of this query.
func (e *Engine) count(execution *types.QueryExecution) panels.Cost {
	cost := costOf(execution)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spent.ScannedBytes += cost.ScannedBytes
	e.spent.USD += cost.USD
	return cost
}

// statement is one request to Athena.
type statement struct {
	text       string
	parameters []string
	reuse      time.Duration
}

func (e *Engine) statement(q panels.Query) (statement, error) {
	sql := strings.TrimRight(q.SQL, "; \t\r\n")
	if !isQuery(sql) && !describes(sql) {
		return statement{}, errors.New("only queries (SELECT, WITH, VALUES, EXPLAIN, SHOW, DESCRIBE) are allowed here: the lake is read-only")
	}
	s := statement{text: sql, reuse: e.options.Reuse}
	for _, v := range q.Args {
		s.parameters = append(s.parameters, panels.LiteralOf(v))
	}
	if past := e.options.Now().Add(-settled); s.reuse > 0 && !q.Range.IsZero() && q.Range.To.Before(past) {
		s.reuse = max(s.reuse, settled)
	}
	return s, nil
}

// settled is the age at which a time range no longer changes, except for machines that were offline for long.
const settled = time.Hour

// describes reports whether a statement only describes the catalog.
func describes(sql string) bool {
	word, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(sql)), " ")
	return word == "SHOW" || word == "DESCRIBE" || word == "DESC"
}
