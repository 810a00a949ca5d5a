package lake_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// The panels of details over samples whose means are known without arithmetic. There are four hours of samples, with details every
// minute, of the hosts a and b, and of the host old, whose collector sends no details.
const detailedHours = 4

func detailed() []record.Sample {
	var samples []record.Sample
	for i := range detailedHours * 120 {
		at := start.Add(time.Duration(i) * 30 * time.Second)
		for host, cores := range map[string]int32{"a": 4, "b": 2, "old": 1} {
			s := record.Sample{
				TS: record.TS(at), SessionID: "s-" + host, Seq: int64(i), IntervalS: 30, Hostname: host, OS: "linux", NodeRole: "web", Env: "prod",
				Tags: map[string]string{"team": "core", "rack": "r1"}, CPUCount: record.Some(cores), CPUPct: record.Some(50.0),
				UptimeS: record.Some(int64(1000 + 30*i)), DiskUsedPct: record.Some(70.0), DiskFreeBytes: record.Some(int64(30)), DiskUsedMount: "/data",
				InodesUsedPct: record.Some(5.0),
			}
			if i%2 == 0 && host != "old" {
				addDetails(&s, i/2)
			}
			samples = append(samples, s)
		}
	}
	return samples
}

// addDetails adds the details of minute n.
func addDetails(s *record.Sample, n int) {
	some := record.Some[float64]
	bytes := record.Some[int64]
	if s.Hostname == "b" {
		s.Processes = []record.Process{{Name: "java", Unit: "app.service", CPUPct: some(50), RSSBytes: bytes(500), Count: record.Some[int32](1)}}
		return
	}
	s.Processes = []record.Process{
		{Name: "java", Unit: "app.service", CPUPct: some(200), RSSBytes: bytes(int64(1000 + 10*n)), ReadBytesPerS: some(1), WriteBytesPerS: some(2), Count: record.Some[int32](2)},
		{Name: "odd", CPUPct: some(1e300), RSSBytes: bytes(-5)},
	}
	if n%2 == 0 { // not among the first in each second minute
		s.Processes = append(s.Processes, record.Process{Name: "cron", CPUPct: some(40), RSSBytes: bytes(10), WriteBytesPerS: some(100)})
	}
	s.Filesystems = []record.Filesystem{
		{Mount: "/var", Device: "/dev/x", UsedPct: some(80 + float64(n)/60), FreeBytes: bytes(20), TotalBytes: bytes(100), InodesUsedPct: some(1)},
		{Mount: "/", Device: "/dev/y", UsedPct: some(50), FreeBytes: bytes(50), TotalBytes: bytes(100)},
	}
	if n < 60 { // unmounted after an hour
		s.Filesystems = append(s.Filesystems, record.Filesystem{Mount: "/mnt", UsedPct: some(99)})
	}
	// The operations of every tenth minute take longer, and there are nine times as many.
	await, ops := some(1), some(10)
	if n%10 == 0 {
		await, ops = some(11), some(90)
	}
	s.Disks = []record.Disk{
		{Device: "sda", BusyPct: some(30), AwaitMs: await, ReadOpsPerS: ops, WriteOpsPerS: some(0), ReadBytesPerS: some(1000)},
		{Device: "sdb", BusyPct: some(60), ReadOpsPerS: some(0), WriteOpsPerS: some(0)}, // no operation, so no time of one
	}
	s.Interfaces = []record.Interface{
		{Name: "eth0", RecvBytesPerS: some(1000), SentBytesPerS: some(5000), ErrPerS: some(1), DropPerS: some(2), SpeedBitsPerS: bytes(80_000)},
		{Name: "wg0", RecvBytesPerS: some(1), SpeedBitsPerS: bytes(0)},
	}
	s.Units = []record.ServiceUnit{
		{Name: "app.service", CPUPct: some(100), MemoryBytes: bytes(1 << 20), MemoryLimitBytes: bytes(1 << 21), ThrottledPct: some(float64(n % 5)), OOMKills: record.Some(int32(n / 239))},
	}
	s.Sensors = []record.Sensor{{Name: "cpu", Celsius: some(60)}, {Name: "disk", Celsius: some(-300)}}
}

func detailedLake(t *testing.T) (*lake.Lake, panels.Params) {
	t.Helper()
	dir := t.TempDir()
	samples := detailed()
	laketest.Write(t, dir, samples)
	laketest.Write(t, dir, samples[len(samples)/2:]) // delivered twice
	return open(t, dir), params(start, start.Add(detailedHours*time.Hour))
}

// named returns the row of each name of a result.
func named(t *testing.T, r panels.Result, columns ...string) map[string]int {
	t.Helper()
	rows := map[string]int{}
	for i := range r.Rows() {
		var key []string
		for _, c := range columns {
			key = append(key, fmt.Sprint(at(t, r, c, i)))
		}
		name := strings.Join(key, " ")
		if _, twice := rows[name]; twice {
			t.Errorf("%s is there twice", name)
		}
		rows[name] = i
	}
	return rows
}

// expectNamed compares rows by name with numbers; NaN stands for NULL. Other rows must not exist.
func expectNamed(t *testing.T, r panels.Result, by []string, want map[string]map[string]float64) {
	t.Helper()
	rows := named(t, r, by...)
	for name := range rows {
		if _, ok := want[name]; !ok {
			t.Errorf("unexpected row %s", name)
		}
	}
	for name, values := range want {
		i, ok := rows[name]
		if !ok {
			t.Errorf("no row %s in %v", name, rows)
			continue
		}
		for column, v := range values {
			got := at(t, r, column, i)
			if math.IsNaN(v) && got != nil || !math.IsNaN(v) && !near(got, v) {
				t.Errorf("%s: %s is %v, want %v", name, column, got, v)
			}
		}
	}
}

var null = math.NaN()

func TestDetailsInTables(t *testing.T) {
	l, p := detailedLake(t)
	hostA := p
	hostA.Host = "a"
	cron := p
	cron.Process = "cron"
	for _, c := range []struct {
		panel  string
		params panels.Params
		by     []string
		want   map[string]map[string]float64
	}{
		{"processes-top", p, []string{"process"}, map[string]map[string]float64{
			"java (app.service)": {"cpu": 250, "memory": 1000 + 2390 + 500, "read": 1, "written": 2, "number": 3, "hosts": 2},
			"cron":               {"cpu": 20, "memory": 10, "read": null, "written": 50, "number": null, "hosts": 1},
			"odd":                {"cpu": null, "memory": null, "hosts": 1},
		}},
		{"processes-top", cron, []string{"process"}, map[string]map[string]float64{"cron": {"cpu": 20, "hosts": 1}}},
		{"processes-hosts", p, []string{"host", "process"}, map[string]map[string]float64{
			"a java (app.service)": {"cpu": 200, "memory": 3390}, "b java (app.service)": {"cpu": 50, "memory": 500},
			"a cron": {"cpu": 20, "memory": 10}, "a odd": {"cpu": null},
		}},
		{"processes-units", p, []string{"name"}, map[string]map[string]float64{
			"app.service": {"cpu": 100, "memory": 1 << 20, "limit_peak": 50, "throttled": 4, "oom_kills": 1, "hosts": 1},
		}},
		{"host-filesystems", hostA, []string{"mount"}, map[string]map[string]float64{
			"/var": {"used": 80 + 239./60, "free": 20, "total": 100, "inodes": 1, "per_day": 24, "full_in": 86400 * (100 - 83.98) / 24},
			"/":    {"used": 50, "free": 50, "total": 100, "inodes": null, "per_day": 0, "full_in": null},
		}},
		{"disk-fullest", p, []string{"host", "mount"}, map[string]map[string]float64{
			"a /var": {"used": 80 + 239./60, "per_day": 24}, "a /": {"used": 50},
			"b /data": {"used": 70, "free": 30, "total": null}, "old /data": {"used": 70, "free": 30, "inodes": 5, "per_day": 0},
		}},
		{"host-disks", hostA, []string{"device"}, map[string]map[string]float64{
			"sda": {"busy": 30, "busy_peak": 30, "await": 6, "await_peak": 11, "read": 1000, "written": null},
			"sdb": {"busy": 60, "await": null, "await_peak": null},
		}},
		{"disk-slowest", p, []string{"host", "device"}, map[string]map[string]float64{"a sda": {"await": 6, "operations": 18}}},
		{"host-interfaces", hostA, []string{"name"}, map[string]map[string]float64{
			"eth0": {"recv": 1000, "sent": 5000, "lost": 3, "link_peak": 50, "speed": 80_000}, "wg0": {"recv": 1, "sent": null, "lost": null, "link_peak": null, "speed": null},
		}},
		{"network-interfaces", p, []string{"host", "name"}, map[string]map[string]float64{
			"a eth0": {"recv": 1000, "lost": 3}, "a wg0": {"recv": 1},
		}},
	} {
		t.Run(c.panel+" "+c.params.Process, func(t *testing.T) {
			expectNamed(t, runPanel(t, l, c.panel, c.params), c.by, c.want)
		})
	}
	top := runPanel(t, l, "processes-top", p)
	if row := named(t, top, "process")["java (app.service)"]; at(t, top, "cpu_host", row) != "a" || at(t, top, "memory_host", row) != "a" {
		t.Errorf("java is busiest on %v and largest on %v", at(t, top, "cpu_host", row), at(t, top, "memory_host", row))
	}
}

// means returns the mean of a column over the rows of each name, and checks what all charts of details have in common.
func means(t *testing.T, r panels.Result, by, column string) map[string]float64 {
	t.Helper()
	values := map[string][]float64{}
	for i := range r.Rows() {
		name := fmt.Sprint(at(t, r, by, i))
		if v, ok := at(t, r, column, i).(float64); ok {
			values[name] = append(values[name], v)
		}
	}
	found := map[string]float64{}
	for name, v := range values {
		found[name] = mean(v)
	}
	return found
}

func TestDetailsOverTime(t *testing.T) {
	l, p := detailedLake(t)
	hostA := p
	hostA.Host = "a"
	short := hostA
	short.Range.From = short.Range.To.Add(-15 * time.Minute)
	short.Bucket = 3 * time.Second // shorter than the time between details
	fleet := p
	fleet.Range.From, fleet.Bucket = short.Range.From, short.Bucket
	cron := p
	cron.Process = "cron"
	for _, c := range []struct {
		panel  string
		params panels.Params
		by     string
		column string
		want   map[string]float64
	}{
		{"host-who-cpu", hostA, "process", "value", map[string]float64{"java (app.service)": 50, "cron": 5}},
		{"host-who-cpu", short, "process", "value", map[string]float64{"java (app.service)": 50, "cron": 10}}, // 0 where it has no row
		{"host-who-cpu", p, "process", "value", map[string]float64{"java (app.service)": 37.5, "cron": 2.5}},  // mean of a and b
		{"host-who-disk", hostA, "process", "value", map[string]float64{"java (app.service)": 3, "cron": 50}},
		{"host-unit-cpu", hostA, "name", "value", map[string]float64{"app.service": 25}},
		{"host-unit-memory", hostA, "name", "value", map[string]float64{"app.service": 1 << 20}},
		{"processes-cpu", p, "process", "value", map[string]float64{"java (app.service)": 250, "cron": 20}},
		{"processes-cpu", fleet, "process", "value", map[string]float64{"java (app.service)": 250, "cron": 40}}, // 0 where it has no row
		{"processes-time", p, "host", "value", map[string]float64{"a": 200, "b": 50}},
		{"processes-time", cron, "host", "value", map[string]float64{"a": 40}},
		{"host-disk-busy", hostA, "device", "busy_pct", map[string]float64{"sda": 30, "sdb": 60}},
		{"host-disk-await", hostA, "device", "await_ms", map[string]float64{"sda": 2}},
		{"host-interface-bytes", hostA, "name", "sent_bytes_per_s", map[string]float64{"eth0": 5000}},
		{"host-sensors", hostA, "name", "celsius", map[string]float64{"cpu": 60}},
	} {
		t.Run(fmt.Sprint(c.panel, " ", c.params.Bucket, c.params.Host, c.params.Process), func(t *testing.T) {
			r := runPanel(t, l, c.panel, c.params)
			got := means(t, r, c.by, c.column)
			if len(got) != len(c.want) {
				t.Errorf("rows of %v, want %v", got, c.want)
			}
			for name, v := range c.want {
				if !near(got[name], v) {
					t.Errorf("%s: %v, want %v", name, got[name], v)
				}
			}
			// The page breaks a line if details are missing: it must know how far they are apart.
			if apart := at(t, r, "interval_s", 0); apart != max(60, c.params.Bucket.Seconds()) && apart != 120.0 {
				t.Errorf("details are said to be %v s apart, with buckets of %v", apart, c.params.Bucket)
			}
		})
	}
	// The process that leaks has more memory at the end.
	r := runPanel(t, l, "processes-growth", p)
	var of []float64
	for i := range r.Rows() {
		if at(t, r, "host", i) == "a" {
			of = append(of, at(t, r, "value", i).(float64))
		}
	}
	if len(of) < 40 || of[len(of)-1]-of[0] < 2000 {
		t.Errorf("the memory of java on a: %v", of)
	}
}

// TestFleetIsWholeInEachBucket: hosts have details at different times and at different intervals, and the range ends soon after a
// bucket begins. The total is that of all hosts in every bucket, but a host that is silent does not count any more.
func TestFleetIsWholeInEachBucket(t *testing.T) {
	var samples []record.Sample
	for i, host := range []struct{ every, until time.Duration }{
		{time.Minute, time.Hour}, {time.Minute, time.Hour}, {63 * time.Second, time.Hour}, {5 * time.Minute, time.Hour}, {time.Minute, 20 * time.Minute},
	} {
		for n, d := 0, time.Duration(7*i)*time.Second; d < host.until; n, d = n+1, d+host.every {
			samples = append(samples, record.Sample{
				TS: record.TS(start.Add(d)), SessionID: "s", Seq: int64(n), Hostname: fmt.Sprint("h", i), CPUCount: record.Some[int32](1),
				Processes: []record.Process{{Name: "p", CPUPct: record.Some(10.0)}},
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	p := params(start.Add(90*time.Second), start.Add(50*time.Minute+5*time.Second))
	p.Bucket = 10 * time.Second
	r := runPanel(t, open(t, dir), "processes-cpu", p)
	if r.Rows() < 45 {
		t.Fatalf("%d buckets", r.Rows())
	}
	for i := range r.Rows() {
		at, v := time.Duration(at(t, r, "t", i).(float64)-record.TS(start))*time.Second, at(t, r, "value", i)
		want := 50.0
		if at >= 22*time.Minute { // three minutes after its last details
			want = 40
		}
		if !near(v, want) {
			t.Errorf("after %v the fleet uses %v, want %v", at, v, want)
		}
	}
}

// TestManyNamesShareTheRest: a chart shows eight names and the sum of the others.
func TestManyNamesShareTheRest(t *testing.T) {
	s := record.Sample{TS: record.TS(start), SessionID: "s", Hostname: "a", CPUCount: record.Some[int32](1)}
	for i := range 12 {
		s.Processes = append(s.Processes, record.Process{Name: fmt.Sprintf("p%02d", i), CPUPct: record.Some(float64(12 - i))})
	}
	dir := t.TempDir()
	laketest.Write(t, dir, []record.Sample{s})
	got := means(t, runPanel(t, open(t, dir), "processes-cpu", params(start, start.Add(time.Hour))), "process", "value")
	if len(got) != 9 || got["p00"] != 12 || got["p07"] != 5 || got["(others)"] != 4+3+2+1 {
		t.Errorf("the chart shows %v", got)
	}
}

func TestHostHead(t *testing.T) {
	l, p := detailedLake(t)
	p.Host = "a"
	r := runPanel(t, l, "host-head", p)
	if r.Rows() != 1 {
		t.Fatalf("%d rows", r.Rows())
	}
	check(t, r, 0, map[string]float64{"cpu_pct": 50, "cpu_count": 4, "up_for": 1000 + 30*479, "disk_used_pct": 70, "last_ts": record.TS(start) + 479*30})
	for column, want := range map[string]any{"os": "linux", "silent": false, "disk_used_mount": "/data", "tags": "rack = r1, team = core", "env": "prod"} {
		if got := at(t, r, column, 0); got != want {
			t.Errorf("%s is %v, want %v", column, got, want)
		}
	}
	p.Range.To = p.Range.To.Add(time.Hour)
	if r := runPanel(t, l, "host-head", p); at(t, r, "silent", 0) != true {
		t.Error("an hour later the host is not silent")
	}
}

// TestOldLakesHaveNoDetails: over files from before the lists, panels of details are empty, and each has a panel to show instead or
// is left out.
func TestOldLakesHaveNoDetails(t *testing.T) {
	dir := t.TempDir()
	var lists []string
	for _, c := range record.Columns() {
		if c.Fields != nil {
			lists = append(lists, c.Name)
		}
	}
	laketest.Write(t, dir, laketest.Scene(start, start.Add(time.Hour), 10*time.Second), lists...)
	l := open(t, dir)
	p := params(start, start.Add(time.Hour))
	p.Host = "db-01"
	for _, d := range panels.All() {
		for _, panel := range d.Panels {
			rows := runPanel(t, l, panel.ID, p).Rows()
			details := strings.Contains(panel.SQL, "details") || strings.Contains(panel.SQL, `"list"`)
			if panel.Instead != "" && rows == 0 {
				t.Errorf("%s has no rows to show instead of %s", panel.ID, panel.Instead)
			}
			if rows == 0 && !panel.Optional && panel.Empty == "" && d.ID != "processes" && panel.Kind != panels.Marks {
				t.Errorf("%s (details: %v) has no rows, but is not optional", panel.ID, details)
			}
		}
	}
}
