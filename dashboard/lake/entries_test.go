package lake_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// hourOfMinute makes a lake with twenty samples of one hour in one file, at the given path.
func hourOfMinute(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	return dir, laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))[0]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(t, os.WriteFile(to, content, 0o600))
}

// expectRows queries a lake and compares the number of rows, and a part of each warning. A query that hangs fails the test.
func expectRows(t *testing.T, dir string, rows int, warnings ...string) {
	t.Helper()
	expectRowsOf(t, open(t, dir), rows, warnings...)
}

func expectRowsOf(t *testing.T, l *lake.Lake, rows int, warnings ...string) {
	t.Helper()
	for _, once := range []string{"first", "second"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var r panels.Result
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			r, err = l.Query(ctx, panels.Query{SQL: "SELECT count(*), count(cpu_pct), count(DISTINCT hostname) FROM samples"})
			if err == nil {
				_, _, err = l.Newest(ctx, start.Add(time.Hour))
			}
		}()
		select {
		case <-done:
		case <-ctx.Done():
			t.Fatal("the query hangs")
		}
		cancel()
		must(t, err)
		if r.Data[0][0] != int64(rows) {
			t.Errorf("%s: %v rows, want %d", once, r.Data[0][0], rows)
		}
		if len(r.Warnings) != len(warnings) {
			t.Errorf("%s: warnings %q, want %q", once, r.Warnings, warnings)
		}
		for _, want := range warnings {
			if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
				t.Errorf("%s: no %q in the warnings %q", once, want, r.Warnings)
			}
		}
	}
}

// Athena reads the files of a partition and of folders below it, whatever their names are.
func TestFilesAreKnownByTheirContents(t *testing.T) {
	for _, name := range []string{
		"000000_0", "part-0", "a.parq", "A.PARQUET", "a.snappy", "a.parquet.tmp", "notes.txt", "HIVE_UNION_SUBDIR_1/000000_0",
		"a/b/c/d.parquet", "it's a [file] *?",
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := hourOfMinute(t)
			copyFile(t, path, filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
			expectRows(t, dir, 40)
		})
	}
	for name, want := range map[string]string{
		"notes.txt":     "notes.txt: not a Parquet file: it does not begin with PAR1",
		"a.csv.gz":      "a.csv.gz: not a Parquet file: it does not begin with PAR1",
		"a\nb\x1b[31m":  `hour=22/a\nb\x1b[31m": not a Parquet file`,
		"sub/empty":     "sub/empty: not a Parquet file: it has 0 bytes",
		"x=1/a.parquet": "x=1: a folder key=value in a partition",
	} {
		t.Run("no Parquet "+name, func(t *testing.T) {
			dir, path := hourOfMinute(t)
			to := filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
			must(t, os.MkdirAll(filepath.Dir(to), 0o755))
			text := "host,cpu\nweb-01,13\n"
			if strings.HasSuffix(name, "empty") {
				text = ""
			}
			must(t, os.WriteFile(to, []byte(text), 0o600))
			expectRows(t, dir, 20, want)
		})
	}
}

// Athena ignores names that begin with a dot or an underscore. So does the lake, at each level and without a warning.
func TestHiddenNamesAreIgnored(t *testing.T) {
	dir, path := hourOfMinute(t)
	hour, bucket := filepath.Dir(path), filepath.Join(dir, "metricsdashboard-lake")
	for _, name := range []string{
		filepath.Join(hour, ".a.parquet"), filepath.Join(hour, "_a.parquet"), filepath.Join(hour, "_temporary", "a.parquet"),
		filepath.Join(hour, ".hive-staging", "a.parquet"), filepath.Join(hour, "sub", "_a"),
		filepath.Join(bucket, "_old", "year=2026", "month=02", "day=28", "hour=22", "a.parquet"),
	} {
		copyFile(t, path, name)
	}
	must(t, os.WriteFile(filepath.Join(hour, "_SUCCESS"), nil, 0o600))
	expectRows(t, dir, 20)
}

func TestSymbolicLinks(t *testing.T) {
	link := func(t *testing.T, to, at string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.Symlink(to, at))
	}
	move := func(t *testing.T, from, to string) {
		t.Helper()
		must(t, os.MkdirAll(filepath.Dir(to), 0o755))
		must(t, os.Rename(from, to))
	}
	const out = "a symbolic link out of the lake"
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, dir, path, outside string)
		rows    int
		warning string
	}{
		{"table elsewhere in the lake", func(t *testing.T, dir, _, _ string) {
			table := filepath.Join(dir, laketest.Prefix)
			move(t, table, filepath.Join(dir, "_kept", "table"))
			link(t, filepath.Join("..", "_kept", "table"), table)
		}, 20, ""},
		{"hour elsewhere in the lake", func(t *testing.T, dir, path, _ string) {
			hour := filepath.Dir(path)
			move(t, hour, filepath.Join(dir, "_kept"))
			link(t, filepath.Join(dir, "_kept"), hour)
		}, 20, ""},
		{"table by two names counts once", func(t *testing.T, dir, _, _ string) {
			link(t, filepath.Join(dir, laketest.Prefix), filepath.Join(dir, "again"))
		}, 20, ""},
		{"file by two names counts once", func(t *testing.T, _, path, _ string) {
			link(t, filepath.Base(path), filepath.Join(filepath.Dir(path), "again.parquet"))
		}, 20, ""},
		{"circle", func(t *testing.T, dir, path, _ string) {
			link(t, dir, filepath.Join(dir, "metricsdashboard-lake", "circle"))
			link(t, ".", filepath.Join(filepath.Dir(path), "circle"))
		}, 20, ""},
		{"table out of the lake", func(t *testing.T, dir, _, outside string) {
			link(t, outside, filepath.Join(dir, "away"))
		}, 20, "left out away: " + out},
		{"hour out of the lake", func(t *testing.T, _, path, outside string) {
			link(t, outside, filepath.Join(filepath.Dir(path), "..", "hour=21"))
		}, 20, "hour=21: " + out},
		{"file out of the lake", func(t *testing.T, _, path, outside string) {
			copyFile(t, path, filepath.Join(outside, "a.parquet"))
			link(t, filepath.Join(outside, "a.parquet"), filepath.Join(filepath.Dir(path), "a.parquet"))
		}, 20, "a.parquet: " + out},
		{"link to nothing", func(t *testing.T, _, path, _ string) {
			link(t, "nothing", filepath.Join(filepath.Dir(path), "a.parquet"))
		}, 20, "a.parquet: a symbolic link to something that does not exist"},
		{"hour that is a link to itself", func(t *testing.T, _, path, _ string) {
			link(t, "hour=21", filepath.Join(filepath.Dir(path), "..", "hour=21"))
		}, 20, "hour=21: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, path := hourOfMinute(t)
			c.prepare(t, dir, path, t.TempDir())
			if c.warning == "" {
				expectRows(t, dir, c.rows)
			} else {
				expectRows(t, dir, c.rows, c.warning)
			}
		})
	}
}

func TestHourThatIsNoDirectory(t *testing.T) {
	dir, path := hourOfMinute(t)
	must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "..", "hour=21"), []byte("x"), 0o600))
	expectRows(t, dir, 20, "hour=21: not a directory")
}

// A warning for each of a thousand bad files would fill the page.
func TestWarningsAreBounded(t *testing.T) {
	dir, path := hourOfMinute(t)
	for i := range 200 {
		must(t, os.WriteFile(fmt.Sprintf("%s-%d", path, i), []byte("no Parquet file"), 0o600))
	}
	r := query(t, open(t, dir), "SELECT count(*) FROM samples")
	if n := len(r.Warnings); n != 51 || r.Warnings[50] != "left out 150 more" {
		t.Errorf("%d warnings, want 51: %q", n, r.Warnings)
	}
}

// footers whose lengths are larger than their files.
func TestFooterThatLies(t *testing.T) {
	end := func(content []byte, length uint32) []byte {
		return append(binary.LittleEndian.AppendUint32(append([]byte("PAR1"), content...), length), "PAR1"...)
	}
	list := func(size uint64) []byte { // a struct whose field 2, the schema, is a list of that many structs
		return append(binary.AppendUvarint([]byte{0x15, 0x02, 0x19, 0xfc}, size), 0, 0, 0)
	}
	deep := []byte{0x15, 0x02}
	for range 1 << 20 {
		deep = append(deep, 0x1c)
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"16 bytes that claim 4 GiB":    {end(make([]byte, 4), 0xfffffff0), "its footer claims 4294967280 bytes; at most 4 are possible"},
		"one byte more than there is":  {end(make([]byte, 100), 101), "its footer claims 101 bytes; at most 100"},
		"list of two billion elements": {end(list(1<<31-1), uint32(len(list(1<<31-1)))), "its footer claims more than the file holds"},
		"many empty structs":           {end(append(binary.AppendUvarint([]byte{0x15, 0x02, 0x19, 0xfc}, 1<<19), make([]byte, 1<<19+1)...), 1<<19+8), "its footer has more than 262144 parts"},
		"nested without end":           {end(deep, uint32(len(deep))), "its footer is nested deeper than 32 levels"},
		"text of four billion bytes":   {end([]byte{0x18, 0xff, 0xff, 0xff, 0xff, 0x0f}, 6), "its footer claims more than the file holds"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := hourOfMinute(t)
			must(t, os.WriteFile(filepath.Join(filepath.Dir(path), "bad.parquet"), c.content, 0o600))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			expectRows(t, dir, 20, "bad.parquet: not a readable Parquet file: "+c.want)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
				t.Errorf("%d MB allocated", got>>20)
			}
		})
	}
}

// A file of four GiB may be sparse: it takes no space on the disk.
func TestHugeFooterIsNotRead(t *testing.T) {
	dir, path := hourOfMinute(t)
	bad := filepath.Join(filepath.Dir(path), "bad.parquet")
	must(t, os.WriteFile(bad, []byte("PAR1"), 0o600))
	must(t, os.Truncate(bad, 1<<32))
	f, err := os.OpenFile(bad, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.Write([]byte("\x00\x00\x00\xf0PAR1"))
	must(t, err)
	must(t, f.Close())
	expectRows(t, dir, 20, "bad.parquet: not a readable Parquet file: its footer claims 4026531840 bytes; at most 16777216")
}

// ended reports whether work has ended whose result comes through a channel.
func ended(t *testing.T, work <-chan error) bool {
	t.Helper()
	select {
	case err := <-work:
		must(t, err)
		return true
	default:
		return false
	}
}

// A rollup may replace a file at any time. A query that reads the file then starts again.
func TestFilesReplacedWhileQueriesRun(t *testing.T) {
	dir := t.TempDir()
	path := laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Hour), time.Second))[0]
	long, err := os.ReadFile(path)
	must(t, err)
	other := laketest.Write(t, t.TempDir(), laketest.Samples(1, start, start.Add(time.Hour), time.Minute))[0]
	short, err := os.ReadFile(other)
	must(t, err)
	l, fresh := open(t, dir), filepath.Join(filepath.Dir(path), ".new")
	replaced := make(chan error, 1)
	go func() {
		for i := range 400 {
			data := long
			if i%2 > 0 {
				data = short
			}
			if err := errors.Join(os.WriteFile(fresh, data, 0o644), os.Rename(fresh, path)); err != nil {
				replaced <- err
				return
			}
		}
		replaced <- nil
	}()
	for done := false; !done; {
		done = ended(t, replaced)
		r := query(t, l, "SELECT count(*), sum(cpu_pct), min(hostname) FROM samples")
		if n := r.Data[0][0]; n != int64(60) && n != int64(3600) {
			t.Fatalf("%v rows", n)
		}
	}
}

// Retention may delete files and their directories at any time. Queries that run meanwhile give the rows of the other files.
func TestFilesDeletedWhileQueriesRun(t *testing.T) {
	dir := t.TempDir()
	samples := laketest.Samples(1, start, start.Add(150*time.Hour), 5*time.Minute)
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	hours, err := filepath.Glob(filepath.Join(dir, laketest.Prefix, "*", "*", "*", "*"))
	must(t, err)
	slices.Sort(hours)
	hours = slices.DeleteFunc(hours, func(h string) bool { return strings.HasSuffix(h, "hour=05") })
	query(t, l, "SELECT count(*) FROM samples") // from now on the lake knows the footers
	deleted := make(chan error, 1)
	go func() {
		for _, hour := range hours {
			if err := os.RemoveAll(hour); err != nil {
				deleted <- err
				return
			}
			runtime.Gosched()
		}
		deleted <- nil
	}()
	kept := int64(6 * 12)
	for done := false; !done; {
		done = ended(t, deleted)
		r := query(t, l, "SELECT count(*), sum(cpu_pct), min(hostname) FROM samples")
		if n, _ := r.Data[0][0].(int64); n < kept || n > int64(len(samples)) || done && n != kept || len(r.Warnings) > 0 {
			t.Fatalf("%d rows of %d, of which %d are kept; warnings %q", n, len(samples), kept, r.Warnings)
		}
	}
}
