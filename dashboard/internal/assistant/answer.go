package assistant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Answer is the answer to a query.
type Answer struct {
	From      string          `json:"from" jsonschema:"begin of the time range, RFC 3339"`
	To        string          `json:"to" jsonschema:"end of the time range, RFC 3339"`
	Zone      string          `json:"zone" jsonschema:"time zone of from, to and the columns hour, weekday and day; other times that are numbers are Unix seconds"`
	Columns   []panels.Column `json:"columns"`
	Rows      [][]any         `json:"rows" jsonschema:"the rows, each with a value for each column"`
	Truncated bool            `json:"truncated" jsonschema:"whether there are more rows: aggregate, or choose fewer"`
	Warnings  []string        `json:"warnings,omitempty" jsonschema:"what is missing in the answer, and why"`
	Cost      *panels.Cost    `json:"cost,omitempty" jsonschema:"what the query cost; absent if the engine is free"`
}

// maxBytes bounds the text of an answer: it has to fit into an assistant's context.
const maxBytes = 256 << 10

// rows takes the rows of an answer until there are enough.
type rows struct {
	answer *Answer
	most   int
	bytes  int
}

// Begin implements [panels.Sink].
func (r *rows) Begin(columns []panels.Column) error {
	r.answer.Columns, r.answer.Rows = columns, [][]any{}
	return nil
}

// Row implements [panels.Sink].
func (r *rows) Row(values []any) error {
	row := make([]any, len(values))
	for i, v := range values {
		row[i] = plain(v)
	}
	text, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("encode a row: %w", err)
	}
	if r.bytes += len(text); len(r.answer.Rows) == r.most || r.bytes > maxBytes {
		r.answer.Truncated = true
		return panels.ErrEnough
	}
	r.answer.Rows = append(r.answer.Rows, row)
	return nil
}

// plain returns a value that is the same after it was written as JSON.
func plain(v any) any {
	switch v := v.(type) {
	case *big.Int:
		return v.String()
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return v
}

// run runs a query within the limits. The answer says the time range in a zone.
func (a *assistant) run(ctx context.Context, q panels.Query, shown panels.Range, zone *time.Location) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, a.options.Timeout)
	defer cancel()
	q.MaxScan = a.options.MaxScan
	answer := Answer{From: shown.From.In(zone).Format(time.RFC3339), To: shown.To.In(zone).Format(time.RFC3339), Zone: zone.String()}
	notes, err := a.engine.Stream(ctx, q, &rows{answer: &answer, most: a.options.Rows})
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("the query took longer than %v: choose a shorter time range", a.options.Timeout)
	}
	if err != nil {
		return Answer{}, err
	}
	answer.Warnings, answer.Cost = notes.Warnings, notes.Cost
	return answer, nil
}
