// Package lake runs SQL over the Parquet files of a lake directory, by DuckDB inside the process.
//
// It offers the view samples, with the columns of the contract and the partition keys, the view samples_once, which removes duplicate
// samples (see [panels.OnceOf]), the view samples_otel, and a view for each rollup. Each query makes the views anew from the files of that
// moment. So a query finds new files, a column that an older file lacks is NULL, and an empty lake is an empty table. A file that cannot be
// read is left out and named in the result's warnings. A [Lake] only reads: it runs queries and no other statements. A query reads the views
// and the catalog (information_schema), and DuckDB can open no files outside of the directory. Only a [Roller] writes: the files of the rollups.
package lake

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Lake is an open lake directory. It is safe for concurrent use.
type Lake struct {
	db      *sql.DB
	catalog *catalog
	maxRows int
	shared  *sharedTables
}

// Options set limits. The zero value takes the defaults.
type Options struct {
	// MaxRows is how many rows [Lake.Query] returns at most before it fails; 0 means 1,000,000. [Lake.Stream] has no limit.
	MaxRows int
	// MemoryLimit bounds DuckDB's memory, as DuckDB spells it, such as "2GB". Empty means DuckDB's default, 80 % of the
	// machine's memory.
	MemoryLimit string
	// Threads is how many threads DuckDB uses; 0 means one for each core.
	Threads int
}

const defaultMaxRows = 1_000_000

// Open opens the lake below dir: a directory of buckets as the local stack writes it, a bucket, or the table's prefix in
// it. The directory must exist; it may be empty.
func Open(dir string, o Options) (*Lake, error) {
	root, err := rootOf(dir)
	if err != nil {
		return nil, err
	}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return nil, fmt.Errorf("start DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	if err := lockDown(db, root, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if o.MaxRows == 0 {
		o.MaxRows = defaultMaxRows
	}
	return &Lake{db: db, catalog: newCatalog(root), maxRows: o.MaxRows, shared: newSharedTables(db)}, nil
}

// Form is how panels' queries are written for the lake. It looks once for rollups, because a query about problems reads the samples many
// times: make a new Form for each query.
func (l *Lake) Form(context.Context) panels.Form {
	known := map[string]bool{} // by the rollup's name
	return panels.DuckDB().WithRollups(func(grain panels.Rollup, r panels.Range) ([]panels.Part, error) {
		has, ok := known[grain.Name]
		if !ok {
			var err error
			if has, err = l.hasRollups(grain); err != nil {
				return nil, err
			}
			known[grain.Name] = has
		}
		if !has {
			return nil, nil
		}
		return partsOf(grain, r), nil
	})
}

// Own makes a query of a text that a person wrote. The text can read all views. If r is not zero, they have only the hours, or the days of a
// rollup, that r touches.
func (*Lake) Own(sql string, r panels.Range) panels.Query { return panels.Query{SQL: sql, Range: r} }

// Close ends DuckDB. Queries that are running fail.
func (l *Lake) Close() error { return l.db.Close() }

// Dir is the directory of the lake, absolute and with symbolic links resolved.
func (l *Lake) Dir() string { return l.catalog.root }

// NoSamples returns "" if a directory has a folder of samples. Otherwise it returns a sentence that says so: the directory may be a new
// lake, or no lake at all.
func NoSamples(dir string) string {
	root, err := rootOf(dir)
	if err != nil {
		return err.Error()
	}
	tables, err := newWalk(root).tables()
	switch {
	case err != nil:
		return err.Error()
	case len(tables) == 0:
		return fmt.Sprintf("there are no samples in %s: no folder in it has a name such as year=2026; name another directory, or wait for the first samples", root)
	}
	return ""
}

func rootOf(dir string) (string, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("lake directory %s does not exist: name another; local demo, local up and local fleet make one", dir)
	case err != nil:
		return "", fmt.Errorf("lake directory: %w", err)
	case !info.IsDir():
		return "", fmt.Errorf("lake %s is not a directory", dir)
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("lake directory %s: %w", dir, err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return "", fmt.Errorf("lake directory %s: %w", dir, err)
	}
	return root, nil
}

// lockDown forbids DuckDB what a reader of one directory does not need: other files, the network, extensions, spilling to
// disk. The order matters: the last setting forbids further settings.
func lockDown(db *sql.DB, root string, o Options) error {
	settings := []string{
		"SET TimeZone = 'UTC'",
		"SET temp_directory = ''",
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET allow_community_extensions = false",
		"SET enable_logging = false",
		"SET allowed_directories = [" + panels.LiteralOf(strings.TrimSuffix(root, "/")+"/") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	}
	if o.Threads > 0 {
		settings = append([]string{fmt.Sprintf("SET threads = %d", o.Threads)}, settings...)
	}
	if o.MemoryLimit != "" {
		settings = append([]string{"SET memory_limit = " + panels.LiteralOf(o.MemoryLimit)}, settings...)
	}
	for _, s := range settings {
		if _, err := db.ExecContext(context.Background(), s); err != nil {
			return fmt.Errorf("set up DuckDB: %s: %w", s, err)
		}
	}
	return nil
}

func statementType(conn *sql.Conn, text string) (kind duckdb.StmtType, err error) {
	err = conn.Raw(func(c any) (err error) {
		raw, ok := c.(*duckdb.Conn)
		if !ok {
			return fmt.Errorf("connection is a %T", c)
		}
		// Prepare, unlike PrepareContext, refuses several statements instead of running all but the last.
		var stmt driver.Stmt
		if stmt, err = raw.Prepare(text); err != nil {
			return queryError(err)
		}
		defer func() { err = errors.Join(err, stmt.Close()) }()
		prepared, ok := stmt.(*duckdb.Stmt)
		if !ok {
			return fmt.Errorf("statement is a %T", stmt)
		}
		kind, err = prepared.StatementType()
		return err
	})
	return kind, err
}
