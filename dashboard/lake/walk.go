package lake

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// walk goes once through the directories of a lake. It finds the files that Athena would read: all files in the folders of the
// hours and in folders below these, whatever their names end in, except names that begin with a dot or an underscore
// (https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html, "Athena reads hidden files").
//
// A directory may be a symbolic link to another place within the lake. Each real file is found once. A walk leaves out what it
// cannot read, and notes that in warnings: one bad entry must not make all queries fail.
type walk struct {
	root     string
	warnings []string
	entered  map[string]bool // real paths of all directories and files that the walk came to
}

// place is a file or directory of the lake.
type place struct {
	path string // as found below the root; it names the partition
	real string // path with symbolic links resolved
}

func newWalk(root string) *walk { return &walk{root: root, entered: map[string]bool{}} }

// enter notes the real path of a place and reports whether the walk came to it for the first time.
func (w *walk) enter(p place) bool {
	known := w.entered[p.real]
	w.entered[p.real] = true
	return !known
}

// leaveOut notes that a file or directory is not part of the answer. One that was deleted needs no warning.
func (w *walk) leaveOut(path string, reason error) {
	if errors.Is(reason, fs.ErrNotExist) {
		return
	}
	var failure *fs.PathError
	if errors.As(reason, &failure) { // the warning names the path already
		reason = failure.Err
	}
	w.warnings = append(w.warnings, leftOut(w.root, path, reason))
}

// leftOut is the warning about a file or directory that is not part of the answer. A name with characters that control a
// terminal is quoted: anyone who can write into the lake chooses names.
func leftOut(root, path string, reason error) string {
	if rel, err := filepath.Rel(root, path); err == nil {
		path = filepath.ToSlash(rel)
	}
	if quoted := strconv.Quote(path); quoted != `"`+path+`"` {
		path = quoted
	}
	return "left out " + path + ": " + reason.Error()
}

// entries returns the entries of a directory, by name.
func (w *walk) entries(dir place) []fs.DirEntry {
	entries, err := os.ReadDir(dir.path)
	if err != nil {
		w.leaveOut(dir.path, err)
	}
	return entries // those that could be read
}

// child follows an entry of a directory. It returns the entry's place and type. ok is false if the entry is left out.
func (w *walk) child(dir place, e fs.DirEntry) (p place, kind fs.FileMode, ok bool) {
	p = place{path: filepath.Join(dir.path, e.Name()), real: filepath.Join(dir.real, e.Name())}
	if e.Type()&fs.ModeSymlink == 0 {
		return p, e.Type(), true
	}
	target, err := filepath.EvalSymlinks(p.real)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("a symbolic link to something that does not exist")
	}
	if err == nil && !w.within(target) {
		err = errOutside
	}
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(target)
	}
	if err != nil {
		w.leaveOut(p.path, err)
		return p, 0, false
	}
	p.real = target
	return p, info.Mode().Type(), true
}

var errOutside = errors.New("a symbolic link out of the lake; copy or mount the files into the lake's directory")

// within reports whether a path without symbolic links is in the lake.
func (w *walk) within(path string) bool {
	separator := string(filepath.Separator)
	return path == w.root || strings.HasPrefix(path, strings.TrimSuffix(w.root, separator)+separator)
}

// tableDepth is how many levels below the root a table may be: a bucket, and a prefix of some levels.
const tableDepth = 6

// tables returns the directories that hold partitions.
func (w *walk) tables() ([]place, error) {
	if _, err := os.ReadDir(w.root); err != nil {
		return nil, err
	}
	return w.tablesBelow(place{path: w.root, real: w.root}, 0), nil
}

// tablesBelow returns the tables in dir and below it. It skips hidden directories, errors, which holds what could not be transformed
// or converted, and rollup, which holds other tables.
func (w *walk) tablesBelow(dir place, depth int) (tables []place) {
	if !w.enter(dir) || depth > tableDepth {
		return nil
	}
	entries := w.entries(dir)
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), "year=") }) {
		tables = append(tables, dir)
	}
	for _, e := range entries {
		if isHidden(e) || e.Name() == "errors" || e.Name() == panels.RollupPrefix || strings.HasPrefix(e.Name(), "year=") || e.Type().IsRegular() {
			continue
		}
		if p, kind, ok := w.child(dir, e); ok && kind.IsDir() {
			tables = append(tables, w.tablesBelow(p, depth+1)...)
		}
	}
	return tables
}

// folder returns the folder of a relation's partitions. ok is false if there is none.
func (w *walk) folder(table place, rel relation) (p place, ok bool) {
	path := rel.folder(table.path)
	if path == table.path {
		return table, true
	}
	target, err := filepath.EvalSymlinks(path)
	if err == nil && !w.within(target) {
		err = errOutside
	}
	if err != nil {
		w.leaveOut(path, err)
		return p, false
	}
	return place{path: path, real: target}, true
}

// partitions calls f with the partitions of a folder that the range touches, until f returns false. The partitions come in order of
// time, or newest first if reverse is true. The keys are year, month and so on.
func (w *walk) partitions(folder place, keys []string, r panels.Range, reverse bool, f func(partition place) bool) {
	first, last := "", "9999999999"
	if !r.IsZero() {
		end := r.To.Add(-time.Millisecond) // the range ends before To; ts has millisecond precision
		if end.Before(r.From) {
			end = r.From
		}
		first, last = r.From.UTC().Format("2006010215"), end.UTC().Format("2006010215")
	}
	w.partitionsBelow(folder, "", keys, reverse, func(so string) bool {
		// so may be the beginning of a key, such as a year. It is compared with as many characters of the bounds.
		return so >= first[:min(len(first), len(so))] && so <= last[:len(so)]
	}, f)
}

// partitionsBelow goes through the directories key=value below dir, one level for each key, and calls f with those of the last level.
// It skips a directory if wanted returns false for the values down to it, joined. It ends and returns false if f returns false.
func (w *walk) partitionsBelow(dir place, so string, keys []string, reverse bool, wanted func(so string) bool, f func(place) bool) bool {
	entries := w.entries(dir)
	if reverse {
		slices.Reverse(entries)
	}
	for _, e := range entries {
		value, ok := strings.CutPrefix(e.Name(), keys[0]+"=")
		if !ok || !partitionValue.MatchString(value) || (len(value) == 4) != (keys[0] == "year") || !wanted(so+value) {
			continue
		}
		p, kind, ok := w.child(dir, e)
		switch {
		case !ok:
		case !kind.IsDir():
			w.leaveOut(p.path, errors.New("not a directory; a partition is a directory of files"))
		case len(keys) > 1:
			if !w.partitionsBelow(p, so+value, keys[1:], reverse, wanted, f) {
				return false
			}
		default:
			if !f(p) {
				return false
			}
		}
	}
	return true
}

var partitionValue = regexp.MustCompile(`^([0-9]{2}|[0-9]{4})$`)

// files returns the files of a partition, in its folder dir and in the folders below. It does not open them.
func (w *walk) files(dir place) (files []place) {
	if !w.enter(dir) {
		return nil
	}
	for _, e := range w.entries(dir) {
		if isHidden(e) {
			continue
		}
		p, kind, ok := w.child(dir, e)
		switch {
		case !ok:
		case kind.IsDir() && strings.Contains(e.Name(), "="):
			w.leaveOut(p.path, errors.New("a folder key=value in a partition; all partition keys are above it"))
		case kind.IsDir():
			files = append(files, w.files(p)...)
		case !kind.IsRegular():
			w.leaveOut(p.path, notRegular(kind))
		case w.enter(p):
			files = append(files, p)
		}
	}
	return files
}

// notRegular is the error about a file that is not opened because of its type: opening a FIFO, for example, waits for a writer.
func notRegular(kind fs.FileMode) error {
	return fmt.Errorf("not a regular file but of type %s", kind)
}

// isHidden reports whether Hive and Athena ignore an entry because of its name.
func isHidden(e fs.DirEntry) bool { return e.Name()[0] == '.' || e.Name()[0] == '_' }
