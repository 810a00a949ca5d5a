package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// TestSharedAnswers: panels that share what they read, and are asked all at once, give the same answers as each alone.
func TestSharedAnswers(t *testing.T) {
	l, _ := fixture(t)
	compare := func(name string, l *lake.Lake, p panels.Params) {
		t.Run(name, func(t *testing.T) {
			together := p
			together.Together = true
			var all sync.WaitGroup
			var mu sync.Mutex // guards users
			users := map[string][]string{}
			for _, d := range panels.All() {
				for _, panel := range d.Panels {
					all.Go(func() {
						q, err := panels.Bind(panel, together, l.Form(t.Context()))
						if err != nil {
							t.Error(err)
						}
						if len(q.Shared) == 0 {
							return
						}
						got, err := l.Query(t.Context(), q)
						if err != nil {
							t.Errorf("%s: %v", panel.ID, err)
							return
						}
						want, alone := resultOf(t, l, panel, p)
						if len(alone.Shared) > 0 {
							t.Errorf("%s shares %d relations if it is alone", panel.ID, len(alone.Shared))
						}
						if problem := differ(want, got); problem != "" {
							t.Errorf("%s: %s", panel.ID, problem)
						}
						mu.Lock()
						defer mu.Unlock()
						for _, s := range q.Shared {
							shared := d.ID + s.SQL
							users[shared] = append(users[shared], panel.ID)
						}
					})
				}
			}
			all.Wait()
			for _, ids := range users {
				if len(ids) == 1 {
					t.Errorf("no other panel of the page shares what %s reads", ids[0])
				}
			}
			if n := sharedTables(t, l); n > int64(len(users)) { // some may be dropped already
				t.Errorf("%d tables are in memory for %d shared relations", n, len(users))
			}
		})
	}
	for name, p := range cases {
		compare(name, open(t, l.Dir()), p)
	}
	compare("once", open(t, l.Dir()), with(func(p *panels.Params) { p.Once = true }))

	dir := t.TempDir()
	to := start.Add(40 * time.Hour)
	laketest.Write(t, dir, laketest.Scene(to.Add(-30*time.Hour), to, 5*time.Minute))
	rollUp(t, dir, to)
	compare("rollups", open(t, dir), params(to.Add(-27*time.Hour), to))
	compare("hours of lists", open(t, dir), params(to.Add(-72*time.Hour), to))
}

// TestSharedRowsOfHost: the panels of a host's page share its rows, and each host has rows of its own, also in what is made of them. A panel
// about a longer time than the page reads for itself.
func TestSharedRowsOfHost(t *testing.T) {
	l, _ := fixture(t)
	rows := map[string]bool{} // the relations with rows of a host
	for _, host := range []string{"db-01", "web-01"} {
		p := with(func(p *panels.Params) { p.Host = host })
		for _, id := range []string{"host-cpu", "host-who-cpu"} {
			panel, _ := panels.Find(id)
			want, _ := resultOf(t, l, panel, p)
			p.Together = true
			got, q := resultOf(t, l, panel, p)
			p.Together = false
			if problem := differ(want, got); problem != "" || want.Rows() == 0 {
				t.Errorf("%s of %s, %d rows: %s", id, host, want.Rows(), problem)
			}
			if len(q.Shared) == 0 || strings.Contains(q.SQL, panels.Samples) {
				t.Fatalf("%s of %s reads samples for itself:\n%s", id, host, q.SQL)
			}
			rows[fmt.Sprint(q.Shared[0])] = true
		}
		p.Together = true
		head, _ := panels.Find("host-head")
		if _, q := resultOf(t, l, head, p); len(q.Shared) > 0 {
			t.Errorf("a panel over a day, on a page over two hours, shares %v", q.Shared)
		}
	}
	if len(rows) != 2 {
		t.Errorf("two hosts have %d relations with their rows: %v", len(rows), rows)
	}
}

// sharedTables is how many tables a lake has in memory.
func sharedTables(t *testing.T, l *lake.Lake) int64 {
	t.Helper()
	r, err := l.Query(t.Context(), panels.Query{SQL: "SELECT count(*) FROM information_schema.tables WHERE table_name LIKE 'shared_%'"})
	if err != nil {
		t.Fatal(err)
	}
	n, _ := r.Data[0][0].(int64)
	return n
}

// TestSharedOfChangedFiles: what panels share is made again when the files have changed. A file that cannot be read is left out and named.
func TestSharedOfChangedFiles(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Scene(start, start.Add(time.Hour), time.Minute))
	l := open(t, dir)
	p := params(start, start.Add(3*time.Hour))
	p.Together = true
	panel, _ := panels.Find("overview-cpu")
	newest := func() (ts float64, warnings []string) {
		r, _ := resultOf(t, l, panel, p)
		for i := range r.Rows() {
			at, _ := r.Data[r.Index("t")][i].(float64)
			ts = max(ts, at)
		}
		return ts, r.Warnings
	}
	before, _ := newest()
	laketest.Write(t, dir, laketest.Scene(start.Add(2*time.Hour), start.Add(3*time.Hour), time.Minute))
	after, warnings := newest()
	if after < before+3600 || len(warnings) > 0 {
		t.Errorf("the newest bucket is at %v, and at %v with two more hours; warnings %v", before, after, warnings)
	}
	files, err := filepath.Glob(filepath.Join(dir, laketest.Prefix, "year=*", "month=*", "day=*", "hour=*", "*.parquet"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	newestFile := files[len(files)-1]
	whole, err := os.ReadFile(newestFile)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4; i < len(whole)/2; i++ {
		whole[i] = 0xff // the footer stays
	}
	if err := os.WriteFile(newestFile, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	again, warnings := newest()
	if again >= after || !strings.Contains(fmt.Sprint(warnings), filepath.Base(newestFile)) {
		t.Errorf("without the newest file, the newest bucket is at %v, with it at %v; warnings %v", again, after, warnings)
	}
}
