package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

// cloud stands in for S3, Athena and Glue. Its objects are the files of a lake. Its engine is DuckDB, which runs the statements of the
// stack's function and keeps the rows by their folder.
type cloud struct {
	lake   *lake.Lake
	folder string // of the samples
	bytes  int64  // as which each object is listed

	mu         sync.Mutex // guards the fields below
	rows       map[string][][]any
	partitions map[string]rollup.Partition
}

func (c *cloud) List(_ context.Context, prefix string) (list []rollup.Object, err error) {
	if !strings.HasPrefix(prefix, "analytics/") {
		return nil, nil
	}
	err = filepath.WalkDir(c.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		rel, relErr := filepath.Rel(c.folder, path)
		if key := "analytics/" + filepath.ToSlash(rel); relErr == nil && strings.HasPrefix(key, prefix) {
			list = append(list, rollup.Object{Key: key, Bytes: c.bytes, Written: info.ModTime()})
		}
		return err
	})
	return list, err
}

// period matches the time range of a statement over samples or over a rollup.
var period = regexp.MustCompile(`\b(?:ts|t) >= ([0-9]+) AND (?:ts|t) < ([0-9]+)`)

func (c *cloud) Delete(context.Context, []string) error { return nil }

func (c *cloud) Unload(ctx context.Context, sql, folder string) (panels.Cost, error) {
	found := period.FindStringSubmatch(sql)
	if found == nil {
		return panels.Cost{}, errors.New("the statement has no period")
	}
	at := func(text string) time.Time {
		seconds, _ := strconv.ParseInt(text, 10, 64)
		return time.Unix(seconds, 0).UTC()
	}
	hours := panels.Range{From: at(found[1]), To: at(found[2])}
	result, err := c.lake.Query(ctx, panels.Query{SQL: sql, Range: hours})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows[folder] = rowsOf(result)
	return panels.Cost{}, err
}

func (c *cloud) Partitions(_ context.Context, table string, _ [][2]string) (list []rollup.Partition, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, p := range c.partitions {
		if strings.HasPrefix(key, table+"[") {
			list = append(list, p)
		}
	}
	return list, nil
}

func (c *cloud) Partition(_ context.Context, table string, values []string) (rollup.Partition, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.partitions[table+fmt.Sprint(values)]
	return p, ok, nil
}

func (c *cloud) Point(_ context.Context, table string, p rollup.Partition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.partitions[table+fmt.Sprint(p.Values)] = p
	return nil
}

// answer is what a query of a rollup's table reads.
func (c *cloud) answer(table string) (rows [][]any) {
	for key, p := range c.partitions {
		if strings.HasPrefix(key, table+"[") {
			for folder, some := range c.rows {
				if strings.HasPrefix(folder, p.Location) {
					rows = append(rows, some...)
				}
			}
		}
	}
	return rows
}

func rowsOf(r panels.Result) [][]any {
	rows := make([][]any, r.Rows())
	for i := range rows {
		for _, column := range r.Data {
			rows[i] = append(rows[i], column[i])
		}
	}
	return rows
}

// same reports whether two results have the same rows. A mean may differ in its last digits: a sum depends on its order.
func same(a, b [][]any) bool {
	byKey := func(a, b []any) int { return strings.Compare(fmt.Sprint(a[:3]...), fmt.Sprint(b[:3]...)) }
	slices.SortFunc(a, byKey)
	slices.SortFunc(b, byKey)
	return slices.EqualFunc(a, b, func(a, b []any) bool { return slices.EqualFunc(a, b, sameValue) })
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 1e-9*math.Abs(x)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, sameValue)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, sameValue)
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// The stack's function makes the rows that `local rollup` makes, also if it divides a day into parts. The SQL and the decision about what
// is due are the same, so the engines and the places of the rows are all that differs.
func TestFunctionMakesTheRowsOfLocalRollup(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	if code, _, stderr := run(t, "fleet", "--hosts", "2", "--days", "2", "--interval", "10m", "--dir", dir); code != 0 {
		t.Fatal(stderr)
	}
	// One day that has ended is enough.
	day := panels.Hours.Start(now.Add(-lake.Settle)).Add(-panels.Hours.Period)
	days, err := filepath.Glob(filepath.Join(dir, "*", "analytics", "year=*", "month=*", "day=*"))
	if err != nil {
		t.Fatal(err)
	}
	folder := ""
	for _, path := range days {
		if rest, found := strings.CutSuffix(filepath.ToSlash(path), "/"+strings.TrimSuffix(panels.Hours.Folder(day), "/")); found {
			folder = filepath.FromSlash(rest)
		} else if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	if code, _, stderr := run(t, "rollup", "--dir", dir); code != 0 {
		t.Fatal(stderr)
	}
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c := &cloud{
		lake: l, folder: folder, bytes: 1 << 30, // so that the day is several parts
		rows: map[string][][]any{}, partitions: map[string]rollup.Partition{},
	}
	report, err := rollup.New(rollup.Options{
		Storage: c, Engine: c, Catalog: c, Log: slog.New(slog.DiscardHandler), Bucket: "lake", Prefix: "analytics/",
		Table: panels.Samples, Form: panels.DuckDB(), Days: 14, Settle: lake.Settle, Now: func() time.Time { return now },
	}).Handle(t.Context(), rollup.Event{})
	if err != nil || report.Rolled < 2 || len(c.rows) <= report.Rolled {
		t.Fatalf("%+v, %d statements: %v", report, len(c.rows), err)
	}
	for _, r := range panels.Rollups() {
		var names []string
		for _, column := range r.Columns() {
			names = append(names, column.Name)
		}
		result, err := l.Query(t.Context(), panels.Query{SQL: "SELECT " + strings.Join(names, ", ") + " FROM " + r.Table()})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.answer(r.Table()), rowsOf(result); len(want) < 2*int(r.Period/r.Bucket) || !same(got, want) {
			t.Errorf("%s: %d rows differ from the %d of local rollup", r.Name, len(got), len(want))
		}
	}
}
