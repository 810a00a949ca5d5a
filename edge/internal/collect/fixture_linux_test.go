// Linux only: the fake machine is a copy of /proc and /sys, which only the collector for Linux reads.

package collect

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// machine is a fake machine: a copy of testdata/machine that a test may change between readings.
type machine struct {
	t   *testing.T
	dir string
	set *Set
	at  Moment
	log bytes.Buffer
	// usage and refuse are the answers or errors of the filesystems, by mount point. asked is how often each was asked.
	usage  map[string]psdisk.UsageStat
	refuse map[string]error
	asked  map[string]int
}

func (m *machine) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&m.log, nil)) }

// filled is the usage of a filesystem with a thousand bytes and a hundred inodes.
func filled(bytes, inodes uint64) psdisk.UsageStat {
	return psdisk.UsageStat{Total: 1000, Used: bytes, Free: 1000 - bytes, InodesTotal: 100, InodesFree: 100 - inodes}
}

const interval = 3 * time.Second

func newMachine(t *testing.T, o Options) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir(), at: Moment{Wall: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}}
	m.asked = map[string]int{}
	m.usage = map[string]psdisk.UsageStat{
		"/": filled(600, 30), "/data disk": filled(900, 5), "/boot/efi": {Total: 1000, Used: 60, Free: 940},
	}
	if err := os.CopyFS(m.dir, os.DirFS(filepath.Join("testdata", "machine"))); err != nil {
		t.Fatal(err)
	}
	o.Interval = interval
	o.Roots = Roots{Proc: m.path("proc"), Sys: m.path("sys"), Etc: m.path("etc"), Root: "/"}
	o.Log = m.logger()
	m.set = NewSet(o)
	m.part(func(c Collector) bool { _, is := c.(*filesystem); return is }).(*filesystem).asking.usage = func(_ context.Context, path string) (*psdisk.UsageStat, error) {
		m.asked[path]++
		u, ok := m.usage[path]
		if err := m.refuse[path]; err != nil {
			return nil, err
		}
		if !ok {
			return nil, errors.New("input/output error")
		}
		return &u, nil
	}
	return m
}

// part returns the collector that is wanted.
func (m *machine) part(wanted func(Collector) bool) Collector {
	m.t.Helper()
	for _, member := range m.set.members {
		if wanted(member.Collector) {
			return member.Collector
		}
	}
	m.t.Fatal("no such collector")
	return nil
}

func (m *machine) path(parts ...string) string {
	return filepath.Join(append([]string{m.dir}, parts...)...)
}

// edit replaces text in a file of the machine.
func (m *machine) edit(file string, pairs ...string) {
	m.t.Helper()
	data, err := os.ReadFile(m.path(file))
	if err != nil {
		m.t.Fatal(err)
	}
	text := string(data)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			m.t.Fatalf("%s has no %q", file, pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	if err := os.WriteFile(m.path(file), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) collect(after time.Duration) record.Sample {
	m.t.Helper()
	m.at.Wall, m.at.Mono = m.at.Wall.Add(after), m.at.Mono+after
	var s record.Sample
	m.set.Collect(m.t.Context(), m.at, &s)
	return s
}

// work moves the counters of each subject.
func (m *machine) work() {
	m.edit("proc/stat", "cpu  10000 1000 5000 100000 2000 500 600 700", "cpu  10060 1030 5030 100180 2030 515 615 740",
		"cpu0 5000 500 2500 50000 1000 250", "cpu0 5050 520 2520 50080 1010 260", "cpu1 5000 500 2500 50000 1000 250 300 350", "cpu1 5010 510 2510 50100 1020 255 315 390")
	m.edit("proc/net/dev",
		"eth0: 1000000    1000   10   20    0     0          0         0   500000     500    1    2",
		"eth0: 1003000    1030   13   26    0     0          0         0   506000     560    4    8",
		"eth1: 2000000    2000", "eth1: 2000300    2003",
		"lo: 9000000", "lo: 9900000", "vf0:  900000", "vf0:  990000", "lan1:  800000", "lan1:  880000",
		"bond0: 3000000", "bond0: 3300000", "veth9a: 7000000", "veth9a: 7700000")
	m.edit("proc/diskstats",
		"sda 1000 10 20000 500 2000 20 40000 900 0 3000", "sda 1030 10 20300 500 2060 20 40600 900 0 3600",
		"nvme0n1 500 0 8000 100 600 0 9000 100 0 400", "nvme0n1 503 0 8030 100 603 0 9030 100 0 1900",
		"dm-0 1500", "dm-0 1599", "sda1 900", "sda1 999", "nvme0c0n1 500", "nvme0c0n1 599")
}

func TestFirstReading(t *testing.T) {
	m := newMachine(t, Options{})
	s := m.collect(0)
	for name, f := range rates(&s) {
		absent(t, name, *f)
	}
	check(t, "load1", s.Load1, .5)
	check(t, "load15", s.Load15, 2.75)
	check(t, "ram_pct", s.RAMPct, 25)
	check(t, "swap_pct", s.SwapPct, 25)
	check(t, "cpu_pressure_pct", s.CPUPressurePct, 1.5)
	check(t, "mem_pressure_pct", s.MemPressurePct, .25)
	check(t, "io_pressure_pct", s.IOPressurePct, 12)
	check(t, "disk_used_pct", s.DiskUsedPct, 90)
	check(t, "inodes_used_pct", s.InodesUsedPct, 30)
	if s.DiskUsedMount != "/data disk" || s.UptimeS.Or(0) != 1234 || s.DiskBusyDevice != "" {
		t.Errorf("mount, uptime or device is wrong: %s", s.AppendJSON(nil))
	}
	if s.DiskFreeBytes.Or(0) != 100 || s.RAMUsedBytes.Or(0) != 2000000<<10 || s.SwapUsedBytes.Or(0) != 500000<<10 ||
		s.RAMTotalBytes.Or(0) != 8000000<<10 || s.RAMAvailableBytes.Or(0) != 6000000<<10 {
		t.Errorf("sizes are wrong: %s", s.AppendJSON(nil))
	}
	if s.OS != "linux" || s.OSVersion != "debian 12.5" || s.Hostname == "" || s.Arch == "" ||
		s.CPUCount.Or(0) != 2 || s.Procs.Or(0) != 3 || s.UptimeS.Or(0) <= 0 {
		t.Errorf("identity is wrong: %s", s.AppendJSON(nil))
	}
	if m.log.Len() != 0 || m.set.Failures() != 0 {
		t.Errorf("a healthy machine is complained about:\n%s", m.log.String())
	}
}

// rates are the fields that need two readings.
func rates(s *record.Sample) map[string]*record.Float {
	return map[string]*record.Float{
		"cpu_pct": &s.CPUPct, "cpu_user_pct": &s.CPUUserPct, "cpu_system_pct": &s.CPUSystemPct,
		"cpu_iowait_pct": &s.CPUIOWaitPct, "cpu_steal_pct": &s.CPUStealPct,
		"net_bytes_sent_per_s": &s.NetBytesSentPerS, "net_bytes_recv_per_s": &s.NetBytesRecvPerS,
		"net_packets_sent_per_s": &s.NetPacketsSentPerS, "net_packets_recv_per_s": &s.NetPacketsRecvPerS,
		"net_err_in_per_s": &s.NetErrInPerS, "net_err_out_per_s": &s.NetErrOutPerS,
		"net_drop_in_per_s": &s.NetDropInPerS, "net_drop_out_per_s": &s.NetDropOutPerS,
		"disk_read_bytes_per_s": &s.DiskReadBytesPerS, "disk_write_bytes_per_s": &s.DiskWriteBytesPerS,
		"disk_read_ops_per_s": &s.DiskReadOpsPerS, "disk_write_ops_per_s": &s.DiskWriteOpsPerS,
		"disk_busy_pct": &s.DiskBusyPct, "cpu_core_max_pct": &s.CPUCoreMaxPct,
	}
}

func TestRates(t *testing.T) {
	m := newMachine(t, Options{})
	m.collect(0)
	m.work()
	s := m.collect(interval)
	// 60+30 user, 30+15+15 system, 40 steal, 30 iowait, 180 idle: 400 ticks
	for name, want := range map[string]float64{
		"cpu_pct": 47.5, "cpu_user_pct": 22.5, "cpu_system_pct": 15, "cpu_iowait_pct": 7.5, "cpu_steal_pct": 10,
		"net_bytes_recv_per_s": 1100, "net_packets_recv_per_s": 11, "net_err_in_per_s": 1, "net_drop_in_per_s": 2,
		"net_bytes_sent_per_s": 2000, "net_packets_sent_per_s": 20, "net_err_out_per_s": 1, "net_drop_out_per_s": 2,
		"disk_read_ops_per_s": 11, "disk_read_bytes_per_s": 110 * 512, "disk_write_ops_per_s": 21,
		"disk_write_bytes_per_s": 210 * 512, "disk_busy_pct": 50,
		"cpu_core_max_pct": 100. / 190 * 100, // 100 of 190 ticks, and 90 of 210
	} {
		check(t, name, *rates(&s)[name], want)
	}
	if s.DiskBusyDevice != "nvme0n1" {
		t.Errorf("the busiest device is %q, want nvme0n1", s.DiskBusyDevice)
	}
}

func TestDiscontinuity(t *testing.T) {
	for name, after := range map[string]func(m *machine) record.Sample{
		"a gap":     func(m *machine) record.Sample { return m.collect(8 * time.Second) },
		"suspended": func(m *machine) record.Sample { m.at.Wall = m.at.Wall.Add(time.Hour); return m.collect(interval) },
		"set back":  func(m *machine) record.Sample { m.at.Wall = m.at.Wall.Add(-time.Hour); return m.collect(interval) },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			m.collect(0)
			m.work()
			s := after(m)
			for name, f := range rates(&s) {
				absent(t, name, *f)
			}
			s = m.collect(interval)
			check(t, "net_bytes_recv_per_s of the next", s.NetBytesRecvPerS, 0)
			check(t, "disk_busy_pct of the next", s.DiskBusyPct, 0)
		})
	}
}

func TestCountersStartOver(t *testing.T) {
	m := newMachine(t, Options{})
	m.collect(0)
	m.edit("proc/stat", "cpu  10000 1000 5000 100000", "cpu  10 1 5 10")
	m.edit("proc/net/dev", "eth0: 1000000    1000   10   20    0     0          0         0   500000     500    1    2",
		"eth0: 1 0 0 0 0 0 0 0 0 0 0 0")
	m.edit("proc/diskstats", "sda 1000 10 20000 500 2000 20 40000 900 0 3000", "sda 1 0 0 0 0 0 0 0 0 0")
	s := m.collect(interval)
	for name, f := range rates(&s) {
		absent(t, name, *f)
	}
	m.edit("proc/net/dev", "eth0: 1 ", "eth0: 301 ")
	m.edit("proc/diskstats", "sda 1 ", "sda 31 ")
	m.edit("proc/stat", "cpu  10 1 5 10 ", "cpu  20 1 5 20 ")
	s = m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 100)
	check(t, "disk_read_ops_per_s", s.DiskReadOpsPerS, 10)
	check(t, "cpu_pct", s.CPUPct, 50)
}

// TestWrap: 32-bit counters, which some drivers and 32-bit kernels have, start over every 4 GiB.
func TestWrap(t *testing.T) {
	m := newMachine(t, Options{})
	m.edit("proc/net/dev", "eth0: 1000000", "eth0: 4294967000")
	m.edit("proc/diskstats", "sda 1000 10 20000", "sda 1000 10 4294967000")
	m.collect(0)
	m.edit("proc/net/dev", "eth0: 4294967000", "eth0: 704")
	m.edit("proc/diskstats", "sda 1000 10 4294967000", "sda 1000 10 704")
	s := m.collect(interval)
	absent(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS)
	absent(t, "disk_read_bytes_per_s", s.DiskReadBytesPerS)
	if m.set.Failures() != 0 {
		t.Errorf("a wrapped counter is logged as a failure:\n%s", m.log.String())
	}
	m.edit("proc/net/dev", "eth0: 704", "eth0: 3704")
	m.edit("proc/diskstats", "sda 1000 10 704", "sda 1000 10 1004")
	s = m.collect(interval)
	check(t, "net_bytes_recv_per_s of the next", s.NetBytesRecvPerS, 1000)
	check(t, "disk_read_bytes_per_s of the next", s.DiskReadBytesPerS, 100*512)
}

func TestManyCores(t *testing.T) {
	m := newMachine(t, Options{})
	manyCores(m)
	m.collect(0)
	m.edit("proc/stat", "cpu  10000 1000 5000 100000 ", "cpu  40000 1000 5000 130000 ", "cpu255 39 4 19 390 ", "cpu255 189 4 19 540 ")
	s := m.collect(interval)
	check(t, "cpu_pct", s.CPUPct, 50)
	check(t, "cpu_user_pct", s.CPUUserPct, 50)
	check(t, "cpu_core_max_pct", s.CPUCoreMaxPct, 50)
	if got := s.CPUCount.Or(0); got != 256 {
		t.Errorf("cpu_count is %d", got)
	}
}

func TestHotPlug(t *testing.T) {
	m := newMachine(t, Options{})
	m.collect(0)
	m.work()
	for _, dir := range []string{"sys/class/net/usb0/device", "sys/block/sdb/device"} {
		if err := os.MkdirAll(m.path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m.edit("proc/net/dev", "  eth1: 2000300", "  usb0: 999999999 9 9 9 0 0 0 0 999999999 9 9 9 0 0 0 0\n  eth1: 2000300")
	m.edit("proc/diskstats", "   7       0 loop0", "   8      16 sdb 99999 0 99999999 0 99999 0 99999999 0 0 99999 0 0 0 0 0\n   7       0 loop0")
	s := m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 1100)
	check(t, "disk_write_ops_per_s", s.DiskWriteOpsPerS, 21)
	check(t, "disk_busy_pct", s.DiskBusyPct, 50)
	m.edit("proc/net/dev", "usb0: 999999999", "usb0: 1000002999")
	m.edit("proc/diskstats", "sdb 99999", "sdb 100029")
	s = m.collect(interval)
	check(t, "net_bytes_recv_per_s with the new one", s.NetBytesRecvPerS, 1000)
	check(t, "disk_read_ops_per_s with the new one", s.DiskReadOpsPerS, 10)
	m.edit("proc/net/dev", "  usb0: 1000002999 9 9 9 0 0 0 0 999999999 9 9 9 0 0 0 0\n", "")
	s = m.collect(interval)
	check(t, "net_bytes_recv_per_s without it", s.NetBytesRecvPerS, 0)
}

func TestContainer(t *testing.T) {
	m := newMachine(t, Options{})
	for _, dir := range []string{"sys", "proc/pressure"} {
		if err := os.RemoveAll(m.path(dir)); err != nil {
			t.Fatal(err)
		}
	}
	m.edit("proc/1/mountinfo", "ext4 /dev/sda1", "overlay overlay", "ext4 /dev/sda1", "overlay overlay",
		"vfat /dev/sda2", "tmpfs tmpfs", "ext4 /dev/nvme0n1p1", "tmpfs tmpfs")
	m.collect(0)
	m.edit("proc/net/dev", "eth0: 1000000", "eth0: 1000300", "veth9a: 7000000", "veth9a: 7000300", "lo: 9000000", "lo: 9900000")
	m.edit("proc/diskstats", "sda 1000", "sda 1003", "sda1 900", "sda1 903", "dm-0 1500", "dm-0 1503")
	s := m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 100)
	check(t, "disk_read_ops_per_s", s.DiskReadOpsPerS, 1)
	check(t, "disk_used_pct", s.DiskUsedPct, 60)
	absent(t, "cpu_pressure_pct", s.CPUPressurePct)
	if m.log.Len() != 0 {
		t.Errorf("a kernel without pressure information is complained about:\n%s", m.log.String())
	}
}

// TestLimitedContainer: limits of a control group do not change the sample, because /proc shows the whole machine. With lxcfs, /proc
// shows the container's share, and so does the sample.
func TestLimitedContainer(t *testing.T) {
	limited := func(m *machine) record.Sample {
		m.collect(0)
		m.work()
		return m.collect(interval)
	}
	free, m := newMachine(t, Options{}), newMachine(t, Options{})
	for file, text := range map[string]string{
		"sys/fs/cgroup/cpu.max": "50000 100000\n", "sys/fs/cgroup/memory.max": "268435456\n",
		"sys/fs/cgroup/memory.current": "200000000\n", "sys/fs/cgroup/cpuset.cpus.effective": "0\n",
		"proc/self/cgroup": "0::/\n", "proc/1/cgroup": "0::/docker/abc\n",
	} {
		if err := os.MkdirAll(filepath.Dir(m.path(file)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(m.path(file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, want := limited(m), limited(free)
	got.UptimeS, want.UptimeS = record.Long{}, record.Long{} // of the machine that the test runs on
	if a, b := string(got.AppendJSON(nil)), string(want.AppendJSON(nil)); a != b {
		t.Errorf("limited\n%s, and free\n%s", a, b)
	}
}

func TestProcessesAreCountedNowAndThen(t *testing.T) {
	m := newMachine(t, Options{})
	m.collect(0)
	if err := os.Mkdir(m.path("proc", "78"), 0o700); err != nil {
		t.Fatal(err)
	}
	if s := m.collect(interval); s.Procs.Or(0) != 3 {
		t.Errorf("after an interval procs is %d, want the count of before, 3", s.Procs.Or(0))
	}
	if s := m.collect(countAfter); s.Procs.Or(0) != 4 {
		t.Errorf("later procs is %d, want 4", s.Procs.Or(0))
	}
}

func TestFilters(t *testing.T) {
	m := newMachine(t, Options{
		Interfaces: Filter{Include: regexp.MustCompile(`^(?:lo|eth.*)$`), Exclude: regexp.MustCompile(`^(?:eth1)$`)},
		Disks:      Filter{Exclude: regexp.MustCompile(`^(?:nvme.*)$`)},
	})
	m.collect(0)
	m.work()
	s := m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 301000)
	check(t, "disk_busy_pct", s.DiskBusyPct, 20)
}

// TestOneCollectorFails removes one file after the other and expects the rest of the sample and one line in the log.
func TestOneCollectorFails(t *testing.T) {
	for name, c := range map[string]struct {
		file, content string // an empty content removes the file
		absent        func(s *record.Sample) record.Float
	}{
		"cpu":            {"proc/stat", "", func(s *record.Sample) record.Float { return s.CPUPct }},
		"memory":         {"proc/meminfo", "", func(s *record.Sample) record.Float { return s.RAMPct }},
		"network":        {"proc/net/dev", "", func(s *record.Sample) record.Float { return s.NetBytesRecvPerS }},
		"cut short":      {"proc/net/dev", "Inter-\n", func(s *record.Sample) record.Float { return s.NetBytesRecvPerS }},
		"disk":           {"proc/diskstats", "", func(s *record.Sample) record.Float { return s.DiskBusyPct }},
		"filesystem":     {"proc/filesystems", "", func(s *record.Sample) record.Float { return s.DiskUsedPct }},
		"disk cut short": {"proc/diskstats", "   8       0 sda 1000 10 20000", func(s *record.Sample) record.Float { return s.DiskBusyPct }},
		"pressure":       {"proc/pressure/cpu", "rubbish", func(s *record.Sample) record.Float { return s.CPUPressurePct }},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			whole, err := os.ReadFile(m.path(c.file))
			if err != nil {
				t.Fatal(err)
			}
			if c.content == "" {
				err = os.Remove(m.path(c.file))
			} else {
				err = os.WriteFile(m.path(c.file), []byte(c.content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			m.collect(0)
			m.collect(interval)
			s := m.collect(interval)
			absent(t, name, c.absent(&s))
			check(t, "load1", s.Load1, .5)
			if _, ok := s.UptimeS.Get(); !ok {
				t.Error("uptime_s is absent too")
			}
			if n := strings.Count(m.log.String(), "collector is failing"); n != 1 || m.set.Failures() != 3 {
				t.Errorf("%d failures, said %d times:\n%s", m.set.Failures(), n, m.log.String())
			}
			if err := os.WriteFile(m.path(c.file), whole, 0o600); err != nil {
				t.Fatal(err)
			}
			m.collect(interval)
			if !strings.Contains(m.log.String(), `msg="collector works again"`) {
				t.Errorf("recovery is not logged:\n%s", m.log.String())
			}
		})
	}
}
