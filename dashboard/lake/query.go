package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/views"
)

// Query runs a query and returns its whole result.
func (l *Lake) Query(ctx context.Context, q panels.Query) (panels.Result, error) {
	c := &panels.Collector{MaxRows: l.maxRows}
	notes, err := l.Stream(ctx, q, c)
	if err != nil {
		return panels.Result{}, err
	}
	c.Result.Notes = notes
	return c.Result, nil
}

// maxBadFiles is how many files with broken contents one query finds before it gives up.
const maxBadFiles = 100

// Stream runs a query and hands its rows to sink as they come. The notes are warnings about files that were left out.
// A file whose contents turn out to be broken is left out if that shows before the first row.
func (l *Lake) Stream(ctx context.Context, q panels.Query, sink panels.Sink) (notes panels.Notes, err error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return notes, fmt.Errorf("connect to DuckDB: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for range maxBadFiles {
		var files []dataFile
		files, notes.Warnings, err = l.catalog.list(ctx, q.Range)
		if err != nil {
			return panels.Notes{}, fmt.Errorf("list the lake: %w", err)
		}
		started := &startedSink{Sink: sink}
		if err = run(ctx, conn, viewSQL(files), q, started); err == nil {
			return notes, nil
		}
		if started.rows > 0 || ctx.Err() != nil || !l.excludeBroken(ctx, conn, files, err) {
			return panels.Notes{}, err
		}
	}
	return panels.Notes{}, err
}

func run(ctx context.Context, conn *sql.Conn, view string, q panels.Query, sink panels.Sink) (err error) {
	statements := []string{dialect, view}
	if views.Reads(q.SQL, views.Once) { // to make a view, DuckDB looks at files once more
		statements = append(statements, onceSQL)
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return queryError(err)
		}
	}
	if err := checkReadOnly(ctx, conn, q.SQL); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, q.SQL, q.Args...)
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
		if err := sink.Row(values); err != nil {
			return err
		}
	}
	return queryError(rows.Err())
}

// excludeBroken finds the files whose contents DuckDB cannot read, after it failed with err, and reports whether there
// were any. A file that went away meanwhile counts.
func (l *Lake) excludeBroken(ctx context.Context, conn *sql.Conn, files []dataFile, err error) bool {
	var failure *duckdb.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Type {
	case duckdb.ErrorTypeInvalidInput, duckdb.ErrorTypeIO, duckdb.ErrorTypeSerialization, duckdb.ErrorTypeInvalid,
		duckdb.ErrorTypeInternal, duckdb.ErrorTypeUnknownType, duckdb.ErrorTypeMismatchType:
	default:
		return false
	}
	suspects := files
	for _, f := range files {
		if strings.Contains(failure.Msg, f.path) {
			suspects = []dataFile{f}
			break
		}
	}
	found := false
	for _, f := range suspects {
		if problem := readAll(ctx, conn, f); problem != nil && ctx.Err() == nil {
			l.catalog.markBad(f.path, queryError(problem))
			found = true
		}
	}
	return found
}

// readAll reads all columns of a file and returns what is wrong with it.
func readAll(ctx context.Context, conn *sql.Conn, f dataFile) error {
	var rows int64
	return conn.QueryRowContext(ctx, "SELECT count(hash(s)) FROM read_parquet("+quote(f.path)+") s").Scan(&rows)
}

// Newest returns the time of the newest sample up to now, and whether there is one. Clocks ahead of now are not believed.
func (l *Lake) Newest(ctx context.Context, now time.Time) (newest time.Time, ok bool, err error) {
	limit := float64(now.UnixMilli()) / 1000
	err = l.catalog.newestHours(func(start time.Time) (bool, error) {
		if start.After(now) {
			return true, nil
		}
		result, err := l.Query(ctx, panels.Query{
			SQL:   "SELECT max(ts) FROM samples WHERE ts <= ?",
			Args:  []any{limit},
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

// explainPrefix is what stands before the query in an EXPLAIN.
var explainPrefix = regexp.MustCompile(`(?i)^\s*EXPLAIN\s+(ANALYZE\s+)?`)

// startedSink counts the rows that went through, as a query can only be repeated while there were none.
type startedSink struct {
	panels.Sink
	rows int
}

func (s *startedSink) Row(values []any) error {
	s.rows++
	return s.Sink.Row(values)
}
