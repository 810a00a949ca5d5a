package record_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestGoldenLines(t *testing.T) {
	var got []byte
	for _, s := range recordtest.Golden() {
		got = append(s.AppendJSON(got), '\n')
	}
	if *update {
		if err := os.WriteFile("recordtest/golden.jsonl", got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, recordtest.GoldenLines) {
		t.Errorf("lines differ from recordtest/golden.jsonl (make golden rewrites it)\ngot:\n%s", got)
	}
}

func TestParseGolden(t *testing.T) {
	lines := bytes.Split(bytes.TrimSpace(recordtest.GoldenLines), []byte("\n"))
	for i, line := range lines {
		s, err := record.ParseSample(line)
		if err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
		if again := s.AppendJSON(nil); !bytes.Equal(again, line) {
			t.Errorf("line %d comes back as\n%s\nwant\n%s", i, again, line)
		}
		if !json.Valid(line) {
			t.Errorf("line %d: encoding/json finds it invalid", i)
		}
	}
	full, err := record.ParseSample(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := recordtest.Golden()[0]; full.SessionID != want.SessionID || full.RAMTotalBytes != want.RAMTotalBytes ||
		!reflect.DeepEqual(full.Tags, want.Tags) || len(full.Filesystems) != 2 || full.Processes[1].PID != want.Processes[1].PID ||
		full.Units[0].OOMKills != want.Units[0].OOMKills || full.Sensors[0] != want.Sensors[0] {
		t.Errorf("parsed %+v, want %+v", full, want)
	}
}

// The columns are those of the contract, in its order.
func TestColumns(t *testing.T) {
	const want = `ts double, session_id string, seq bigint, interval_s int, hostname string, os string, os_v string,
arch string, node_role string, env string, tags map<string,string>, cpu_pct double, cpu_user_pct double,
cpu_system_pct double, cpu_iowait_pct double, cpu_steal_pct double, cpu_count int, load1 double, load5 double,
load15 double, ram_pct double, swap_pct double, ram_total_bytes bigint, ram_used_bytes bigint,
ram_available_bytes bigint, swap_used_bytes bigint, net_bytes_sent_per_s double, net_bytes_recv_per_s double,
net_packets_sent_per_s double, net_packets_recv_per_s double, net_err_in_per_s double, net_err_out_per_s double,
net_drop_in_per_s double, net_drop_out_per_s double, disk_read_bytes_per_s double, disk_write_bytes_per_s double,
disk_read_ops_per_s double, disk_write_ops_per_s double, disk_busy_pct double, disk_used_pct double,
disk_free_bytes bigint, cpu_pressure_pct double, mem_pressure_pct double, io_pressure_pct double, procs int,
uptime_s bigint, disk_used_mount string, disk_busy_device string, inodes_used_pct double, cpu_core_max_pct double,
machine_id string,
filesystems array<struct<mount:string,device:string,fstype:string,used_pct:double,free_bytes:bigint,total_bytes:bigint,inodes_used_pct:double>>,
disks array<struct<device:string,read_bytes_per_s:double,write_bytes_per_s:double,read_ops_per_s:double,write_ops_per_s:double,busy_pct:double,await_ms:double>>,
interfaces array<struct<name:string,recv_bytes_per_s:double,sent_bytes_per_s:double,recv_packets_per_s:double,sent_packets_per_s:double,err_per_s:double,drop_per_s:double,speed_bits_per_s:bigint>>,
processes array<struct<name:string,unit:string,user:string,count:int,cpu_pct:double,rss_bytes:bigint,read_bytes_per_s:double,write_bytes_per_s:double,pid:int>>,
units array<struct<name:string,cpu_pct:double,memory_bytes:bigint,memory_limit_bytes:bigint,read_bytes_per_s:double,write_bytes_per_s:double,throttled_pct:double,oom_kills:int>>,
sensors array<struct<name:string,celsius:double>>, event_time timestamp, timestamp string, datetime string, epoch_timestamp double, date string,
minute string, day_of_week string, _processed_at string, _processed_timestamp bigint`
	var got []string
	for _, c := range record.Columns() {
		got = append(got, c.Name+" "+string(c.Type))
	}
	seen := checkColumns(t, record.Columns())
	if w := strings.ReplaceAll(want, "\n", " "); strings.Join(got, ", ") != w {
		t.Errorf("columns are\n%s\nwant\n%s", strings.Join(got, ", "), w)
	}
	for _, key := range record.PartitionKeys() {
		if seen[key] {
			t.Errorf("partition key %s is a column too", key)
		}
	}
}

// checkColumns checks the names and units of columns, and of the fields of their elements. It returns the names.
func checkColumns(t *testing.T, columns []record.Column) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.Name] {
			t.Errorf("column %s twice", c.Name)
		}
		seen[c.Name] = true
		if c.Name != strings.ToLower(c.Name) {
			t.Errorf("column %s: Firehose lower-cases keys", c.Name)
		}
		if len(c.Comment) > 255 {
			t.Errorf("column %s: Glue takes comments of at most 255 bytes", c.Name)
		}
		if c.IsList() {
			checkColumns(t, c.Fields)
		}
		if quantity := isQuantity(c); quantity != (c.Unit != record.NoUnit) {
			t.Errorf("column %s has unit %q", c.Name, c.Unit)
		}
	}
	return seen
}

// isQuantity reports whether a column holds numbers that can be added up or compared.
func isQuantity(c record.Column) bool {
	number := c.Type == record.Double || c.Type == record.BigInt || c.Type == record.Integer
	return number && c.Name != "seq" && c.Name != "pid"
}

func TestAbsentIsLeftOut(t *testing.T) {
	s := record.Sample{TS: 1770094800, CPUPct: record.Some(math.NaN()), Load1: record.Some(math.Inf(1)), RAMPct: record.Some(0.0)}
	s.Disks, s.Sensors = []record.Disk{}, []record.Sensor{{Name: "cpu"}}
	const want = `{"ts":1770094800,"seq":0,"interval_s":0,"ram_pct":0,"sensors":[{"name":"cpu"}]}`
	if got := string(s.AppendJSON(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A sample that is parsed from its line equals the sample, up to rounding.
func TestRoundTrip(t *testing.T) {
	property := func(seed uint64, cpu, rate float64, host, tag string, seq int64) bool {
		s := recordtest.New(seed).Sample(time.UnixMilli(1770094800123))
		s.CPUPct, s.NetBytesRecvPerS = record.Some(math.Mod(math.Abs(cpu), 100)), record.Some(rate)
		s.Hostname, s.Tags, s.Seq = host, map[string]string{"k": tag}, seq
		line := s.AppendJSON(nil)
		back, err := record.ParseSample(line)
		if err != nil || !json.Valid(line) {
			t.Logf("%s: %v", line, err)
			return false
		}
		clean := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
		return back.Hostname == clean(host) && back.Tags["k"] == clean(tag) && back.Seq == seq &&
			math.Abs(back.CPUPct.Or(-1)-s.CPUPct.Or(-2)) <= 0.005000001 &&
			math.Abs(back.NetBytesRecvPerS.Or(math.NaN())-rate) <= 0.05+math.Abs(rate)*1e-15
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

func TestParseSampleRefuses(t *testing.T) {
	for line, want := range map[string]string{
		``:                                     "unexpected end of JSON input",
		`7`:                                    "cannot unmarshal number",
		`[{"ts":1}]`:                           "cannot unmarshal array",
		`{"hostname":"h"}`:                     "ts is missing",
		`{"ts":null}`:                          "ts is missing",
		`{"ts":"1770094800"}`:                  "ts: json: cannot unmarshal string",
		`{"ts":1,"hostname":3}`:                "hostname: json: cannot unmarshal number",
		`{"ts":1,"seq":1.5}`:                   "seq: json: cannot unmarshal number 1.5",
		`{"ts":1,"procs":3000000000}`:          "procs: json: cannot unmarshal number 3000000000",
		`{"ts":1,"tags":{"a":1}}`:              "tags: json: cannot unmarshal number",
		`{"ts":1,"cpu_pct":true}`:              "cpu_pct: json: cannot unmarshal bool",
		`{"ts":1,"disks":{}}`:                  "disks: json: cannot unmarshal object",
		`{"ts":1,"disks":[{},3]}`:              "disks: element 1: json: cannot unmarshal number",
		`{"ts":1,"disks":[{"busy_pct":"1"}]}`:  "disks: element 0: busy_pct: json: cannot unmarshal string",
		`{"ts":1}{"ts":2}`:                     "after top-level value",
		`{"ts":1e400}`:                         "ts: json: cannot unmarshal number 1e400",
		`{"ts":01}`:                            "after object key:value pair",
		`{"ts":1,}`:                            "looking for beginning of object key",
		`{"ts":1,"hostname":"` + "\x00" + `"}`: "in string literal",
	} {
		_, err := record.ParseSample([]byte(line))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", line, err, want)
		}
	}
}

func TestCheckTS(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		ts   float64
		want string
	}{
		{record.TS(now), ""},
		{1577836800, ""},
		{record.TS(now.Add(24 * time.Hour)), ""},
		{1577836799.999, "ts 1577836799.999 (2019-12-31T23:59:59Z) is before 2020"},
		{0, "before 2020"},
		{-1e300, "before 2020"},
		{record.TS(now.Add(24*time.Hour + time.Millisecond)), "more than 24h0m0s ahead of 2026-11-23T12:00:00Z"},
		{4102444800, "(2100-01-01T00:00:00Z) is more than"},
		{1770094800123, "ahead"}, // milliseconds given as seconds
		{math.NaN(), "not a finite number"},
		{math.Inf(1), "not a finite number"},
	} {
		err := record.CheckTS(c.ts, now)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("CheckTS(%v) = %v, want %q", c.ts, err, c.want)
		}
	}
}

func TestPartition(t *testing.T) {
	for ts, want := range map[float64]record.Partition{
		1770094799.999:  {Year: "2026", Month: "02", Day: "03", Hour: "04"},
		1770094800:      {Year: "2026", Month: "02", Day: "03", Hour: "05"},
		1770094799.9996: {Year: "2026", Month: "02", Day: "03", Hour: "05"}, // as event_time rounds
		1767225599.5:    {Year: "2025", Month: "12", Day: "31", Hour: "23"},
	} {
		if got := record.HourOf(ts).Partition(); got != want {
			t.Errorf("partition of %v is %v, want %v", ts, got, want)
		}
	}
}

// The values are what package time makes of the sample's time.
func TestEnricherAgrees(t *testing.T) {
	processed := time.Date(2026, 2, 3, 5, 1, 2, 3, time.FixedZone("", 7200))
	fast := record.NewEnricher(processed)
	property := func(ms uint32, days uint16) bool {
		ts := float64(1577836800000+int64(days)*86_400_000+int64(ms)) / 1000
		raw := json.RawMessage(jsonNumber(ts))
		got := map[string]any{}
		if err := json.Unmarshal(append(fast.AppendMembers([]byte{'{'}, ts, raw), '}'), &got); err != nil {
			t.Log(err)
			return false
		}
		at := time.UnixMilli(record.Millis(ts)).UTC()
		want := map[string]any{
			"event_time": at.Format("2006-01-02T15:04:05.000Z"), "timestamp": at.Format(time.DateTime), "datetime": at.Format(time.DateTime),
			"epoch_timestamp": ts, "date": at.Format(time.DateOnly), "minute": at.Format("04"), "day_of_week": at.Weekday().String(),
			"_processed_at": processed.UTC().Format(time.RFC3339), "_processed_timestamp": float64(processed.Unix()),
		}
		if !reflect.DeepEqual(got, want) {
			t.Logf("ts %v: got %v, want %v", ts, got, want)
			return false
		}
		return len(got) == len(record.EnrichmentColumns())
	}
	if err := quick.Check(property, &quick.Config{MaxCount: 5000}); err != nil {
		t.Error(err)
	}
}

func jsonNumber(v float64) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func FuzzParseSample(f *testing.F) {
	for line := range bytes.Lines(recordtest.GoldenLines) {
		f.Add(bytes.TrimSpace(line))
	}
	f.Add([]byte(`{"ts":1,"tags":{"a":"\ud83e\udd8a"},"x":[{"y":[]}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := record.ParseSample(line)
		if err != nil {
			return
		}
		if !json.Valid(line) {
			t.Fatalf("accepted what encoding/json refuses: %q", line)
		}
		once := s.AppendJSON(nil)
		back, err := record.ParseSample(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := back.AppendJSON(nil); !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%s\n%s", once, twice)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	s := recordtest.New(1).Sample(time.UnixMilli(1770094800123))
	b.ReportAllocs()
	line := s.AppendJSON(nil)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		line = s.AppendJSON(line[:0])
	}
}

func BenchmarkParseSample(b *testing.B) {
	s := recordtest.New(1).Sample(time.UnixMilli(1770094800123))
	line := s.AppendJSON(nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := record.ParseSample(line); err != nil {
			b.Fatal(err)
		}
	}
}
