package athena

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// periods says which periods of a rollup exist. All periods before since count as existing. After since, only those exist whose end is in
// ends. So a gap before since is not read from finer rows: an alarm has reported it long before.
type periods struct {
	since time.Time
	ends  []time.Time // in order
}

const (
	// rolledFor is how long the engine uses an answer about rollups. If a period is rolled up meanwhile, the engine reads its finer rows
	// until it asks again.
	rolledFor = 10 * time.Minute
	// lookedAt is how far back the engine asks about each single period. Periods before that count as rolled up.
	lookedAt = 7 * 24 * time.Hour
)

// parts returns what panels read for a time range whose rows are of the rollup grain: see [panels.Parts].
func (e *Engine) parts(ctx context.Context, grain panels.Rollup, r panels.Range) (parts []panels.Part, err error) {
	known, err := e.rolledPeriods(ctx)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	missing := []panels.Range{r}
	all := panels.Rollups()
	for i := len(all) - 1; i >= 0; i-- { // the coarsest first
		rollup := all[i]
		if rollup.Bucket > grain.Bucket {
			continue
		}
		var still []panels.Range
		for _, m := range missing {
			has, lacks := known[rollup.Name].split(m, rollup.Period)
			if has != m.From {
				parts = append(parts, panels.Part{Relation: e.target.rollup(rollup), Of: rollup, Range: panels.Range{From: m.From, To: has}})
			}
			still = append(still, lacks...)
		}
		missing = still
	}
	for _, m := range missing {
		parts = append(parts, panels.Part{Relation: e.target.Name(), Range: m})
	}
	return parts, nil
}

// split returns the end of the newest period in a range, or the begin of the range if there is none, and the ranges that no period has.
func (p periods) split(r panels.Range, length time.Duration) (until time.Time, lacks []panels.Range) {
	until = r.From
	covered := r.From // up to where periods are contiguous
	add := func(from, to time.Time) {
		if from, to = later(from, r.From), earlier(to, r.To); from.Before(to) {
			lacks = append(lacks, panels.Range{From: from, To: to})
		}
	}
	if p.since.After(covered) {
		covered = earlier(p.since, r.To)
		until = covered
	}
	for _, end := range p.ends {
		start := end.Add(-length)
		if !end.After(covered) || !start.Before(r.To) {
			continue
		}
		add(covered, start)
		covered = end
		until = earlier(end, r.To)
	}
	add(covered, r.To)
	return until, lacks
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// rolledPeriods returns the periods of each rollup. It asks the catalog at most once in [rolledFor].
func (e *Engine) rolledPeriods(ctx context.Context) (map[string]periods, error) {
	now := e.options.Now()
	return e.rolled.get(ctx, now, rolledFor, func(map[string]periods) (map[string]periods, error) {
		found, err := e.findRolled(ctx, now)
		if err != nil {
			return nil, fmt.Errorf("ask Athena which hours and days are rolled up: %w", err)
		}
		return found, nil
	})
}

// findRolled finds the periods of the rollups that the stack has. A stack that was deployed earlier lacks the coarsest ones, or all of them.
func (e *Engine) findRolled(ctx context.Context, now time.Time) (found map[string]periods, err error) {
	for rollups := panels.Rollups(); len(rollups) > 0; rollups = rollups[:len(rollups)-1] {
		found, err = e.findPeriods(ctx, now, rollups)
		// Trino's code for a table that does not exist (io.trino.spi.StandardErrorCode).
		if err == nil || !strings.Contains(err.Error(), "TABLE_NOT_FOUND") {
			return found, err
		}
	}
	return nil, nil
}

// findPeriods reads the names of the partitions from the catalog, which scans no data
// (https://docs.aws.amazon.com/athena/latest/ug/querying-glue-catalog-listing-partitions.html): of each rollup the newest one that is
// older than [lookedAt], and all that are not older.
func (e *Engine) findPeriods(ctx context.Context, now time.Time, rollups []panels.Rollup) (map[string]periods, error) {
	var selects []string
	for _, r := range rollups {
		name := strings.Join(r.PartitionKeys(), " || '/' || ")
		since := "'" + strings.Join(r.Partition(now.Add(-lookedAt)), "/") + "'"
		from := " FROM " + identifier(e.target.Database) + "." + identifier(r.TableOf(e.target.Table)+"$partitions") + " WHERE " + name
		selects = append(selects, "SELECT '"+r.Name+"' AS rollup, max("+name+") AS period"+from+" < "+since,
			"SELECT '"+r.Name+"', "+name+from+" >= "+since)
	}
	result, err := e.Query(ctx, panels.Query{SQL: strings.Join(selects, "\nUNION ALL\n")})
	if err != nil {
		return nil, err
	}
	found := map[string]periods{}
	for _, r := range rollups {
		var p periods
		for i := range result.Rows() {
			name, ok := result.Data[1][i].(string)
			if !ok || result.Data[0][i] != r.Name {
				continue
			}
			start, ok := r.StartOf(strings.Split(name, "/"))
			if !ok {
				return nil, fmt.Errorf("read the partitions of %s: %q is not a period, want for example %q", r.TableOf(e.target.Table), name,
					strings.Join(r.Partition(now), "/"))
			}
			if start.Before(r.Start(now.Add(-lookedAt))) {
				p.since = start.Add(r.Period)
			} else {
				p.ends = append(p.ends, start.Add(r.Period))
			}
		}
		slices.SortFunc(p.ends, time.Time.Compare)
		if !p.since.IsZero() || len(p.ends) > 0 {
			found[r.Name] = p
		}
	}
	return found, nil
}
