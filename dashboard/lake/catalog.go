package lake

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// catalog lists the data files below a directory and knows their columns. It reads the footer of each file once.
type catalog struct {
	root string

	mu      sync.Mutex        // guards footers and shapes
	footers map[string]footer // by path
	shapes  map[string]*shape // by shape.text
}

// dataFile is one Parquet file of a relation.
type dataFile struct {
	path  string
	table string // the directory that holds year=… of the samples; that of a rollup is beside it
	// partition is the folder that names the values of the partition keys. The file is in it or below it.
	partition string
	footer
}

func newCatalog(root string) *catalog {
	return &catalog{root: root, footers: map[string]footer{}, shapes: map[string]*shape{}}
}

// list returns the files of a relation for the periods that the ranges touch, by path, except those for which skip returns true. It leaves out what
// cannot be read, and returns a warning for each. It fails only if the root cannot be read or if ctx ends.
func (c *catalog) list(
	ctx context.Context, rel relation, ranges []panels.Range, skip func(table string, start time.Time) bool,
) (files []dataFile, warnings []string, err error) {
	w := newWalk(c.root)
	tables, err := w.tables()
	if err != nil {
		return nil, nil, err
	}
	for _, table := range tables {
		folder, ok := w.folder(table, rel)
		if !ok {
			continue
		}
		for _, r := range ranges {
			w.partitions(folder, rel.keys, r, false, func(partition place) bool {
				if start, ok := rel.startOf(partition.path); ok && skip(table.path, start) {
					return true
				}
				for _, p := range rel.filesOf(w, partition) { // filesOf returns no files for a period that an earlier range touched
					files = append(files, dataFile{path: p.path, table: table.path, partition: partition.path})
				}
				return ctx.Err() == nil
			})
		}
	}
	c.readFooters(ctx, files)
	files = slices.DeleteFunc(files, func(f dataFile) bool {
		err := f.err
		if err == nil {
			err = rel.check(f.shape)
		}
		if err != nil {
			w.leaveOut(f.path, err) // no warning if the file was deleted since it was listed
		}
		return err != nil
	})
	slices.SortFunc(files, func(a, b dataFile) int { return strings.Compare(a.path, b.path) })
	return files, w.warnings, ctx.Err()
}

// footersAtOnce is how many footers are read at the same time. To read one from a disk is mostly to wait for the disk.
const footersAtOnce = 16

// readFooters sets the footers of files, until ctx ends.
func (c *catalog) readFooters(ctx context.Context, files []dataFile) {
	var group errgroup.Group
	group.SetLimit(footersAtOnce)
	for i := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				files[i].err = err
				return nil
			}
			var err error
			files[i].footer, err = c.footerOf(files[i].path)
			files[i].err = err
			return nil
		})
	}
	_ = group.Wait() // each file has its own error
}

// newestHours calls f with the hours of all tables that hold files, newest first, until f returns false.
func (c *catalog) newestHours(f func(start time.Time) (bool, error)) error {
	w := newWalk(c.root)
	tables, err := w.tables()
	if err != nil {
		return err
	}
	var starts []time.Time
	for _, table := range tables {
		seen := 0
		w.partitions(table, samples.keys, panels.Range{}, true, func(hour place) bool {
			if start, ok := samples.startOf(hour.path); ok && len(w.files(hour)) > 0 {
				starts = append(starts, start)
				seen++
			}
			return seen < newestHoursPerTable
		})
	}
	slices.SortFunc(starts, func(a, b time.Time) int { return b.Compare(a) })
	for _, start := range slices.Compact(starts) {
		if more, err := f(start); err != nil || !more {
			return err
		}
	}
	return nil
}

// newestHoursPerTable is how many hours of a table the search for the newest sample looks at. It is more than one because the
// files of an hour may be broken.
const newestHoursPerTable = 24

// startOf reads the begin of a period from the folder of its partition, whose last elements are the keys.
func (r relation) startOf(partition string) (time.Time, bool) {
	parts := strings.Split(filepath.ToSlash(partition), "/")
	return r.rollup.StartOf(parts[max(0, len(parts)-len(r.keys)):])
}
