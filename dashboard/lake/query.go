package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Query runs a query and returns its whole result.
func (l *Lake) Query(ctx context.Context, q panels.Query) (panels.Result, error) {
	c := &panels.ResultSink{MaxRows: l.maxRows}
	notes, err := l.Stream(ctx, q, c)
	if err != nil {
		return panels.Result{}, err
	}
	c.Result.Notes = notes
	return c.Result, nil
}

// maxBadFiles is how many files with broken contents one query leaves out before it fails.
const maxBadFiles = 100

// Stream runs a query and hands its rows to sink as they come. The notes are warnings about files that were left out. If a file
// turns out to be broken or deleted before the first row was handed over, the query starts again without that file.
func (l *Lake) Stream(ctx context.Context, q panels.Query, sink panels.Sink) (notes panels.Notes, err error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return notes, fmt.Errorf("connect to DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	all := func(dataFile) bool { return true }
	var tables []string
	if !q.Bound() {
		if tables, err = inspect(ctx, conn, q.SQL); err != nil {
			return notes, queryError(err)
		}
	}
	relations := relationsFor(q, tables)
	warnings, err := l.overFiles(ctx, conn, relations, append([]panels.Range{q.Range}, q.Also...), q.MaxScan, all, func(views []string, files []dataFile) (repeatable bool, err error) {
		release, err := l.shared.make(ctx, conn, q.Shared, views, files)
		defer release()
		if err != nil {
			return true, err
		}
		started := &startedSink{Sink: sink}
		err = run(ctx, conn, besidesShared(q, relations, views), q, started)
		return !started.yet, err
	})
	return panels.Notes{Warnings: bounded(warnings)}, err
}

// overFiles calls use with the statements that make the views of relations, in their order, and the wanted files of the periods that the ranges touch.
// If use fails because a file is broken or gone, and says that it can be repeated, it is called again without that file. The warnings
// name the files that were left out. The files may have maxScan bytes in all; 0 means no limit.
func (l *Lake) overFiles(ctx context.Context, conn *sql.Conn, relations []relation, ranges []panels.Range, maxScan int64, wanted func(dataFile) bool,
	use func(views []string, files []dataFile) (repeatable bool, err error),
) (warnings []string, err error) {
	broken := map[string]error{} // by path
	for {
		found := &listing{lake: l, ranges: ranges, wanted: wanted, broken: broken, found: map[string][]dataFile{}}
		var views []string
		var all []dataFile // each once, although several relations can have it
		listed := map[string]bool{}
		for _, rel := range relations {
			files, err := found.files(ctx, rel)
			if err != nil {
				return nil, err
			}
			views = append(views, viewSQL(rel, files))
			for _, f := range files {
				if !listed[f.path] {
					listed[f.path] = true
					all = append(all, f)
				}
			}
		}
		if err := checkScan(all, maxScan); err != nil {
			return nil, err
		}
		repeatable, err := use(views, all)
		if err == nil {
			return found.warnings, nil
		}
		if !repeatable || ctx.Err() != nil || !l.findUnreadable(ctx, conn, all, broken, err) || len(broken) > maxBadFiles {
			return nil, err
		}
	}
}

// checkScan refuses a query whose files have more bytes than it may read, also if the query would read only some columns, or only the hours
// of a condition.
func checkScan(files []dataFile, maxScan int64) error {
	var size int64
	for _, f := range files {
		size += f.size
	}
	if maxScan > 0 && size > maxScan {
		return fmt.Errorf("the %d files that the query reads in this time range have %.1f MB, and a query may read %.1f MB: choose a shorter time range",
			len(files), float64(size)/1e6, float64(maxScan)/1e6)
	}
	return nil
}

// maxWarnings is the greatest number of warnings in an answer: a directory may hold thousands of bad files.
const maxWarnings = 50

func bounded(warnings []string) []string {
	if n := len(warnings) - maxWarnings; n > 0 {
		return append(warnings[:maxWarnings:maxWarnings], fmt.Sprintf("left out %d more", n))
	}
	return warnings
}

// makeViews makes the views that a query reads: those of relations, and samples_once and samples_otel if the query mentions them.
func makeViews(ctx context.Context, conn *sql.Conn, query string, views []string) error {
	statements := slices.Clone(views)
	if mentionsOnce.MatchString(query) { // only if needed: DuckDB looks at the files once more to make the view
		statements = append(statements, onceSQL)
	}
	if mentionsOTel.MatchString(query) {
		statements = append(statements, otelSQL)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context, conn *sql.Conn, views []string, q panels.Query, sink panels.Sink) (err error) {
	if err := makeViews(ctx, conn, q.SQL, views); err != nil {
		return queryError(err)
	}
	rows, err := query(ctx, conn, q)
	if err != nil {
		return queryError(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	columns := make([]panels.Column, len(types))
	values, pointers := make([]any, len(types)), make([]any, len(types))
	for i, t := range types {
		columns[i] = panels.Column{Name: t.Name(), Type: t.DatabaseTypeName()}
		pointers[i] = &values[i]
	}
	if err := sink.Begin(columns); err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		for i := range values {
			if id, ok := values[i].([]byte); ok && columns[i].Type == "UUID" && len(id) == len(duckdb.UUID{}) {
				values[i] = (*duckdb.UUID)(id).String()
			}
			values[i] = plain(values[i])
		}
		switch err := sink.Row(values); {
		case errors.Is(err, panels.ErrEnough):
			return nil
		case err != nil:
			return err
		}
	}
	return queryError(rows.Err())
}

// query runs the SQL of a query.
func query(ctx context.Context, conn *sql.Conn, q panels.Query) (*sql.Rows, error) {
	if !q.Bound() {
		if err := checkStatement(conn, q.SQL); err != nil {
			return nil, err
		}
		return conn.QueryContext(ctx, q.SQL, q.Args...)
	}
	if err := setVariables(ctx, conn, q.Args); err != nil {
		return nil, err
	}
	return conn.QueryContext(ctx, "FROM "+plannedOnce, q.SQL)
}

// plannedOnce is the table with the rows of a query, whose SQL is its parameter. The driver prepares each statement, and DuckDB plans one
// that reads files again when it runs (https://github.com/duckdb/duckdb/issues/17068). It cannot plan this one before it has the SQL.
const plannedOnce = "query(?)"

// setVariables gives the parameters of a query their values.
func setVariables(ctx context.Context, conn *sql.Conn, values []any) error {
	for i, value := range values {
		if _, err := conn.ExecContext(ctx, "SET VARIABLE "+panels.ParameterVariable(i+1)+" = ?", value); err != nil {
			return err
		}
	}
	return nil
}

// findUnreadable looks for the files that made a query fail with err. These are files that are gone, which the next listing does
// not have, files that were replaced while DuckDB read them, or files whose contents DuckDB cannot read, which it adds to broken. It
// reports whether it found any. Then the query can be repeated without them.
func (l *Lake) findUnreadable(ctx context.Context, conn *sql.Conn, files []dataFile, broken map[string]error, err error) bool {
	var failure *duckdb.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Type {
	case duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeIO, duckdb.ErrorTypeSerialization, duckdb.ErrorTypeInvalid,
		duckdb.ErrorTypeInternal, duckdb.ErrorTypeUnknownType, duckdb.ErrorTypeMismatchType, duckdb.ErrorTypePermission:
	default:
		return false
	}
	var suspects []dataFile
	gone := false
	for _, f := range files {
		switch {
		case f.changed():
			gone = true
		case strings.Contains(failure.Msg, f.path):
			suspects = []dataFile{f}
		}
	}
	if gone {
		return true
	}
	if suspects == nil {
		suspects = files
	}
	found := false
	for _, f := range suspects {
		problem := readAll(ctx, conn, f)
		if problem == nil || ctx.Err() != nil {
			continue
		}
		if f.changed() {
			return true
		}
		found = true
		broken[f.path] = queryError(problem)
		// An error of the system, such as too many open files, may pass. So it counts for this query only.
		if errors.As(problem, &failure) && failure.Type != duckdb.ErrorTypeIO && failure.Type != duckdb.ErrorTypePermission {
			l.catalog.markBad(f.path, broken[f.path])
		}
	}
	return found
}

// changed says whether a file is gone, or was replaced since its footer was read.
func (f dataFile) changed() bool {
	info, err := os.Stat(f.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && (info.Size() != f.size || !info.ModTime().Equal(f.modified))
}

// readAll reads all columns of a file and returns what is wrong with it.
func readAll(ctx context.Context, conn *sql.Conn, f dataFile) error {
	var rows int64
	return conn.QueryRowContext(ctx, "SELECT count(hash(s)) FROM read_parquet("+panels.LiteralOf(f.path)+") s").Scan(&rows)
}

// Newest returns the time of the newest sample up to now, and whether there is one. It ignores samples after now, which come
// from machines whose clock is ahead.
func (l *Lake) Newest(ctx context.Context, now time.Time) (newest time.Time, ok bool, err error) {
	limit := float64(now.UnixMilli()) / 1000
	err = l.catalog.newestHours(func(start time.Time) (bool, error) {
		if start.After(now) {
			return true, nil
		}
		result, err := l.Query(ctx, panels.Query{
			SQL:   "SELECT max(ts) FROM samples WHERE ts <= " + strconv.FormatFloat(limit, 'f', -1, 64),
			Range: panels.Range{From: start, To: start},
		})
		if err != nil {
			return false, err
		}
		if ts, found := result.Data[0][0].(float64); found {
			newest, ok = time.UnixMilli(int64(ts*1000)).UTC(), true
		}
		return !ok, nil
	})
	return newest, ok, err
}

// startedSink notes whether a row was passed on to the sink. Until then, the query can be repeated.
type startedSink struct {
	panels.Sink
	yet bool
}

func (s *startedSink) Row(values []any) error {
	s.yet = true
	return s.Sink.Row(values)
}
