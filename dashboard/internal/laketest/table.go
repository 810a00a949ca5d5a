package laketest

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// table writes samples as one Parquet file. It first writes them as the lines that the transform delivers. DuckDB makes the file of them.
type table struct {
	path     string
	without  []string // columns that the file does not have
	lines    *os.File
	out      *bufio.Writer // to lines
	line     []byte        // the last one
	ts       float64       // of it
	enriched []byte        // the members that the transform adds at ts
}

// create begins the file at path. It will have the columns of the contract, except those named in without.
func create(path string, without []string) (*table, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	lines, err := os.Create(path + ".lines")
	if err != nil {
		return nil, err
	}
	return &table{path: path, without: without, lines: lines, out: bufio.NewWriter(lines)}, nil
}

// write adds a sample as if the transform ran a minute after the sample was taken.
func (w *table) write(s *record.Sample) error {
	if w.enriched == nil || s.TS != w.ts {
		taken := time.UnixMilli(record.Millis(s.TS))
		raw := strconv.FormatFloat(record.TS(taken), 'f', -1, 64)
		w.ts, w.enriched = s.TS, record.NewEnricher(taken.Add(time.Minute)).AppendMembers(w.enriched[:0], s.TS, []byte(raw))
	}
	w.line = s.AppendJSON(w.line[:0])
	w.line[len(w.line)-1] = ','
	w.line = append(append(w.line, w.enriched...), "}\n"...)
	_, err := w.out.Write(w.line)
	return err
}

// DuckDB returns a DuckDB of its own, in memory, which may read all files. It is closed when the test ends.
func DuckDB(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// engine returns the DuckDB of this process that makes Parquet of lines.
var engine = sync.OnceValues(func() (*sql.DB, error) { return sql.Open("duckdb", "") })

// statement makes the file of the lines. Firehose's files have no Bloom filters.
func (w *table) statement() string {
	var names, types []string
	for _, c := range record.Columns() {
		types = append(types, panels.LiteralOf(c.Name)+": "+panels.LiteralOf(lake.DuckType(c)))
		if !slices.Contains(w.without, c.Name) {
			names = append(names, `"`+c.Name+`"`)
		}
	}
	return "COPY (SELECT " + strings.Join(names, ", ") +
		" FROM read_json(" + panels.LiteralOf(w.lines.Name()) + ", format = 'newline_delimited', columns = {" + strings.Join(types, ", ") + "}))" +
		" TO " + panels.LiteralOf(w.path) + " (FORMAT parquet, WRITE_BLOOM_FILTER false)"
}

// close makes the file.
func (w *table) close() error {
	db, err := engine()
	if err := errors.Join(err, w.out.Flush(), w.lines.Close()); err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), w.statement())
	if err := errors.Join(err, os.Remove(w.lines.Name())); err != nil {
		return fmt.Errorf("write %s: %w", w.path, err)
	}
	return nil
}
