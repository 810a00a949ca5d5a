package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Roller rolls up the samples of a lake directory: it writes the rows of each [panels.Rollup] as Parquet files, one for each period, into
// the folder [panels.RollupPrefix] beside the table of samples. It is not safe for concurrent use. Several processes may roll up one
// lake at the same time: each file appears whole, by a rename, and a file that misses samples is due again.
type Roller struct {
	lake *Lake
	step func(name string) // called after each step that changes the lake's directory; for tests
	part int64             // see partBytes
}

// rollupMemory bounds DuckDB's memory. An hour of 10,000 machines that take a sample every 3 s fits.
const rollupMemory = "1GB"

// Settle is as in [panels.Schedule]: the collector packs for 2 minutes, the transform's buffer takes up to 1, and the stream's 5. Samples
// that come later make the period due again.
const Settle = 15 * time.Minute

// OpenRoller opens the lake below dir, as [Open] does. threads is how many threads DuckDB uses; 0 means one for each core.
func OpenRoller(dir string, threads int) (*Roller, error) {
	l, err := Open(dir, Options{MemoryLimit: rollupMemory, Threads: threads})
	if err != nil {
		return nil, err
	}
	return &Roller{lake: l, step: func(string) {}, part: partBytes}, nil
}

// Close ends DuckDB.
func (r *Roller) Close() error { return r.lake.Close() }

// Rolled is one file that a run has written.
type Rolled struct {
	Rollup   panels.Rollup
	Start    time.Time // begin of the period, UTC
	Rows     int64
	Warnings []string // about files that could not be read
}

// Run writes the rollups that are due at now, the oldest first, and calls done after each one. If one period fails, the others
// are still rolled up; the error names all that failed.
func (r *Roller) Run(ctx context.Context, now time.Time, done func(Rolled)) error {
	w := newWalk(r.lake.Dir())
	tables, err := w.tables()
	if err != nil {
		return fmt.Errorf("roll up the lake %s: %w", r.lake.Dir(), err)
	}
	var failed []error
	for _, table := range tables {
		if table.path == r.lake.Dir() {
			return fmt.Errorf("roll up the lake %s: it is the table of samples itself; give the directory above it, where the rollups go", table.path)
		}
		known := map[string]map[time.Time]panels.Sources{} // by the name of what rollups are made of
		for _, rollup := range panels.Rollups() {
			from := rollup.From()
			if known[from.Name] == nil {
				known[from.Name] = sourcesOf(newWalk(r.lake.Dir()), table, relationOf(from))
			}
			sources := known[from.Name]
			for _, due := range rollup.Due(sources, r.made(table, rollup, sources, now), panels.Schedule{Now: now, Settle: Settle}) {
				rolled, err := r.roll(ctx, table, due)
				switch {
				case ctx.Err() != nil:
					return ctx.Err()
				case err != nil:
					failed = append(failed, fmt.Errorf("roll up %s of %s: %w", rollup.Name, due.Start.Format(time.DateTime), err))
				default:
					done(rolled)
				}
			}
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// sourcesOf returns the files of each period of a relation, by the begin of the period.
func sourcesOf(w *walk, table place, rel relation) map[time.Time]panels.Sources {
	periods := map[time.Time]panels.Sources{}
	folder, ok := w.folder(table, rel)
	if !ok {
		return periods
	}
	w.partitions(folder, rel.keys, panels.Range{}, false, func(partition place) bool {
		t, ok := rel.startOf(partition.path)
		if !ok {
			return true
		}
		for _, f := range rel.filesOf(w, partition) {
			if info, err := os.Stat(f.path); err == nil {
				periods[t] = periods[t].And(panels.Sources{Objects: 1, Bytes: info.Size(), Newest: info.ModTime()})
			}
		}
		return true
	})
	return periods
}

// made returns for each existing rollup what is known of its source files, and when the rollup was made. It also removes the temporary files of
// killed runs.
func (r *Roller) made(table place, rollup panels.Rollup, sources map[time.Time]panels.Sources, now time.Time) map[time.Time]panels.Made {
	made, seen := map[time.Time]panels.Made{}, map[time.Time]bool{}
	for of := range sources {
		start := rollup.Start(of)
		if seen[start] {
			continue
		}
		seen[start] = true
		path := rolledPath(table, rollup, start)
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			continue // nothing is rolled up
		}
		for _, e := range entries {
			if name := e.Name(); isTemporary(name) {
				if info, err := e.Info(); err == nil && now.Sub(info.ModTime()) > abandoned {
					_ = os.Remove(filepath.Join(filepath.Dir(path), name)) // if it fails, the next run tries again
				}
			}
		}
		if f, err := r.lake.catalog.footerOf(path); err == nil {
			m := panels.Made{At: f.modified}
			_ = m.UnmarshalText([]byte(f.sources)) // without sources the period is due
			made[start] = m
		}
	}
	return made
}

// abandoned is the age of a temporary file that no run writes to any more.
const abandoned = time.Hour

func isTemporary(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".tmp")
}

// rolledPath is the file of a period's rollup.
func rolledPath(table place, rollup panels.Rollup, start time.Time) string {
	return filepath.Join(rollupFolder(table.path, rollup), filepath.FromSlash(rollup.Folder(start)), rolledName)
}

// rolledName is the name of the file of a period's rollup.
const rolledName = "rollup.parquet"

// roll writes the rollup of one period. The file says of which files it was made. Files that appear while it is written may be in it
// or not, so they make the period due again.
func (r *Roller) roll(ctx context.Context, table place, due panels.Due) (_ Rolled, err error) {
	path := rolledPath(table, due.Rollup, due.Start)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return Rolled{}, err
	}
	r.step("folder")
	// A reader skips the temporary file, because its name begins with a dot.
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%d.%d.tmp", os.Getpid(), time.Now().UnixNano()))
	defer func() {
		if e := os.Remove(temporary); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	rolled := Rolled{Rollup: due.Rollup, Start: due.Start}
	if rolled.Rows, rolled.Warnings, err = r.write(ctx, table, due, temporary); err != nil {
		return Rolled{}, err
	}
	r.step("file")
	if err := syncFile(temporary); err != nil {
		return Rolled{}, err
	}
	r.step("synced file")
	if err := os.Rename(temporary, path); err != nil {
		return Rolled{}, err
	}
	r.step("renamed file")
	if err := durable.SyncDir(filepath.Dir(path)); err != nil {
		return Rolled{}, err
	}
	r.step("synced folder")
	return rolled, nil
}

// write writes the rows of one period into a new file. It writes a long period in parts first, so that memory is bounded. The rows of each part
// are in order.
func (r *Roller) write(ctx context.Context, table place, due panels.Due, path string) (rows int64, warnings []string, err error) {
	sources, err := due.MarshalText()
	if err != nil {
		return 0, nil, err
	}
	conn, err := r.lake.db.Conn(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Level 9, as in Athena, makes files 7 % smaller than DuckDB's own level.
	final := "COMPRESSION zstd, COMPRESSION_LEVEL 9, KV_METADATA {" + panels.SourcesKey + ": " + panels.LiteralOf(string(sources)) + "}"
	parts := divided(due, r.part)
	var statements, files []string
	for i, part := range parts {
		to, options := path, final
		if len(parts) > 1 {
			to, options = fmt.Sprintf("%s.%03d.tmp", strings.TrimSuffix(path, ".tmp"), i), "COMPRESSION snappy"
			files = append(files, panels.LiteralOf(to))
			defer func() {
				if e := os.Remove(to); e != nil && !errors.Is(e, fs.ErrNotExist) {
					err = errors.Join(err, e)
				}
			}()
		}
		statements = append(statements, copyTo(due.Rollup.Part(panels.DuckDB(), part), to, options))
	}
	period := panels.Range{From: due.Start, To: due.End().Add(-time.Millisecond)}
	own := func(f dataFile) bool { return f.table == table.path }
	from := relationOf(due.Rollup.From())
	warnings, err = r.lake.overFiles(ctx, conn, []relation{from}, []panels.Range{period}, 0, own, func(views []string, _ []dataFile) (repeatable bool, err error) {
		for _, s := range views {
			if _, err := conn.ExecContext(ctx, s); err != nil {
				return true, err
			}
		}
		rows = 0
		for i, text := range statements {
			if from.rollup.Name == "" {
				if err := withoutCopies(ctx, conn, parts[i]); err != nil {
					return true, err
				}
			}
			result, err := conn.ExecContext(ctx, text)
			if err != nil {
				return true, err
			}
			n, err := result.RowsAffected()
			if err != nil {
				return false, err
			}
			rows += n
		}
		if len(parts) > 1 {
			_, err = conn.ExecContext(ctx, copyTo("FROM read_parquet(["+strings.Join(files, ", ")+"], hive_partitioning = false)", path, final))
		}
		return false, err
	})
	if err == nil && from.rollup.Name != "" && len(warnings) > 0 {
		err = fmt.Errorf("%s: roll it up again first", warnings[0]) // panels read finer rows until then
	}
	return rows, warnings, queryError(err)
}

// withoutCopies makes the view samples_once for a time range. To find the copies of samples, DuckDB sorts whole rows, which takes half of the
// time of a rollup. So it first counts the samples by a hash of what copies share. If there are no two of a hash, there are no copies.
func withoutCopies(ctx context.Context, conn *sql.Conn, r panels.Range) error {
	var differ bool
	if err := conn.QueryRowContext(ctx, "SELECT count(*) = count(DISTINCT hash(session_id, seq)) FROM "+panels.Samples+
		" WHERE "+panels.InRange(r)).Scan(&differ); err != nil {
		return err
	}
	view := onceSQL
	if differ {
		view = "CREATE OR REPLACE TEMP VIEW " + panels.Once + " AS FROM " + panels.Samples
	}
	_, err := conn.ExecContext(ctx, view)
	return err
}

// copyTo is the statement that writes the rows of a query into a file. Small row groups bound the memory for it.
func copyTo(query, path, options string) string {
	return "COPY (" + query + ") TO " + panels.LiteralOf(path) + " (FORMAT parquet, ROW_GROUP_SIZE 20480, " + options + ")"
}

// partBytes is about how many bytes of samples one statement rolls up at most, if they are of several buckets: its memory grows with the
// number of hosts and buckets.
const partBytes = 32 << 20

// divided divides a period into ranges of whole buckets. If samples are spread evenly, each has at most so many bytes.
func divided(due panels.Due, most int64) (parts []panels.Range) {
	buckets := int64(due.Rollup.Period / due.Rollup.Bucket)
	n := min(max(1, (due.Bytes+most-1)/most), buckets)
	at := func(i int64) time.Time { return due.Start.Add(time.Duration(buckets*i/n) * due.Rollup.Bucket) }
	for i := range n {
		parts = append(parts, panels.Range{From: at(i), To: at(i + 1)})
	}
	return parts
}

// syncFile makes the contents of a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only what may be written
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// newestRun returns those of a period's files that one run has written: the file of this package, or else those in the newest folder. A copy
// of a stack's bucket has a folder for each run of the stack's function. The name of the folder begins with the time of the run. Only the
// catalog of the stack knows which folder counts; the function removes the others after hours.
func newestRun(period place, files []place) (newest []place) {
	run := ""
	for _, f := range files {
		name, _, _ := strings.Cut(strings.TrimPrefix(filepath.ToSlash(f.path), filepath.ToSlash(period.path)+"/"), "/")
		if name == rolledName {
			return []place{f}
		}
		if name > run {
			run, newest = name, nil
		}
		if name == run {
			newest = append(newest, f)
		}
	}
	return newest
}
