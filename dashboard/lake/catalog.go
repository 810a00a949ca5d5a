package lake

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// catalog knows which data files are below a directory and what is in them. Footers are read once for each file.
type catalog struct {
	root string

	mu      sync.Mutex
	footers map[string]footer // by path
	shapes  map[string]*shape // by their text
}

// dataFile is one Parquet file of the table.
type dataFile struct {
	path  string
	table string // the directory that holds year=…
	footer
}

func newCatalog(root string) *catalog {
	return &catalog{root: root, footers: map[string]footer{}, shapes: map[string]*shape{}}
}

// list returns the files of the hours that the range touches, by path. What cannot be read is left out, with a warning.
func (c *catalog) list(ctx context.Context, r panels.Range) (files []dataFile, warnings []string, err error) {
	tables, err := c.tables()
	if err != nil {
		return nil, nil, err
	}
	for _, table := range tables {
		err := eachHour(table, r, false, func(dir string) (bool, error) {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			found, warned, err := c.hour(table, dir)
			files, warnings = append(files, found...), append(warnings, warned...)
			return true, err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return files, warnings, nil
}

// newestHours calls f with the hours of all tables that hold files, newest first, until it returns false.
func (c *catalog) newestHours(f func(start time.Time) (bool, error)) error {
	tables, err := c.tables()
	if err != nil {
		return err
	}
	var hours []time.Time
	for _, table := range tables {
		seen := 0
		err := eachHour(table, panels.Range{}, true, func(dir string) (bool, error) {
			entries, err := os.ReadDir(dir)
			if ignoreGone(err) != nil {
				return false, err
			}
			if start, ok := hourOf(dir); ok && slices.ContainsFunc(entries, isDataFile) {
				hours = append(hours, start)
				seen++
			}
			return seen < newestHoursPerTable, nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortFunc(hours, func(a, b time.Time) int { return b.Compare(a) })
	for _, start := range slices.Compact(hours) {
		if more, err := f(start); err != nil || !more {
			return err
		}
	}
	return nil
}

// newestHoursPerTable is how far back the newest readable sample is looked for: past some hours whose files are broken.
const newestHoursPerTable = 24

// tableDepth is how deep below the root a table may begin: bucket and a prefix of some levels.
const tableDepth = 6

// tables returns the directories that hold partitions. Objects that could not be transformed or converted lie below a
// prefix of their own; that, and whatever is hidden or a temporary, is not looked into.
func (c *catalog) tables() ([]string, error) {
	var tables []string
	err := filepath.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			if path != c.root && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
				return fs.SkipDir
			}
			return err
		}
		if !d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(c.root, path)
		if err != nil {
			return err
		}
		switch name := d.Name(); {
		case rel == ".":
			return nil
		case strings.HasPrefix(name, "year="):
			if table := filepath.Dir(path); !slices.Contains(tables, table) {
				tables = append(tables, table)
			}
			return fs.SkipDir
		case strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "errors",
			strings.Count(rel, string(filepath.Separator)) >= tableDepth:
			return fs.SkipDir
		}
		return nil
	})
	return tables, err
}

// eachHour calls f with the hour directories of a table that the range touches, in order of time or, if reverse, newest
// first, until it returns false.
func eachHour(table string, r panels.Range, reverse bool, f func(dir string) (bool, error)) error {
	first, last := "", "9999999999"
	if !r.IsZero() {
		first, last = r.From.UTC().Format("2006010215"), r.To.UTC().Format("2006010215")
	}
	_, err := walkKeys(table, "", record.PartitionKeys(), func(dir, so string) (bool, error) {
		// A prefix of the key is compared with as much of the bounds: a year lies in the range if the years do.
		if so < first[:min(len(first), len(so))] || so > last[:len(so)] {
			return true, nil
		}
		if len(so) < len("2006010215") {
			return true, errDescend
		}
		return f(dir)
	}, reverse)
	return err
}

var errDescend = errors.New("descend")

// walkKeys goes through the directories key=value below dir, one level for each key. visit is given the directory and
// the values so far, joined; it asks for the next level by errDescend.
func walkKeys(dir, so string, keys []string, visit func(dir, so string) (bool, error), reverse bool) (bool, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true, ignoreGone(err)
	}
	if reverse {
		slices.Reverse(entries)
	}
	for _, e := range entries {
		value, ok := strings.CutPrefix(e.Name(), keys[0]+"=")
		if !ok || !partitionValue.MatchString(value) || (len(value) == 4) != (keys[0] == "year") {
			continue
		}
		sub := filepath.Join(dir, e.Name())
		more, err := visit(sub, so+value)
		if errors.Is(err, errDescend) {
			more, err = walkKeys(sub, so+value, keys[1:], visit, reverse)
		}
		if err != nil || !more {
			return more, err
		}
	}
	return true, nil
}

var partitionValue = regexp.MustCompile(`^([0-9]{2}|[0-9]{4})$`)

// hourOf reads the hour from the last four elements of a path.
func hourOf(dir string) (time.Time, bool) {
	parts := strings.Split(filepath.ToSlash(dir), "/")
	t, err := time.Parse("year=2006/month=01/day=02/hour=15", strings.Join(parts[len(parts)-4:], "/"))
	return t, err == nil
}

// hour returns the files of one hour.
func (c *catalog) hour(table, dir string) (files []dataFile, warnings []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, ignoreGone(err)
	}
	for _, e := range entries {
		if !isDataFile(e) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := c.footerOf(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			warnings = append(warnings, c.leftOut(path, err.Error()))
		default:
			files = append(files, dataFile{path: path, table: table, footer: f})
		}
	}
	return files, warnings, nil
}

// leftOut is the warning about a file that is not part of the answer.
func (c *catalog) leftOut(path, reason string) string {
	if rel, err := filepath.Rel(c.root, path); err == nil {
		path = rel
	}
	return "left out " + path + ": " + reason
}

// isDataFile reports whether an entry is an object of the table. Object names end in .parquet; a leading dot or
// underscore marks what is not data, by the convention of Hive and Athena.
func isDataFile(e fs.DirEntry) bool {
	name := e.Name()
	return !e.IsDir() && strings.HasSuffix(name, ".parquet") && name[0] != '.' && name[0] != '_'
}

// ignoreGone drops the error of a file or directory that went away between listing and reading.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
