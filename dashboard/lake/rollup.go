package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/durable"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Roller rolls up the samples of a lake directory: it writes the rows of [panels.Rollup] as Parquet files, one for each period, into
// the folder [panels.RollupPrefix] beside the table of samples. It is not safe for concurrent use. Several processes may roll up one
// lake at the same time: each file appears whole, by a rename, and a file that misses samples is due again.
type Roller struct{ lake *Lake }

// rollupMemory bounds DuckDB's memory. An hour of 10,000 machines that take a sample every 3 s fits.
const rollupMemory = "1GB"

// closedAfter is how long after its end a period is rolled up for the first time. Most samples of the period are there then: the
// collector packs for 2 minutes and the stream buffers for 5. Samples that come later make the period due again.
const closedAfter = 15 * time.Minute

// OpenRoller opens the lake below dir, as [Open] does.
func OpenRoller(dir string) (*Roller, error) {
	l, err := Open(dir, Options{MemoryLimit: rollupMemory})
	if err != nil {
		return nil, err
	}
	return &Roller{l}, nil
}

// Close ends DuckDB.
func (r *Roller) Close() error { return r.lake.Close() }

// Rolled is one file that a run has written.
type Rolled struct {
	Rollup   panels.Rollup
	Start    time.Time // begin of the period, UTC
	Rows     int64
	Warnings []string // about files of samples that could not be read
}

// Run writes the rollups that are due at now, the oldest first, and calls done after each one. A period is due if it has ended and
// has samples that its rollup may lack.
func (r *Roller) Run(ctx context.Context, now time.Time, done func(Rolled)) error {
	w := newWalk(r.lake.Dir())
	tables, err := w.tables()
	if err != nil {
		return fmt.Errorf("roll up the lake %s: %w", r.lake.Dir(), err)
	}
	for _, table := range tables {
		if table.path == r.lake.Dir() {
			return fmt.Errorf("roll up the lake %s: it is the table of samples itself; give the directory above it, where the rollups go", table.path)
		}
		written := hoursWritten(newWalk(r.lake.Dir()), table)
		for _, rollup := range panels.Rollups() {
			for _, start := range due(written, table, rollup, now) {
				rolled, err := r.roll(ctx, table, rollup, start)
				if err != nil {
					return fmt.Errorf("roll up %s of %s: %w", rollup.Name, start.Format(time.DateTime), err)
				}
				done(rolled)
			}
		}
	}
	return ctx.Err()
}

// hoursWritten returns when the newest file of each hour of samples was written, by the hour's begin.
func hoursWritten(w *walk, table place) map[time.Time]time.Time {
	written := map[time.Time]time.Time{}
	w.partitions(table, samples.keys, panels.Range{}, false, func(hour place) bool {
		t, ok := hourOf(hour.path)
		if !ok {
			return true
		}
		for _, f := range w.files(hour) {
			if info, err := os.Stat(f.path); err == nil && info.ModTime().After(written[t]) {
				written[t] = info.ModTime()
			}
		}
		return true
	})
	return written
}

// due returns the begins of the periods to roll up, in order.
func due(hours map[time.Time]time.Time, table place, rollup panels.Rollup, now time.Time) (starts []time.Time) {
	newest := map[time.Time]time.Time{} // by the period's begin
	for hour, written := range hours {
		if start := rollup.Start(hour); written.After(newest[start]) {
			newest[start] = written
		}
	}
	for start, written := range newest {
		if now.Before(start.Add(rollup.Period + closedAfter)) {
			continue
		}
		info, err := os.Stat(rolledPath(table, rollup, start))
		if err != nil || !info.ModTime().After(written) {
			starts = append(starts, start)
		}
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// rolledPath is the file of a period's rollup.
func rolledPath(table place, rollup panels.Rollup, start time.Time) string {
	parts := strings.Split(start.Format("year=2006/month=01/day=02/hour=15"), "/")[:len(rollup.PartitionKeys())]
	return filepath.Join(rollupFolder(table.path, rollup), filepath.Join(parts...), "rollup.parquet")
}

// roll writes the rollup of one period. The file's modification time is the time before the samples were listed, so that [due]
// finds samples that came later.
func (r *Roller) roll(ctx context.Context, table place, rollup panels.Rollup, start time.Time) (_ Rolled, err error) {
	listed := time.Now()
	path := rolledPath(table, rollup, start)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return Rolled{}, err
	}
	// A reader skips the temporary file, because its name begins with a dot.
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%d.%d.tmp", os.Getpid(), listed.UnixNano()))
	defer func() {
		if e := os.Remove(temporary); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	rolled := Rolled{Rollup: rollup, Start: start}
	if rolled.Rows, rolled.Warnings, err = r.write(ctx, table, rollup, start, temporary); err != nil {
		return Rolled{}, err
	}
	if err := os.Chtimes(temporary, listed, listed); err != nil {
		return Rolled{}, err
	}
	if err := syncFile(temporary); err != nil {
		return Rolled{}, err
	}
	if err := os.Rename(temporary, path); err != nil {
		return Rolled{}, err
	}
	return rolled, durable.SyncDir(filepath.Dir(path))
}

// write writes the rows of one period into a new file.
func (r *Roller) write(ctx context.Context, table place, rollup panels.Rollup, start time.Time, path string) (rows int64, warnings []string, err error) {
	conn, err := r.lake.db.Conn(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	text := "COPY (" + rollup.Query(panels.DuckDB(), start) + ") TO " + quote(path) + " (FORMAT parquet, COMPRESSION zstd)" //nolint:gosec // quote escapes the path
	period := panels.Range{From: start, To: start.Add(rollup.Period - time.Millisecond)}
	own := func(f dataFile) bool { return f.table == table.path }
	warnings, err = r.lake.overFiles(ctx, conn, []relation{samples}, []panels.Range{period}, 0, own, func(views []string) (repeatable bool, err error) {
		for _, s := range append(views, onceSQL) {
			if _, err := conn.ExecContext(ctx, s); err != nil {
				return true, err
			}
		}
		result, err := conn.ExecContext(ctx, text)
		if err != nil {
			return true, err
		}
		rows, err = result.RowsAffected()
		return false, err
	})
	return rows, warnings, queryError(err)
}

// syncFile makes the contents of a file durable.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only what may be written
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
