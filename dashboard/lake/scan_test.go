package lake_test

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// bytesOf is how many bytes the Parquet files below a directory have.
func bytesOf(t *testing.T, dir string) (size int64) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") {
			return err
		}
		info, err := e.Info()
		size += info.Size()
		return err
	}))
	return size
}

// The limit of what a query may read counts each file that the query reads, once.
func TestScanLimit(t *testing.T) {
	now := time.Date(2026, 2, 10, 1, 0, 0, 0, time.UTC)
	day := panels.Range{From: now.Add(-24 * time.Hour), To: now}
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, day.From, now.Add(-time.Hour), time.Minute))
	laketest.Write(t, dir, laketest.Samples(20, now.Add(-time.Hour), now, 5*time.Second))
	rollUp(t, dir, now)
	l := open(t, dir)
	all, ofSamples, ofHours := bytesOf(t, dir), bytesOf(t, filepath.Join(dir, laketest.Prefix)), bytesOf(t, filepath.Join(dir, filepath.Dir(laketest.Prefix), panels.Hours.Prefix()))
	attention, _ := panels.Find("overview-attention")
	bound, err := panels.Bind(attention, panels.Params{Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: time.Minute, Series: 1}, l.Form(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		query panels.Query
		limit int64
		ok    bool
	}{
		"a rollup":                {l.Own("SELECT sum(cpu_pct * samples) / sum(samples) FROM samples_1h", day), ofHours, true},
		"a rollup, explained":     {l.Own(`EXPLAIN SELECT max(t) FROM "Samples_1H"`, day), ofHours, true},
		"a rollup, less":          {l.Own("SELECT sum(samples) FROM samples_1h", day), ofHours - 1, false},
		"samples too":             {l.Own("SELECT (SELECT max(ts) FROM samples), sum(samples) FROM samples_1h", day), ofHours, false},
		"samples without copies":  {l.Own("SELECT max(ts), (SELECT max(t) FROM samples_1h) FROM samples_once", day), ofHours, false},
		"nothing of the lake":     {l.Own("SELECT count(*) FROM range(3)", day), 1, true},
		"names of columns":        {l.Own("SELECT count(*) FROM information_schema.columns WHERE table_name = 'samples'", day), 1, true},
		"those of a rollup":       {l.Own("SELECT count(*) FROM information_schema.columns WHERE table_name = 'samples_1h'", day), 1, true},
		"names beside rows":       {l.Own("SELECT max(t), (SELECT count(*) FROM information_schema.columns WHERE table_name = 'samples') FROM samples_1h", day), ofHours, true},
		"samples by another name": {l.Own("WITH s AS (FROM Samples) SELECT count(*) FROM s", day), ofSamples - 1, false},
		"samples, all of them":    {l.Own("SELECT max(samples) FROM (SELECT count(*) AS samples FROM samples)", day), ofSamples, true},
		"a panel":                 {bound, all, true},
		"a panel, one byte":       {bound, 1, false},
	} {
		c.query.MaxScan = c.limit
		r, err := l.Query(t.Context(), c.query)
		if c.ok && err != nil || !c.ok && (err == nil || !strings.Contains(err.Error(), "choose a shorter time range")) {
			t.Errorf("%s: %v", name, err)
		}
		if r.Rows() > 0 && fmt.Sprint(r.Data[len(r.Data)-1][0]) == "0" {
			t.Errorf("%s: it found nothing", name)
		}
	}
}
