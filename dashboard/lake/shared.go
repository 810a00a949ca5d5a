package lake

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// sharedTables are tables in DuckDB's memory, each with the rows of a [panels.Shared] over some files. The queries of a page arrive
// almost at once: the first makes the table, the others wait for it. A table is dropped when no query has read it for a while.
type sharedTables struct {
	drop func(name string) // drops a table

	mu     sync.Mutex // guards tables, and readers and dropTimer of each
	tables map[string]*sharedTable
}

type sharedTable struct {
	made      chan struct{} // closed when the table is there or could not be made
	failed    bool          // whoever makes the table sets it before made is closed
	readers   int
	dropTimer *time.Timer // drops the table; nil while it has readers
}

// sharedIdle is how long a table is kept that no query reads. Some queries of a page begin later, because they wait for a connection: they
// still find the table. The next refresh of the page needs another table in any case, because its time range is another.
const sharedIdle = 5 * time.Second

// nameOf is the name of the table with the rows of s over files. Changed files make another table. The SQL of s
// names earlier relations of the query only as together_1 and so on. So the name also depends on what these relations are.
func nameOf(s panels.Shared, earlier []panels.Shared, files []dataFile) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%q\n", s.SQL, s.Args)
	for i, e := range earlier {
		if strings.Contains(s.SQL, e.Name) {
			fmt.Fprintln(h, nameOf(e, earlier[:i], nil))
		}
	}
	for _, f := range files {
		fmt.Fprintln(h, f.path, f.size, f.modified.UnixNano())
	}
	return fmt.Sprintf("shared_%x", h.Sum(nil)[:16])
}

// use waits until the table with this name exists. If no other caller is making the table, use makes it by create. The caller must call release
// after it has read the table.
func (t *sharedTables) use(ctx context.Context, name string, create func() error) (release func(), err error) {
	for {
		table, own := t.enter(name)
		if own {
			err = t.fill(name, table, create)
		}
		select {
		case <-table.made:
		case <-ctx.Done():
			t.leave(name, table)
			return nil, ctx.Err()
		}
		switch {
		case !table.failed:
			return func() { t.leave(name, table) }, nil
		case own:
			return nil, err
		}
		// Whoever asked first may be gone, so this one tries.
	}
}

// fill makes a table. If that fails, the next one who asks for it tries again.
func (t *sharedTables) fill(name string, table *sharedTable, create func() error) error {
	table.failed = true
	defer func() { // also if create panics
		if table.failed {
			t.mu.Lock()
			delete(t.tables, name)
			t.mu.Unlock()
		}
		close(table.made)
	}()
	err := create()
	table.failed = err != nil
	return err
}

// enter counts a reader of a table. own says that the caller has to make it.
func (t *sharedTables) enter(name string) (table *sharedTable, own bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	table, ok := t.tables[name]
	if !ok {
		table = &sharedTable{made: make(chan struct{})}
		t.tables[name] = table
	}
	table.readers++
	if table.dropTimer != nil {
		table.dropTimer.Stop()
		table.dropTimer = nil
	}
	return table, !ok
}

// leave ends the reading of a table. The last reader starts the time after which it is dropped.
func (t *sharedTables) leave(name string, table *sharedTable) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if table.readers--; table.readers > 0 || t.tables[name] != table {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(sharedIdle, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if table.dropTimer != timer { // there are readers again
			return
		}
		delete(t.tables, name)
		t.drop(name) // it takes no time: no query reads the table
	})
	table.dropTimer = timer
}

func newSharedTables(db *sql.DB) *sharedTables {
	return &sharedTables{tables: map[string]*sharedTable{}, drop: func(name string) {
		// It can only fail if the lake was closed, and then the table is gone.
		_, _ = db.ExecContext(context.Background(), "DROP TABLE IF EXISTS "+name)
	}}
}

// make makes the relations that a query shares with others, as views of their names on a connection. views are the statements that make
// the relations of the lake over files. The caller must call release when the query has ended, also after an error.
func (t *sharedTables) make(ctx context.Context, conn *sql.Conn, shared []panels.Shared, views []string, files []dataFile) (release func(), err error) {
	var held []func()
	release = func() {
		for _, r := range held {
			r()
		}
	}
	for i, s := range shared {
		name := nameOf(s, shared[:i], files)
		done, err := t.use(ctx, name, func() error {
			if err := makeViews(ctx, conn, s.SQL, views); err != nil {
				return err
			}
			if err := setVariables(ctx, conn, s.Args); err != nil {
				return err
			}
			_, err := conn.ExecContext(ctx, "CREATE TABLE "+name+" AS FROM "+plannedOnce, s.SQL)
			return err
		})
		if err != nil {
			return release, queryError(err)
		}
		held = append(held, done)
		if _, err := conn.ExecContext(ctx, "CREATE OR REPLACE TEMP VIEW "+s.Name+" AS FROM "+name); err != nil {
			return release, queryError(err)
		}
	}
	return release, nil
}
