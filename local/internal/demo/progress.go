package demo

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

const (
	// pollEvery is how often the demo reads the stack's counters. An event is printed at most this late.
	pollEvery = 200 * time.Millisecond
	// statusEvery is how often a line shows the counters.
	statusEvery = 10 * time.Second
	// queryWithin bounds a query to the lake.
	queryWithin = 20 * time.Second
)

// querier runs SQL over the lake.
type querier interface {
	Query(ctx context.Context, q panels.Query) (panels.Result, error)
}

// rows counts the rows in the lake by SQL.
func rows(ctx context.Context, l querier) (int64, error) {
	r, err := l.Query(ctx, panels.Query{SQL: "SELECT count(*) FROM samples"})
	if err != nil {
		return 0, fmt.Errorf("count the rows in the lake: %w", err)
	}
	if r.Rows() != 1 {
		return 0, fmt.Errorf("count the rows in the lake: the answer has %d rows, want 1", r.Rows())
	}
	n, ok := r.Data[0][0].(int64)
	if !ok {
		return 0, fmt.Errorf("count the rows in the lake: the answer is of type %T, want int64", r.Data[0][0])
	}
	return n, nil
}

// progress prints what happens for the first time, and from then on the counters now and then.
type progress struct {
	stack  Stack
	lake   querier
	before int64 // rows that were in the lake when the demo began
	out    io.Writer
	began  time.Time

	stage  stage
	status time.Time // of the last status line
}

// stage is what the demo waits for.
type stage int

const (
	forSamples stage = iota
	forObject
	forRow
	running
)

func newProgress(s Stack, l querier, before int64, out io.Writer) *progress {
	now := time.Now()
	return &progress{stack: s, lake: l, before: before, out: out, began: now, status: now}
}

func (p *progress) say(format string, args ...any) {
	fmt.Fprintf(p.out, "%6.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
}

// waiting prints what the demo waits for.
func (p *progress) waiting() {
	switch p.stage {
	case forSamples:
		p.say("waiting for the first samples")
	case forObject:
		p.say("waiting for the first Parquet object")
	case forRow:
		p.say("waiting for the first row in SQL")
	case running:
	}
}

// look prints what is new.
func (p *progress) look(ctx context.Context) error {
	s := p.stack.Stats()
	if p.stage == forSamples && s.Records > 0 {
		p.say("first samples arrived at the stack: %d record(s), %d bytes", s.Records, s.Bytes)
		p.stage = forObject
		p.waiting()
	}
	if p.stage == forObject && s.Objects > 0 {
		p.say("first object: %s", s.LastObject)
		p.stage = forRow
	}
	due := time.Since(p.status) >= statusEvery
	if p.stage != forRow && !due {
		return nil
	}
	n := p.before
	if p.stage >= forRow {
		var err error
		if n, err = rows(ctx, p.lake); err != nil {
			return err
		}
	}
	if p.stage == forRow && n > p.before {
		p.say("first row(s) in SQL: %d; the page shows them now", n-p.before)
		p.stage = running
	}
	if due {
		p.status = time.Now()
		p.say("%d records, %d rows in %d objects, %d pending, %d failed", s.Records, n-p.before, s.Objects, s.Pending, s.FailedRecords)
		p.waiting()
	}
	return nil
}
