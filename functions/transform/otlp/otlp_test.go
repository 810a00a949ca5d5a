package otlp_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform/otlp"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

const (
	at     = "1770094830500000000" // 2026-02-03T05:00:30.5Z
	before = "1770094770500000000" // a minute earlier
)

// doc is a document with one resource, which has the attribute host.name web-1 and others.
func doc(others string, metrics ...string) string {
	return `{"resourceMetrics":[` + resource(`{"key":"host.name","value":{"stringValue":"web-1"}}`+others, metrics...) + `]}`
}

func resource(attributes string, metrics ...string) string {
	return `{"resource":{"attributes":[` + attributes + `]},"scopeMetrics":[{"metrics":[` + strings.Join(metrics, ",") + `]}]}`
}

func gauge(name string, points ...string) string {
	return `{"name":"` + name + `","gauge":{"dataPoints":[` + strings.Join(points, ",") + `]}}`
}

// difference is a counter with delta temporality; total counts since the start.
func difference(name string, points ...string) string {
	return `{"name":"` + name + `","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[` + strings.Join(points, ",") + `]}}`
}

func total(name string, points ...string) string {
	return `{"name":"` + name + `","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[` + strings.Join(points, ",") + `]}}`
}

// point is a data point with attributes such as "device=sda direction=read".
func point(value, attributes string) string { return pointAt(before, at, value, attributes) }

func pointAt(start, end, value, attributes string) string {
	var list []string
	for _, a := range strings.Fields(attributes) {
		name, text, _ := strings.Cut(a, "=")
		list = append(list, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, name, text))
	}
	return `{"attributes":[` + strings.Join(list, ",") + `],"startTimeUnixNano":"` + start + `","timeUnixNano":"` + end + `",` + value + `}`
}

func double(v string) string { return `"asDouble":` + v }

func whole(v string) string { return `"asInt":"` + v + `"` }

// rows are the samples of a document, as JSON.
func rows(t *testing.T, document string) []map[string]any {
	t.Helper()
	samples, absent, err := otlp.Samples([]byte(document))
	if err != nil || len(absent) > 0 {
		t.Fatalf("%v, absent: %v, of %s", err, absent, document)
	}
	var list []map[string]any
	for _, s := range samples {
		var row map[string]any
		if err := json.Unmarshal(s.AppendJSON(nil), &row); err != nil {
			t.Fatal(err)
		}
		list = append(list, row)
	}
	return list
}

func row(t *testing.T, document string) map[string]any {
	t.Helper()
	list := rows(t, document)
	if len(list) != 1 {
		t.Fatalf("%d samples of %s", len(list), document)
	}
	return list[0]
}

// check compares columns with wanted values; nil means that the column is absent.
func check(t *testing.T, row, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if fmt.Sprint(row[name]) != fmt.Sprint(v) {
			t.Errorf("%s is %v, want %v", name, row[name], v)
		}
	}
}

func TestCPU(t *testing.T) {
	for name, metric := range map[string]string{
		"differences of time": difference("system.cpu.time",
			point(double("30"), "cpu=0 state=user"), point(double("6"), "cpu=0 state=nice"), point(double("6"), "cpu=0 state=softirq"),
			point(double("6"), "cpu=0 state=steal"), point(double("12"), "cpu=0 state=idle"),
			point(double("12"), "cpu=1 state=system"), point(double("6"), "cpu=1 state=wait"), point(double("42"), "cpu=1 state=idle")),
		"shares": gauge("system.cpu.utilization",
			point(double("0.5"), "cpu=0 state=user"), point(double("0.1"), "cpu=0 state=nice"), point(double("0.1"), "cpu=0 state=softirq"),
			point(double("0.1"), "cpu=0 state=steal"), point(double("0.2"), "cpu=0 state=idle"),
			point(double("0.2"), "cpu=1 state=system"), point(double("0.1"), "cpu=1 state=wait"), point(double("0.7"), "cpu=1 state=idle")),
		"names of the semantic conventions": difference("system.cpu.time",
			point(double("30"), "cpu.logical_number=0 cpu.mode=user"), point(double("6"), "cpu.logical_number=0 cpu.mode=nice"),
			point(double("6"), "cpu.logical_number=0 cpu.mode=interrupt"), point(double("6"), "cpu.logical_number=0 cpu.mode=steal"),
			point(double("12"), "cpu.logical_number=0 cpu.mode=idle"), point(double("12"), "cpu.logical_number=1 cpu.mode=system"),
			point(double("6"), "cpu.logical_number=1 cpu.mode=iowait"), point(double("42"), "cpu.logical_number=1 cpu.mode=idle")),
	} {
		t.Run(name, func(t *testing.T) {
			check(t, row(t, doc("", metric)), map[string]any{
				"ts": 1770094830.5, "interval_s": 60, "hostname": "web-1",
				"cpu_pct": 50, "cpu_user_pct": 30, "cpu_system_pct": 15, "cpu_steal_pct": 5, "cpu_iowait_pct": 5, "cpu_core_max_pct": 80,
			})
		})
	}
	check(t, row(t, doc("", difference("system.cpu.time", point(double("1"), "state=user"), point(double("3"), "state=idle")))), map[string]any{
		"cpu_pct": 25, "cpu_steal_pct": nil, "cpu_iowait_pct": nil, "cpu_core_max_pct": nil,
	})
}

func TestMemory(t *testing.T) {
	for name, c := range map[string]struct {
		metrics []string
		want    map[string]any
	}{
		"Linux": {[]string{
			gauge("system.memory.limit", point(whole("1000"), "")), gauge("system.linux.memory.available", point(whole("600"), "")),
			gauge("system.memory.usage", point(whole("300"), "state=used"), point(whole("100"), "state=buffered"), point(whole("500"), "state=free")),
		}, map[string]any{"ram_total_bytes": 1000, "ram_available_bytes": 600, "ram_used_bytes": 400, "ram_pct": 40}},
		"macOS": {[]string{
			gauge("system.memory.usage", point(whole("300"), "state=used"), point(whole("100"), "state=inactive"), point(whole("600"), "state=free")),
		}, map[string]any{"ram_total_bytes": 1000, "ram_available_bytes": 700, "ram_used_bytes": 300, "ram_pct": 30}},
		"swap": {[]string{
			gauge("system.paging.usage", point(whole("30"), "device=a state=used"), point(whole("70"), "device=a state=free"), point(whole("100"), "device=b state=free")),
		}, map[string]any{"swap_used_bytes": 30, "swap_pct": 15, "ram_pct": nil}},
	} {
		t.Run(name, func(t *testing.T) { check(t, row(t, doc("", c.metrics...)), c.want) })
	}
}

func TestDevices(t *testing.T) {
	for name, n := range map[string]struct{ device, direction, way, packets, dropped string }{
		"receiver":    {"device", "direction", "direction", "system.network.packets", "system.network.dropped"},
		"conventions": {"system.device", "disk.io.direction", "network.io.direction", "system.network.packet.count", "system.network.packet.dropped"},
	} {
		t.Run(name, func(t *testing.T) {
			nic := "device"
			if name == "conventions" {
				nic = "network.interface.name"
			}
			disk := func(metric string, values ...string) string {
				var points []string
				for i, v := range values {
					points = append(points, point(v, n.device+"=sda "+n.direction+"="+[]string{"read", "write"}[i]))
				}
				return difference(metric, append(points, point(double("60000"), n.device+"=sda1 "+n.direction+"=read"), point(double("60000"), n.device+"=dm-0 "+n.direction+"=read"))...)
			}
			network := func(metric string, recv, sent string) string {
				return difference(metric, point(whole(recv), nic+"=eth0 "+n.way+"=receive"), point(whole(sent), nic+"=eth0 "+n.way+"=transmit"),
					point(whole("99999"), nic+"=lo "+n.way+"=receive"), point(whole("60"), nic+"=eth1 "+n.way+"=receive"))
			}
			check(t, row(t, doc("",
				disk("system.disk.io", whole("6000"), whole("12000")), disk("system.disk.operations", whole("60"), whole("120")),
				disk("system.disk.io_time", double("15")), disk("system.disk.operation_time", double("0.9"), double("0.9")),
				network("system.network.io", "6000", "600"), network(n.packets, "600", "60"),
				network("system.network.errors", "6", "12"), network(n.dropped, "18", "24"),
			)), map[string]any{
				"disk_read_bytes_per_s": 100, "disk_write_bytes_per_s": 200, "disk_read_ops_per_s": 1, "disk_write_ops_per_s": 2,
				"disk_busy_pct": 25, "disk_busy_device": "sda",
				"disks":                []any{map[string]any{"device": "sda", "read_bytes_per_s": 100, "write_bytes_per_s": 200, "read_ops_per_s": 1, "write_ops_per_s": 2, "busy_pct": 25, "await_ms": 10}},
				"net_bytes_recv_per_s": 101, "net_bytes_sent_per_s": 10, "net_packets_recv_per_s": 11, "net_packets_sent_per_s": 1,
				"net_err_in_per_s": 1.1, "net_err_out_per_s": 0.2, "net_drop_in_per_s": 1.3, "net_drop_out_per_s": 0.4,
			})
		})
	}
}

func TestFilesystems(t *testing.T) {
	of := func(value, state, mount, device, mode, kind string) string {
		return point(whole(value), "state="+state+" mountpoint="+mount+" device="+device+" mode="+mode+" type="+kind)
	}
	check(t, row(t, doc("", gauge("system.filesystem.usage",
		of("600", "used", "/", "/dev/sda1", "rw", "ext4"), of("200", "free", "/", "/dev/sda1", "rw", "ext4"), of("200", "reserved", "/", "/dev/sda1", "rw", "ext4"),
		of("600", "used", "/var/bind", "/dev/sda1", "rw", "ext4"), of("200", "free", "/var/bind", "/dev/sda1", "rw", "ext4"),
		of("900", "used", "/cd", "/dev/sr0", "ro", "iso9660"), of("1", "free", "/cd", "/dev/sr0", "ro", "iso9660"),
		of("900", "used", "/snap", "/dev/loop0", "rw", "squashfs"),
		of("0", "used", "/data", "/dev/sdb", "rw", "xfs"), of("1000", "free", "/data", "/dev/sdb", "rw", "xfs"),
	), gauge("system.filesystem.inodes.usage", of("10", "used", "/data", "/dev/sdb", "rw", "xfs"), of("30", "free", "/data", "/dev/sdb", "rw", "xfs")))), map[string]any{
		"disk_used_pct": 75, "disk_free_bytes": 200, "disk_used_mount": "/", "inodes_used_pct": 25,
		"filesystems": []any{
			map[string]any{"mount": "/", "device": "/dev/sda1", "fstype": "ext4", "used_pct": 75, "free_bytes": 200, "total_bytes": 1000},
			map[string]any{"mount": "/data", "device": "/dev/sdb", "fstype": "xfs", "used_pct": 0, "free_bytes": 1000, "total_bytes": 1000, "inodes_used_pct": 25},
		},
	})
}

// TestNames: the attributes of the resource are the machine's columns and tags.
func TestNames(t *testing.T) {
	others := `,{"key":"os.type","value":{"stringValue":"linux"}},{"key":"os.version","value":{"stringValue":"12.11"}},` +
		`{"key":"host.arch","value":{"stringValue":"arm32"}},{"key":"deployment.environment.name","value":{"stringValue":"prod"}},` +
		`{"key":"node_role","value":{"stringValue":"web"}},{"key":"host.id","value":{"stringValue":"0123456789abcdef0123456789abcdef"}},` +
		`{"key":"team","value":{"stringValue":"blue"}},{"key":"rack","value":{"intValue":"7"}},{"key":"list","value":{"arrayValue":{"values":[]}}}`
	load := gauge("system.cpu.load_average.1m", point(double("1.5"), ""))
	check(t, row(t, doc(others, load)), map[string]any{
		"os": "linux", "os_v": "12.11", "arch": "arm", "env": "prod", "node_role": "web",
		"machine_id": record.MachineID("0123456789abcdef0123456789abcdef"), "tags": map[string]any{"team": "blue", "rack": "7"}, "load1": 1.5,
	})
	check(t, row(t, doc(`,{"key":"host.id","value":{"stringValue":"i-0abc"}}`, load)), map[string]any{"machine_id": "i-0abc", "interval_s": 60})
}

// TestCollections: the scrapers of a collection have resources and times of their own. A collection ends when one of its series comes again.
// Each machine has collections of its own.
func TestCollections(t *testing.T) {
	name := func(host string) string { return `{"key":"host.name","value":{"stringValue":"` + host + `"}}` }
	load := func(when, v string) string {
		return gauge("system.cpu.load_average.1m", pointAt(before, when, double(v), ""))
	}
	uptime := func(when, v string) string { return gauge("system.uptime", pointAt(before, when, double(v), "")) }
	list := rows(t, `{"resourceMetrics":[`+strings.Join([]string{
		resource(name("a"), load("1770094830000000000", "1")), resource(name("a"), uptime("1770094833000000000", "10")),
		resource(name("b"), load("1770094830000000000", "5")),
		resource(name("a"), uptime("1770094843000000000", "20")), resource(name("a"), load("1770094840000000000", "2")),
	}, ",")+`]}`)
	if len(list) != 3 {
		t.Fatalf("%d samples, want two of a and one of b: %v", len(list), list)
	}
	check(t, list[0], map[string]any{"hostname": "a", "ts": 1770094830.0, "load1": 1, "uptime_s": 10})
	check(t, list[1], map[string]any{"hostname": "a", "ts": 1770094840.0, "load1": 2, "uptime_s": 20})
	check(t, list[2], map[string]any{"hostname": "b", "load1": 5, "uptime_s": nil})
	if list[0]["session_id"] != list[1]["session_id"] || list[0]["session_id"] == list[2]["session_id"] || list[0]["seq"] == list[1]["seq"] {
		t.Errorf("sessions and sequence numbers: %v", list)
	}
}

// TestCopies: a document that is sent twice gives equal samples.
func TestCopies(t *testing.T) {
	document := doc(`,{"key":"b","value":{"stringValue":"1"}},{"key":"a","value":{"stringValue":"2"}}`, gauge("system.uptime", point(double("5"), "")))
	if a, b := fmt.Sprint(row(t, document)), fmt.Sprint(row(t, document)); a != b {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestRefused(t *testing.T) {
	load := gauge("system.cpu.load_average.1m", point(double("1.5"), ""))
	for name, c := range map[string]struct{ document, want string }{
		"no host":                    {`{"resourceMetrics":[` + resource("", load) + `]}`, "no attribute host.name"},
		"counters only":              {doc("", total("system.network.io", point(whole("5"), "device=eth0 direction=receive"))), "add the processor cumulativetodelta"},
		"processes only":             {doc(`,{"key":"process.pid","value":{"intValue":"7"}}`, load), "; it has metrics of processes; "},
		"other metrics":              {doc("", gauge("jvm.memory.used", point(whole("5"), "")), gauge("http.requests", point(whole("5"), ""))), "; it has http.requests, jvm.memory.used; send"},
		"nothing":                    {`{"resourceMetrics":[]}`, "; it has no points; "},
		"not a number":               {doc("", gauge("system.uptime", point(double(`"NaN"`), ""))), "; it has no points; "},
		"no recorded value":          {doc("", gauge("system.uptime", `{"timeUnixNano":"`+at+`","flags":1}`)), "; it has no points; "},
		"wrong type":                 {`{"resourceMetrics":7}`, "read as OTLP/JSON metrics"},
		"not a whole number":         {doc("", gauge("system.uptime", point(`"asInt":"1.5"`, ""))), `"1.5" is not a whole number`},
		"difference without a start": {doc("", difference("system.disk.io", pointAt("0", at, whole("5"), "device=sda direction=read"))), "does not say which time it covers"},
	} {
		t.Run(name, func(t *testing.T) {
			samples, _, err := otlp.Samples([]byte(c.document))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, %v, want an error with %q", samples, err, c.want)
			}
		})
	}
}

// TestAbsent: what one point cannot tell is absent, with a reason. The rest of the sample is there.
func TestAbsent(t *testing.T) {
	const memory = "enable system.linux.memory.available and system.memory.limit"
	usage := gauge("system.memory.usage", point(whole("5"), "state=used"), point(whole("5"), "state=buffered"))
	for metric, want := range map[string]string{
		total("system.network.io", point(whole("5"), "device=eth0 direction=receive")):         "system.network.io is a total since the start",
		difference("system.disk.io", pointAt(at, at, whole("5"), "device=sda direction=read")): "system.disk.io is a difference, but its point",
		usage: memory,
		usage + "," + gauge("system.memory.limit", point(whole("9"), "")):           memory,
		usage + "," + gauge("system.linux.memory.available", point(whole("9"), "")): memory,
		gauge("system.memory.limit", point(whole("9"), "")):                         memory,
		gauge("system.linux.memory.available", point(whole("9"), "")):               memory,
	} {
		samples, absent, err := otlp.Samples([]byte(doc("", metric, gauge("system.uptime", point(double("5"), "")))))
		if err != nil || len(samples) != 1 || len(absent) != 1 || !strings.Contains(absent[0].Error(), want) {
			t.Errorf("%v, %v, %v, want one sample of %s and the reason %q", samples, absent, err, metric, want)
		}
	}
	// A counter of which no column is made needs no reason.
	if _, absent, err := otlp.Samples([]byte(doc("", total("system.paging.faults", point(whole("5"), "")), gauge("system.uptime", `{"timeUnixNano":`+at+`,"asInt":5}`)))); err != nil || len(absent) > 0 {
		t.Errorf("%v, %v", absent, err)
	}
	// Points of one metric have one reason, whatever their times are.
	points := difference("system.disk.io", pointAt(at, at, whole("5"), "device=sda direction=read"), pointAt("0", before, whole("5"), "device=sdb direction=read"))
	if _, absent, err := otlp.Samples([]byte(doc("", points, gauge("system.uptime", point(double("5"), ""))))); err != nil || len(absent) != 1 {
		t.Errorf("%v, %v, want one reason", absent, err)
	}
}

func FuzzSamples(f *testing.F) {
	f.Add(doc("", gauge("system.uptime", point(double("5"), ""))))
	f.Add(doc("", difference("system.disk.io", point(whole("5"), "device=sda direction=read"))))
	f.Fuzz(func(t *testing.T, document string) {
		samples, _, err := otlp.Samples([]byte(document))
		if err == nil && len(samples) == 0 {
			t.Fatal("neither a sample nor an error")
		}
		for _, s := range samples {
			if _, err := record.ParseSample(s.AppendJSON(nil)); err != nil {
				t.Fatalf("%v, of %s", err, document)
			}
		}
	})
}
