package lake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// listing finds the files of relations for one query.
type listing struct {
	lake     *Lake
	ranges   []panels.Range
	wanted   func(dataFile) bool
	broken   map[string]error      // files to leave out, by path
	found    map[string][]dataFile // by relation
	warnings []string              // about files that were left out
}

// files returns the files of a relation. A relation of what rollups lack leaves out each period that these rollups have. So if the rollup of
// a period cannot be read, the finer rows of the period are read.
func (l *listing) files(ctx context.Context, rel relation) ([]dataFile, error) {
	if rel.unread {
		return nil, nil
	}
	if files, ok := l.found[rel.name]; ok {
		return files, nil
	}
	type period struct {
		rollup, table string
		start         time.Time
	}
	has := map[period]bool{}
	for _, other := range rel.lacking {
		rolled, err := l.files(ctx, other)
		if err != nil {
			return nil, err
		}
		for _, f := range rolled {
			if start, ok := other.startOf(f.partition); ok {
				has[period{other.rollup.Name, f.table, start}] = true
			}
		}
	}
	skip := func(table string, start time.Time) bool {
		return slices.ContainsFunc(rel.lacking, func(other relation) bool { return has[period{other.rollup.Name, table, other.rollup.Start(start)}] })
	}
	files, warnings, err := l.lake.catalog.list(ctx, rel, l.ranges, skip)
	if err != nil {
		return nil, fmt.Errorf("list the lake %s: %w", l.lake.Dir(), err)
	}
	files = slices.DeleteFunc(files, func(f dataFile) bool {
		problem, ok := l.broken[f.path]
		if ok {
			warnings = append(warnings, leftOut(l.lake.Dir(), f.path, problem))
		}
		return ok || !l.wanted(f)
	})
	l.found[rel.name] = files
	l.warnings = append(l.warnings, warnings...)
	return files, nil
}

// hasRollups says whether the lake has a file of a rollup whose buckets are no longer than those of grain.
func (l *Lake) hasRollups(grain panels.Rollup) (bool, error) {
	w := newWalk(l.Dir())
	tables, err := w.tables()
	if err != nil {
		return false, fmt.Errorf("list the lake %s: %w", l.Dir(), err)
	}
	found := false
	for _, rel := range rollups {
		if rel.rollup.Bucket > grain.Bucket {
			continue
		}
		for _, table := range tables {
			if folder, ok := w.folder(table, rel); ok {
				w.partitions(folder, rel.keys, panels.Range{}, true, func(partition place) bool {
					found = found || len(w.files(partition)) > 0
					return !found
				})
			}
			if found {
				return true, nil
			}
		}
	}
	return false, nil
}

// partsOf are what panels read of the lake over a time range whose rows are of a rollup: see [panels.Parts]. Files say which periods are
// rolled up, so each part is over the whole range.
func partsOf(grain panels.Rollup, r panels.Range) []panels.Part {
	parts := []panels.Part{{Relation: grain.Table(), Of: grain, Range: r}}
	for _, rel := range slices.Backward(slices.Concat([]relation{samples}, rollups)) {
		if rel.rollup.Bucket < grain.Bucket {
			parts = append(parts, panels.Part{Relation: rel.rollup.Without(grain), Of: rel.rollup, Range: r})
		}
	}
	return parts
}
