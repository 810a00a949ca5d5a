package athena

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// rolled is the last answer about how far the rollups go.
type rolled struct {
	turn  chan struct{} // a lock with room for one token, as of newest; guards the other fields
	asked time.Time
	until map[string]time.Time // the end of the newest period, by rollup; empty if the stack has no rollups
}

func newRolled() rolled { return rolled{turn: make(chan struct{}, 1)} }

// rolledFor is how long an answer about rollups is used. Rollups that came since are only not read yet: their samples are.
const rolledFor = 10 * time.Minute

// parts are what panels read over a time range whose rows are of a rollup: see [panels.Parts]. A rollup has all periods up to its newest
// one, because the oldest period that is due is rolled up first. A period that was left out, which raises an alarm, is missing in the
// answers until it is rolled up.
func (e *Engine) parts(ctx context.Context, grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
	until, err := e.rolledUntil(ctx)
	if err != nil || len(until) == 0 {
		return nil, err
	}
	var parts []panels.Part
	from := r.From
	all := panels.Rollups()
	for i := len(all) - 1; i >= 0; i-- { // the coarsest first
		rollup := all[i]
		if rollup.Bucket > grain.Bucket {
			continue
		}
		if end := earlier(until[rollup.Name], r.To); end.After(from) {
			parts = append(parts, panels.Part{Relation: e.target.rollup(rollup), Of: rollup, Range: panels.Range{From: from, To: end}})
			from = end
		}
	}
	if r.To.After(from) {
		parts = append(parts, panels.Part{Relation: e.target.Name(), Range: panels.Range{From: from, To: r.To}})
	}
	return parts, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// rolledUntil returns the end of the newest period of each rollup. It asks the catalog at most once in [rolledFor].
func (e *Engine) rolledUntil(ctx context.Context) (map[string]time.Time, error) {
	n := &e.rolled
	select {
	case n.turn <- struct{}{}:
		defer func() { <-n.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now := e.options.Now()
	if age := now.Sub(n.asked); age >= 0 && age < rolledFor {
		return n.until, nil
	}
	until, err := e.findRolled(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask Athena how far the rollups go: %w", err)
	}
	n.asked, n.until = now, until
	return until, nil
}

// findRolled reads the names of the partitions from the catalog, which scans no data
// (https://docs.aws.amazon.com/athena/latest/ug/querying-glue-catalog-listing-partitions.html).
func (e *Engine) findRolled(ctx context.Context) (map[string]time.Time, error) {
	var selects []string
	for _, r := range panels.Rollups() {
		selects = append(selects, "SELECT '"+r.Name+"' AS rollup, max("+strings.Join(r.PartitionKeys(), " || ")+") AS newest FROM "+
			identifier(e.target.Database)+"."+identifier(r.TableOf(e.target.Table)+"$partitions"))
	}
	result, err := e.Query(ctx, panels.Query{SQL: strings.Join(selects, "\nUNION ALL\n")})
	if err != nil {
		// Trino's code for a table that does not exist (io.trino.spi.StandardErrorCode): a stack that was deployed before there were rollups.
		if strings.Contains(err.Error(), "TABLE_NOT_FOUND") {
			return nil, nil
		}
		return nil, err
	}
	until := map[string]time.Time{}
	for i := range result.Rows() {
		for _, r := range panels.Rollups() {
			name, _ := result.Data[0][i].(string)
			newest, ok := result.Data[1][i].(string)
			if !ok || name != r.Name {
				continue // no partition yet
			}
			start, err := time.Parse("2006010215"[:min(10, len(newest))], newest)
			if err != nil {
				return nil, fmt.Errorf("the newest partition of %s is called %q", r.TableOf(e.target.Table), newest)
			}
			until[r.Name] = start.Add(r.Period)
		}
	}
	return until, nil
}
