package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// longRange is a time range that is read from hours.
func longRange(to time.Time) panels.Params {
	r := panels.Range{From: to.Add(-32 * 24 * time.Hour), To: to}
	return panels.Params{Range: r, Bucket: time.Hour, Series: 12, Delay: time.Minute}
}

// An hour has what all lists of the hour say: means of the readings that have the element, in how many that is, newest values, sums and
// extremes. A sample that was delivered twice counts once.
func TestHoursOfLists(t *testing.T) {
	dir := t.TempDir()
	samples := detailed()
	laketest.Write(t, dir, samples)
	laketest.Write(t, dir, samples[len(samples)/2:])
	rollUp(t, dir, start.Add(48*time.Hour))
	l := open(t, dir)
	for what, c := range map[string]struct{ sql, want string }{
		"processes": {
			"SELECT hostname, processes_readings, p.name, p.unit, p.count, p.listed, p.cpu_pct, p.rss_bytes, p.rss_bytes_min, p.rss_bytes_max, p.read_bytes_per_s, p.write_bytes_per_s " +
				"FROM (SELECT *, unnest(processes) AS p FROM samples_1h WHERE hostname <> 'old') WHERE t = " + fmt.Sprint(start.Add(time.Hour).Unix()) + " ORDER BY hostname, p.cpu_pct DESC",
			"[a 60 java app.service 2 60 200 1895 1600 2190 1 2] [a 60 cron <nil> <nil> 30 40 10 10 10 <nil> 100] [b 60 java app.service 1 60 50 500 500 500 <nil> <nil>]",
		},
		"units": {
			"SELECT t // 3600 % 24, units_readings, u.name, u.listed, u.cpu_pct, u.memory_bytes_max, u.memory_limit_bytes, u.throttled_pct_max, u.oom_kills " +
				"FROM (SELECT *, unnest(units) AS u FROM samples_1h) ORDER BY t DESC LIMIT 1",
			fmt.Sprintf("[%d 60 app.service 60 100 1048576 2097152 4 1]", start.Add(3*time.Hour).Hour()),
		},
		"sensors": {
			"SELECT s.name, s.listed, s.celsius, sensors_readings FROM (SELECT *, unnest(sensors) AS s FROM samples_1h) LIMIT 1", "[cpu 60 60 60]",
		},
		"a host without lists": {"SELECT processes IS NULL, processes_readings, units, samples FROM samples_1h WHERE hostname = 'old' LIMIT 1", "[true <nil> <nil> 120]"},
	} {
		result := query(t, l, c.sql)
		var rows []string
		for i := range result.Rows() {
			var row []any
			for _, column := range result.Data {
				row = append(row, column[i])
			}
			rows = append(rows, fmt.Sprint(row))
		}
		if got := strings.Join(rows, " "); got != c.want {
			t.Errorf("%s: %s\nwant %s", what, got, c.want)
		}
	}
}

// A day has what the lists of its hours say together.
func TestDaysOfLists(t *testing.T) {
	dir := t.TempDir()
	samples := detailed()
	laketest.Write(t, dir, samples)
	rollUp(t, dir, start.Add(48*time.Hour))
	l := open(t, dir)
	// ofHours makes each field of a day's elements of those of the hours, in another way than the rollup.
	ofHours := func(list string, fields ...string) string {
		text := "SELECT hostname, t // 86400 AS day, readings, max(e.name) AS name"
		for _, f := range fields {
			switch {
			case f == "listed" || f == "oom_kills":
				text += ", sum(e." + f + ")"
			case f == "count" || f == "memory_limit_bytes":
				text += ", arg_max(e." + f + ", t)"
			case strings.HasSuffix(f, "_min"):
				text += ", min(e." + f + ")"
			case strings.HasSuffix(f, "_max"):
				text += ", max(e." + f + ")"
			default:
				text += ", round(sum(e." + f + " * e.listed) / sum(e.listed) FILTER (e." + f + " IS NOT NULL), 6)"
			}
		}
		return text + " FROM (SELECT *, sum(" + list + "_readings) OVER (PARTITION BY hostname, t // 86400) AS readings, unnest(" + list + ") AS e FROM (SELECT hostname, t, " + list + ", " + list +
			"_readings FROM samples_1h)) GROUP BY hostname, t // 86400, readings, e.name ORDER BY 1, 2, 4"
	}
	ofDays := func(list string, fields ...string) string {
		text := "SELECT hostname, t // 86400 AS day, " + list + "_readings, e.name"
		for _, f := range fields {
			text += ", round(e." + f + ", 6)"
		}
		return text + " FROM (SELECT *, unnest(" + list + ") AS e FROM samples_1d) ORDER BY 1, 2, 4"
	}
	for list, fields := range map[string][]string{
		"processes": {"listed", "count", "cpu_pct", "rss_bytes", "read_bytes_per_s", "write_bytes_per_s", "cpu_pct_min", "cpu_pct_max", "rss_bytes_min", "rss_bytes_max"},
		"units":     {"listed", "memory_limit_bytes", "oom_kills", "cpu_pct", "memory_bytes", "read_bytes_per_s", "write_bytes_per_s", "memory_bytes_max", "throttled_pct_max"},
		"sensors":   {"listed", "celsius"},
	} {
		want, got := query(t, l, ofHours(list, fields...)), query(t, l, ofDays(list, fields...))
		if fmt.Sprint(got.Data) != fmt.Sprint(want.Data) || got.Rows() == 0 {
			t.Errorf("%s:\n%v, want\n%v", list, got.Data, want.Data)
		}
	}
	if n := one(t, l, "SELECT count(*) FROM samples_1d WHERE hostname = 'old' AND processes IS NULL AND processes_readings IS NULL"); n != "2" {
		t.Errorf("%s days of the host without lists", n)
	}
}

// crowd are samples of a host that has the processes that readings names, and a unit and a sensor of each. There is one list a minute.
func crowd(from time.Time, minutes int, readings func(minute int) []record.Process) (samples []record.Sample) {
	for n := range minutes {
		samples = append(samples, record.Sample{
			TS: record.TS(from.Add(time.Duration(n) * time.Minute)), SessionID: "s", Seq: int64(n), IntervalS: 60, Hostname: "h", CPUCount: record.Some[int32](1),
			CPUPct: record.Some(50.0), Processes: readings(n),
		})
		s := &samples[n]
		for _, p := range s.Processes {
			s.Units = append(s.Units, record.ServiceUnit{
				Name: p.Name, CPUPct: p.CPUPct, MemoryBytes: p.RSSBytes, MemoryLimitBytes: record.Some[int64](10_000), ReadBytesPerS: p.ReadBytesPerS,
				ThrottledPct: p.CPUPct, OOMKills: record.Some(int32(n % 2)),
			})
			s.Sensors = append(s.Sensors, record.Sensor{Name: p.Name, Celsius: record.Some(20 + p.CPUPct.Or(0)/10)})
		}
	}
	return samples
}

// An hour keeps the first processes by CPU time, by memory and by I/O of the whole hour, also those of a short job.
func TestHoursKeepTheFirstOfLists(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, crowd(start, 60, func(minute int) (list []record.Process) {
		for i := range 30 {
			p := record.Process{
				Name: fmt.Sprintf("p%02d", i), CPUPct: record.Some(float64(10 - i%10)), RSSBytes: record.Some(int64(i)), ReadBytesPerS: record.Some(0.), WriteBytesPerS: record.Some(0.),
			}
			if i == 15 {
				p.WriteBytesPerS = record.Some(1.)
			}
			list = append(list, p)
		}
		if minute == 7 {
			list = append(list, record.Process{Name: "backup", CPUPct: record.Some(3000.)})
		}
		return list
	}))
	rollUp(t, dir, start.Add(48*time.Hour))
	l := open(t, dir)
	got := one(t, l, "SELECT string_agg(p.name, ' ' ORDER BY p.name) FROM (SELECT unnest(processes) AS p FROM samples_1h)")
	// By CPU time the job, and then p00, p10, p20 and so on, which use 10 %. By memory those with the highest numbers. One that writes.
	if want := "backup p00 p01 p02 p10 p11 p15 p20 p21 p22 p23 p24 p25 p26 p27 p28 p29"; got != want {
		t.Errorf("hours keep %s, want %s", got, want)
	}
	of := longRange(start.Add(24 * time.Hour))
	of.Process = "backup"
	r := runPanel(t, l, "processes-top", of)
	if r.Rows() != 1 || !near(at(t, r, "cpu", 0), 50) {
		t.Errorf("backup: %v, want the mean of 3000 %% in one of 60 minutes", r.Data)
	}
}

// An hour and a day keep the units in which the kernel killed the most processes, in however many lists they are.
func TestHoursKeepTheMostKilled(t *testing.T) {
	var samples []record.Sample
	for n := range 60 {
		s := record.Sample{TS: record.TS(start.Add(time.Duration(n) * time.Minute)), SessionID: "s", Seq: int64(n), IntervalS: 60, Hostname: "h"}
		add := func(name string, cpu float64, kills int32) {
			s.Units = append(s.Units, record.ServiceUnit{Name: name, CPUPct: record.Some(cpu), MemoryBytes: record.Some(int64(cpu)), OOMKills: record.Some(kills)})
		}
		for i := range 8 {
			add(fmt.Sprintf("busy%d", i), 50, 0)
			add(fmt.Sprintf("killed%d", i), 1, int32(choose(n < 2, 1, 0)))
		}
		if n == 30 {
			add("short", 1, 50)
		}
		samples = append(samples, s)
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	rollUp(t, dir, start.Add(48*time.Hour))
	l := open(t, dir)
	for _, table := range []string{"samples_1h", "samples_1d"} {
		got := one(t, l, "SELECT string_agg(u.name, ' ' ORDER BY u.name) FROM (SELECT unnest(units) AS u FROM "+table+") WHERE u.oom_kills > 0")
		if want := "killed0 killed1 killed2 killed3 killed4 killed5 killed6 short"; got != want {
			t.Errorf("%s keeps %s, want %s", table, got, want)
		}
	}
}

// The panels about processes and units have the same means over hours and days as over samples, if some elements are not in each list, if an
// hour has fewer lists than others, and if the newest hours are not rolled up yet.
func TestListsOverHours(t *testing.T) {
	from := time.Date(2026, 2, 28, 20, 0, 0, 0, time.UTC)
	to := from.Add(6*time.Hour + 30*time.Minute)
	process := func(name string, cpu float64, rss int64) record.Process {
		return record.Process{Name: name, CPUPct: record.Some(cpu), RSSBytes: record.Some(rss), ReadBytesPerS: record.Some(cpu), WriteBytesPerS: record.Some(1.), Count: record.Some[int32](1)}
	}
	samples := crowd(from, int(to.Sub(from)/time.Minute), func(n int) []record.Process {
		list := []record.Process{process("steady", float64(10+n%7), int64(1000+n))}
		if n%3 == 0 {
			list = append(list, process("at times", 40, 500))
		}
		if n%60 == 59 {
			list = append(list, process("hourly", 600, 50))
		}
		return list
	})
	samples = slices.DeleteFunc(samples, func(s record.Sample) bool { return s.Seq > 70 && s.Seq < 110 }) // the second hour has a third of the lists
	raw, both := t.TempDir(), t.TempDir()
	laketest.Write(t, raw, samples)
	laketest.Write(t, both, samples)
	rollUp(t, both, to)
	ofRaw, ofBoth := open(t, raw), open(t, both)
	for _, id := range []string{
		"processes-cpu", "processes-memory", "processes-disk", "processes-top", "processes-time", "processes-growth", "processes-hosts",
		"host-who-cpu", "host-who-memory", "host-who-disk", "processes-units", "host-unit-cpu", "host-unit-memory", "host-sensors",
	} {
		p, _ := panels.Find(id)
		for bucket, days := range map[time.Duration]bool{time.Hour: false, 3 * time.Hour: false, 23 * time.Hour: false, 24 * time.Hour: true} {
			params, rollup := longRange(to), "1h"
			if days {
				params.Range.From, rollup = to.Add(-151*24*time.Hour), "1d"
			}
			params.Bucket = bucket
			want, _ := resultOf(t, ofRaw, p, params)
			got, q := resultOf(t, ofBoth, p, params)
			if problem := differ(want, got); problem != "" || q.Rollup != rollup || want.Rows() == 0 {
				t.Errorf("%s, %v: %d rows over %q: %s", id, bucket, want.Rows(), q.Rollup, problem)
			}
		}
	}
}

// A rollup that an earlier version made lacks the lists. Its numbers are read, and panels about processes show the days that have lists.
func TestHoursWithoutLists(t *testing.T) {
	dir := t.TempDir()
	samples := detailed()
	laketest.Write(t, dir, samples)
	for i := range samples {
		samples[i].TS -= 86400
		samples[i].SessionID += " before"
	}
	laketest.Write(t, dir, samples)
	rollUp(t, dir, start.Add(48*time.Hour))
	before := rollupFiles(t, dir, panels.Hours, panels.Hours.Start(start.Add(-24*time.Hour)))
	if len(before) != 1 {
		t.Fatalf("files %v", before)
	}
	db := laketest.DuckDB(t)
	old := filepath.Join(t.TempDir(), "old.parquet")
	if _, err := db.Exec("COPY (SELECT * EXCLUDE (processes, processes_readings, units, units_readings, sensors, sensors_readings) FROM read_parquet('" + before[0] +
		"', hive_partitioning = false)) TO '" + old + "' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, before[0]); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	of := longRange(start.Add(23 * time.Hour))
	if r := runPanel(t, l, "hosts-summary", of); r.Rows() != 3 || at(t, r, "samples", 0) != int64(2*detailedHours*120) {
		t.Errorf("hosts: %v", r.Data)
	}
	expectNamed(t, runPanel(t, l, "processes-top", of), []string{"process"}, map[string]map[string]float64{
		"java (app.service)": {"cpu": 250, "hosts": 2}, "cron": {"cpu": 20, "hosts": 1},
	})
	// Another program reads them through the views.
	if _, err := db.Exec(lake.Views(dir)); err != nil {
		t.Fatal(err)
	}
	var rows, lists int
	if err := db.QueryRow("SELECT count(*), count(processes) FROM samples_1h").Scan(&rows, &lists); err != nil || rows != 2*3*detailedHours || lists != 2*(2*detailedHours-2) {
		t.Errorf("%d rows, %d with processes: %v", rows, lists, err)
	}
}
