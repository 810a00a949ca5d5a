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
	ctx      context.Context //nolint:containedctx // it lives as long as one query
	lake     *Lake
	ranges   []panels.Range
	wanted   func(dataFile) bool
	broken   map[string]error      // files to leave out, by path
	found    map[string][]dataFile // by relation
	warnings []string              // about files that were left out
}

// files returns the files of a relation. If a rollup has a period, the relations of what the rollup lacks do not have it. So the samples
// of a period whose rollup cannot be read are read again.
func (l *listing) files(rel relation) ([]dataFile, error) {
	if files, ok := l.found[rel.name]; ok {
		return files, nil
	}
	type period struct {
		table string
		start time.Time
	}
	var skips []func(table string, start time.Time) bool
	for _, other := range rel.lacking {
		rolled, err := l.files(other)
		if err != nil {
			return nil, err
		}
		has := map[period]bool{}
		for _, f := range rolled {
			if start, ok := startOf(f.partition, other.keys); ok {
				has[period{f.table, start}] = true
			}
		}
		skips = append(skips, func(table string, start time.Time) bool { return has[period{table, other.rollup.Start(start)}] })
	}
	skip := func(table string, start time.Time) bool {
		return slices.ContainsFunc(skips, func(f func(string, time.Time) bool) bool { return f(table, start) })
	}
	files, warnings, err := l.lake.catalog.list(l.ctx, rel, l.ranges, skip)
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

// parts are what panels read of the lake over a time range whose rows are of a rollup: see [panels.Parts]. Files say which periods are
// rolled up, so each part is over the whole range. There are none if the lake has no rollups.
func (l *Lake) parts(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
	w := newWalk(l.Dir())
	tables, err := w.tables()
	if err != nil {
		return nil, fmt.Errorf("list the lake %s: %w", l.Dir(), err)
	}
	rolled := false
	for _, rel := range rollups {
		if rel.rollup.Bucket > grain.Bucket {
			continue
		}
		for _, table := range tables {
			if folder, ok := w.folder(table, rel); ok {
				w.partitions(folder, rel.keys, panels.Range{}, true, func(partition place) bool {
					rolled = rolled || len(w.files(partition)) > 0
					return !rolled
				})
			}
		}
	}
	switch {
	case !rolled:
		return nil, nil
	case grain.Name == panels.Minutes.Name:
		return []panels.Part{{Relation: panels.Minutes.Table(), Of: panels.Minutes, Range: r}, {Relation: panels.RestOfMinutes, Range: r}}, nil
	}
	return []panels.Part{
		{Relation: panels.Hours.Table(), Of: panels.Hours, Range: r},
		{Relation: panels.MinuteRest, Of: panels.Minutes, Range: r},
		{Relation: panels.Rest, Range: r},
	}, nil
}
