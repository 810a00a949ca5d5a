// Linux only: the fake machine is a copy of /proc and /sys, which only the collector for Linux reads.

package collect

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Tests of unusual machines: each is the fake machine with a change between two readings.

// write writes a file of the machine.
func (m *machine) write(file, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(m.path(file)), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(m.path(file), []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// mounted adds a line to the mounts.
func (m *machine) mounted(line string) {
	m.t.Helper()
	text, err := os.ReadFile(m.path("proc/1/mountinfo"))
	if err != nil {
		m.t.Fatal(err)
	}
	m.write("proc/1/mountinfo", strings.TrimRight(string(text), "\n")+"\n"+line+"\n")
}

// troubles returns what the machine's collectors report as failing now.
func (m *machine) troubles() (texts []string) {
	now, _ := retry.Problems(m.set.Health()...)
	for _, p := range now {
		texts = append(texts, p.Subject+": "+p.Error)
	}
	return texts
}

func (m *machine) wantTroubles(want ...string) {
	m.t.Helper()
	got := m.troubles()
	if !slices.EqualFunc(got, want, strings.HasPrefix) {
		m.t.Errorf("troubles are %q, want %q", got, want)
	}
}

// wantRates checks all rates: those in want must have its values, the others must be present.
func wantRates(t *testing.T, s *record.Sample, want map[string]float64, missing ...string) {
	t.Helper()
	for name, f := range rates(s) {
		if slices.ContainsFunc(missing, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			absent(t, name, *f)
		} else if w, ok := want[name]; ok {
			check(t, name, *f, w)
		} else if _, ok := f.Get(); !ok {
			t.Errorf("%s is absent", name)
		}
	}
}

func TestCPUCountersOfOddMachines(t *testing.T) {
	busy := func(m *machine) { m.work() }
	for name, c := range map[string]struct {
		change  func(m *machine)
		want    map[string]float64
		missing []string
	}{
		"a core goes offline": {
			func(m *machine) {
				busy(m)
				m.edit("proc/stat", "cpu  10060 1030 5030 100180", "cpu  10060 1030 5030 50180", "cpu1 5010 510 2510 50100 1020 255 315 390 1500 150\n", "")
			},
			nil,
			[]string{"cpu_"},
		},
		"idle falls": {
			func(m *machine) { busy(m); m.edit("proc/stat", "5030 100180", "5030 60000") },
			nil,
			[]string{"cpu_pct", "cpu_user_pct", "cpu_system_pct", "cpu_iowait_pct", "cpu_steal_pct", "cpu_core_max_pct"},
		},
		"idle of one core falls": { // the other one is the busiest
			func(m *machine) { busy(m); m.edit("proc/stat", "cpu0 5050 520 2520 50080", "cpu0 5050 520 2520 40080") },
			map[string]float64{"cpu_pct": 47.5, "cpu_core_max_pct": 100 * 90. / 210},
			nil,
		},
		"steal falls": { // 180 of 360 ticks are left
			func(m *machine) {
				busy(m)
				m.edit("proc/stat", "515 615 740", "515 615 600", "cpu1 5010 510 2510 50100 1020 255 315 390", "cpu1 5010 510 2510 50100 1020 255 315 300")
			},
			map[string]float64{
				"cpu_pct": 100 * 150. / 360, "cpu_user_pct": 25, "cpu_system_pct": 100 * 60. / 360, "cpu_iowait_pct": 100 * 30. / 360,
				"cpu_steal_pct": 0, "cpu_core_max_pct": 100. / 190 * 100,
			},
			nil,
		},
		"steal leaps": {
			func(m *machine) { busy(m); m.edit("proc/stat", "515 615 740", "515 615 1844674407370955") },
			nil,
			[]string{"cpu_"},
		},
		"steal of one core leaps": {
			func(m *machine) { busy(m); m.edit("proc/stat", "255 315 390", "255 315 90000000") },
			map[string]float64{"cpu_pct": 47.5, "cpu_core_max_pct": 100. / 190 * 100},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			m.collect(0)
			c.change(m)
			s := m.collect(interval)
			wantRates(t, &s, c.want, c.missing...)
			m.wantTroubles()
			if t.Failed() {
				t.Logf("%s", s.AppendJSON(nil))
			}
		})
	}
}

// TestStealThatFallsAtEachReading: each sample has a value.
func TestStealThatFallsAtEachReading(t *testing.T) {
	m := newMachine(t, Options{})
	m.write("proc/stat", "cpu  0 0 0 0 0 0 0 5000\ncpu0 0 0 0 0 0 0 0 5000\nintr 1\n")
	m.collect(0)
	for _, text := range []string{"150 0 0 150 0 0 0 4000", "300 0 0 300 0 0 0 3000", "450 0 0 450 0 0 0 2000"} {
		m.write("proc/stat", "cpu  "+text+"\ncpu0 "+text+"\nintr 1\n")
		s := m.collect(interval)
		check(t, "cpu_pct", s.CPUPct, 50)
		check(t, "cpu_steal_pct", s.CPUStealPct, 0)
		check(t, "cpu_core_max_pct", s.CPUCoreMaxPct, 50)
	}
}

func TestOneCounterFlickers(t *testing.T) {
	m := newMachine(t, Options{})
	m.edit("proc/net/dev", "eth0: 1000000    1000   10   20", "eth0: 1000000    1000   10   50")
	m.collect(0)
	m.edit("proc/net/dev", "eth0: 1000000    1000   10   50", "eth0: 1003000    1030   13   49")
	m.edit("proc/diskstats", "sda 1000 10 20000 500 2000 20 40000 900 0 3000", "sda 1030 10 20300 500 2060 20 40600 900 0 2999")
	m.edit("proc/stat", "cpu  10000 1000 5000 100000", "cpu  10300 1000 5000 100300", "cpu0 5000 500 2500 50000", "cpu0 5300 500 2500 50000")
	s := m.collect(interval)
	wantRates(t, &s, map[string]float64{
		"net_bytes_recv_per_s": 1000, "net_packets_recv_per_s": 10, "net_err_in_per_s": 1, "disk_read_ops_per_s": 10, "disk_write_ops_per_s": 20,
		"disk_read_bytes_per_s": 100 * 512, "disk_write_bytes_per_s": 200 * 512, "cpu_core_max_pct": 100,
	}, "net_drop_in_per_s", "disk_busy_pct")
	if s.DiskBusyDevice != "" {
		t.Errorf("the busiest device is %q", s.DiskBusyDevice)
	}
	m.wantTroubles()
}

func TestMultipathThatIsNotAccounted(t *testing.T) {
	m := newMachine(t, Options{Disks: Filter{Exclude: matching("sda")}})
	m.edit("proc/diskstats", "nvme0n1 500 0 8000 100 600 0 9000 100 0 400 200", "nvme0n1 0 0 0 0 0 0 0 0 0 0 0")
	m.collect(0)
	m.edit("proc/diskstats", "nvme0c0n1 500 0 8000 100 600 0 9000 100 0 400 200", "nvme0c0n1 2500 0 24000 900 2600 0 25000 900 0 1200 200")
	s := m.collect(2 * time.Second)
	check(t, "disk_read_ops_per_s", s.DiskReadOpsPerS, 1000)
	check(t, "disk_write_ops_per_s", s.DiskWriteOpsPerS, 1000)
	check(t, "disk_read_bytes_per_s", s.DiskReadBytesPerS, 8000*512)
	check(t, "disk_busy_pct", s.DiskBusyPct, 40)
	if s.DiskBusyDevice != "nvme0n1" {
		t.Errorf("the busiest device is %q, want the namespace", s.DiskBusyDevice)
	}
}

func TestInterfacesOfASwitchInTheCard(t *testing.T) {
	m := newMachine(t, Options{})
	const line = " 0    0   0    0     0          0         0  0 0    0    0    0     0       0          0\n"
	for name, port := range map[string]string{"eth0": "p0", "rep0": "pf0vf0", "rep1": "pf0", "rep2": "pf0sf88", "rep3": "c1pf0vf2", "eth9": "p1s2"} {
		m.write("sys/class/net/"+name+"/device/uevent", "")
		m.write("sys/class/net/"+name+"/phys_port_name", port+"\n")
		if name != "eth0" {
			m.edit("proc/net/dev", "  eth1:", "  "+name+": 1000"+line+"  eth1:")
		}
	}
	m.collect(0)
	m.edit("proc/net/dev", "eth0: 1000000", "eth0: 1003000", "rep0: 1000", "rep0: 4000", "rep1: 1000", "rep1: 4000", "rep2: 1000", "rep2: 4000",
		"rep3: 1000", "rep3: 4000", "eth9: 1000", "eth9: 1300")
	s := m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 1100)
}

func TestDrivesOfMedia(t *testing.T) {
	m := newMachine(t, Options{})
	for _, name := range []string{"sr0", "fd0"} {
		m.write("sys/block/"+name+"/device/model", "x")
		m.edit("proc/diskstats", "   7       0 loop0", "  11       0 "+name+" 5 0 10 10 0 0 0 0 0 10 10 0 0 0 0\n   7       0 loop0")
	}
	m.collect(0)
	m.edit("proc/diskstats", "sr0 5 0 10 10 0 0 0 0 0 10", "sr0 305 0 30010 10 0 0 0 0 0 3010", "fd0 5 0 10 10 0 0 0 0 0 10", "fd0 305 0 30010 10 0 0 0 0 0 3010",
		"sda 1000 10 20000 500 2000 20 40000 900 0 3000", "sda 1000 10 20000 500 2000 20 40000 900 0 3300")
	s := m.collect(interval)
	check(t, "disk_busy_pct", s.DiskBusyPct, 10)
	check(t, "disk_read_ops_per_s", s.DiskReadOpsPerS, 0)
	if s.DiskBusyDevice != "sda" {
		t.Errorf("the busiest disk is %q", s.DiskBusyDevice)
	}
}

func TestMemoryOfOddMachines(t *testing.T) {
	const usual = "MemTotal:        8000000 kB\nMemFree:         1000000 kB\nMemAvailable:    6000000 kB\n"
	arc := "6 1 0x01 147 39984 3 4\nname                            type data\nhits                            4    12917314\n" +
		"c                               4    16000000000\nc_min                           4    1040187392\nc_max                           4    16642998272\n" +
		"size                            4    15032385536\nhdr_size                        4    99\n"
	for name, c := range map[string]struct {
		meminfo   string // instead of the usual lines
		arcstats  string
		pct, used float64 // -1 if absent; used in bytes
	}{
		"ZFS": {
			"MemTotal:       32505856 kB\nMemFree:         4928307 kB\nMemAvailable:    9017753 kB\n", arc,
			100 * (1 - (9017753*1024.+15032385536-1040187392)/(32505856*1024.)), 32505856*1024. - 9017753*1024 - 15032385536 + 1040187392,
		},
		"ZFS that has shrunk": {usual, strings.Replace(arc, "15032385536", "1040187391", 1), 25, 2000000 * 1024},
		"ZFS, broken":         {usual, "size\nc_min\n", 25, 2000000 * 1024},
		"shared memory": {
			"MemTotal: 8000000 kB\nMemFree: 500000 kB\nMemAvailable: 1800000 kB\nBuffers: 100000 kB\nCached: 5700000 kB\nSReclaimable: 200000 kB\nShmem: 4200000 kB\n", "",
			77.5, 6348800000,
		},
		"LXC: more available than there is": {"MemTotal: 1000000 kB\nMemFree: 400000 kB\nMemAvailable: 6000000 kB\n", "", 60, 600000 * 1024},
		"LXC: more free, too":               {"MemTotal: 1000000 kB\nMemFree: 2000000 kB\nMemAvailable: 6000000 kB\n", "", -1, -1},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			m.edit("proc/meminfo", usual, c.meminfo)
			if c.arcstats != "" {
				m.write("proc/spl/kstat/zfs/arcstats", c.arcstats)
			}
			s := m.collect(0)
			if c.pct < 0 {
				absent(t, "ram_pct", s.RAMPct)
				absent(t, "ram_used_bytes", s.RAMUsedBytes)
				return
			}
			check(t, "ram_pct", s.RAMPct, c.pct)
			if got := s.RAMUsedBytes.Or(-1); got != int64(c.used) || got+s.RAMAvailableBytes.Or(-1) != s.RAMTotalBytes.Or(0) {
				t.Errorf("used is %d, available %d of %d; want %.0f used", got, s.RAMAvailableBytes.Or(-1), s.RAMTotalBytes.Or(0), c.used)
			}
			m.wantTroubles()
		})
	}
}

// TestCacheOfZFSIsTheHosts: if lxcfs makes meminfo, the host's cache is not part of the container's memory.
func TestCacheOfZFSIsTheHosts(t *testing.T) {
	for path, want := range map[string]bool{"/proc": true, "/proc/self": false, "/proc/none": false} {
		if got := mountedOver(path, filepath.Dir(path)); got != want {
			t.Errorf("%s is mounted over its directory: %v", path, got)
		}
	}
	container := mountedOver("/proc/meminfo", "/proc")
	if r := newReadings(Roots{Proc: "/proc"}.withDefaults()); (r.arcstats == nil) != container {
		t.Errorf("the cache of ZFS is looked for: %v, in a container: %v", r.arcstats != nil, container)
	}
}

func TestUptimeOfAContainer(t *testing.T) {
	m := newMachine(t, Options{})
	m.write("proc/uptime", "100.25 90.00\n")
	if s := m.collect(0); s.UptimeS.Or(0) != 100 {
		t.Errorf("uptime_s is %d, want 100", s.UptimeS.Or(0))
	}
	m = newMachine(t, Options{})
	m.write("proc/uptime", "soon\n")
	s := m.collect(0)
	absent(t, "uptime_s", s.UptimeS)
	m.wantTroubles(`collector: uptime: ` + m.path("proc/uptime") + `: "soon\n" is not a time`)
}

// TestHostFromAContainer reads a host whose /proc and /etc are mounted into a container that has a network and a name of its own.
func TestHostFromAContainer(t *testing.T) {
	m := newMachine(t, Options{})
	m.write("etc/hostname", "the-host\n")
	m.write("proc/1/net/dev", "Inter-|\n face |\n  eth0: 5000 5 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n")
	m.set = newMachineSet(m)
	m.collect(0)
	m.edit("proc/net/dev", "eth0: 1000000", "eth0: 1900000") // the container's
	m.edit("proc/1/net/dev", "eth0: 5000", "eth0: 5600")
	s := m.collect(interval)
	check(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS, 200)
	if s.Hostname != "the-host" || s.MachineID != "f82ec36bbea942c9b75820a8f464d158" {
		t.Errorf("host is %q, machine_id %q", s.Hostname, s.MachineID)
	}
}

// newMachineSet makes new collectors, as at a start.
func newMachineSet(m *machine) *Set {
	other := newMachine(m.t, Options{})
	roots := other.set.roots
	roots.Proc, roots.Sys, roots.Etc = m.path("proc"), m.path("sys"), m.path("etc")
	set := NewSet(Options{Interval: interval, Roots: roots, Log: other.logger()})
	set.members[len(set.members)-1] = m.set.members[len(set.members)-1]
	return set
}

// TestHiddenProcess1: if the host's process 1 is hidden, the sample has no network traffic rather than the container's.
func TestHiddenProcess1(t *testing.T) {
	m := newMachine(t, Options{})
	if err := os.RemoveAll(m.path("proc/1")); err != nil {
		t.Fatal(err)
	}
	m.write("proc/self/mountinfo", "22 1 8:1 / / ro,relatime - ext4 /dev/sda1 rw\n") // as ProtectSystem=strict shows it
	m.set = newMachineSet(m)
	for range 8 {
		m.collect(interval)
	}
	s := m.collect(interval)
	absent(t, "procs", s.Procs)
	absent(t, "net_bytes_recv_per_s", s.NetBytesRecvPerS)
	check(t, "disk_used_pct", s.DiskUsedPct, 60)
	m.wantTroubles("collector: open "+m.path("proc/1/net/dev"), "counting processes: "+m.path("proc")+" does not show process 1")
}

func TestProcessesThatAreHidden(t *testing.T) {
	for name, c := range map[string]struct {
		remove []string
		want   string
	}{
		"hidepid=2":      {[]string{"1", "2"}, "does not show process 1"},
		"an empty /proc": {[]string{"1", "2", "77"}, "does not show process 1"},
		"no /proc":       {[]string{""}, "no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			for _, p := range c.remove {
				if err := os.RemoveAll(m.path("proc", p)); err != nil {
					t.Fatal(err)
				}
			}
			for range 12 {
				s := m.collect(interval)
				absent(t, "procs", s.Procs)
			}
			if n := strings.Count(m.log.String(), "counting processes is failing"); n != 1 || !strings.Contains(m.log.String(), c.want) {
				t.Errorf("said %d times:\n%s", n, m.log.String())
			}
			if !slices.ContainsFunc(m.troubles(), func(s string) bool { return strings.HasPrefix(s, "counting processes: ") }) {
				t.Errorf("status has %q", m.troubles())
			}
		})
	}
}

func TestMountsOfOddMachines(t *testing.T) {
	for name, c := range map[string]struct {
		options   Options
		change    func(m *machine)
		pct       float64
		mount     string
		troubles  []string
		untouched []string
	}{
		"full and read-only": {
			change: func(m *machine) {
				m.edit("proc/1/mountinfo", "27 22 259:1 / /data\\040disk rw,relatime shared:5 - ext4 /dev/nvme0n1p1 rw\n", "")
				m.usage["/"] = psdisk.UsageStat{Total: 1000, Used: 189, Free: 811}
				m.mounted(`28 22 7:1 / /mnt/image ro,relatime shared:9 - ext4 /dev/loop1 ro`)
				m.mounted(`29 22 7:2 / /mnt/bound ro,relatime shared:9 - ext4 /dev/loop2 rw`)
				m.usage["/mnt/image"] = psdisk.UsageStat{Total: 10000, Used: 9975, Free: 25}
				m.usage["/mnt/bound"] = psdisk.UsageStat{Total: 10000, Used: 9975, Free: 25}
			},
			pct: 18.9, mount: "/", untouched: []string{"/mnt/image", "/mnt/bound", "/snap/core"},
		},
		"a root that is no block filesystem": {
			change: func(m *machine) {
				m.write("proc/1/mountinfo", "22 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/a\n25 22 8:2 / /boot rw,relatime - vfat /dev/sda2 rw\n")
				m.usage = map[string]psdisk.UsageStat{"/": filled(900, 1), "/boot": {Total: 10000, Used: 6, Free: 9994}}
			},
			pct: 90, mount: "/",
		},
		"below a directory one may not enter": {
			change: func(m *machine) {
				m.mounted(`28 22 7:1 / /secret/full rw,relatime shared:9 - ext4 /dev/loop1 rw`)
				m.refuse = map[string]error{"/secret/full": syscall.EACCES}
			},
			pct: 90, mount: "/data disk", troubles: []string{"reading filesystem /secret/full: permission denied: the collector's user may not enter"},
		},
		"a dead FUSE filesystem": {
			change: func(m *machine) {
				m.mounted(`28 22 0:90 / /mnt/ntfs rw,relatime shared:9 - fuseblk /dev/sdb1 rw`)
				m.edit("proc/filesystems", "\text4\n", "\text4\n\tfuseblk\n")
				m.refuse = map[string]error{"/mnt/ntfs": syscall.ENOTCONN}
			},
			pct: 90, mount: "/data disk", troubles: []string{"reading filesystem /mnt/ntfs: transport endpoint is not connected"},
		},
		"automounts": {
			change: func(m *machine) {
				m.mounted(`40 22 0:60 / /direct rw,relatime - autofs /etc/auto.direct rw,fd=6,timeout=24,direct`)
				m.mounted(`41 40 8:33 / /direct rw,relatime - ext4 /dev/sdc1 rw`)
				m.mounted(`44 43 8:35 / /net/host/disk rw,relatime - ext4 /dev/sdc3 rw`) // before its parent in the list
				m.mounted(`42 22 0:61 / /net rw,relatime - autofs auto.net rw,fd=6,timeout=24,indirect`)
				m.mounted(`43 42 8:34 / /net/host rw,relatime - ext4 /dev/sdc2 rw`)
				m.mounted(`45 22 0:62 / /waiting rw,relatime - autofs systemd-1 rw,fd=6,timeout=24,direct`)
			},
			pct: 90, mount: "/data disk", untouched: []string{"/direct", "/net", "/net/host", "/net/host/disk", "/waiting"},
		},
		"an automount that is asked for": {
			options: Options{Mounts: Filter{Include: matching("/.*direct")}},
			change: func(m *machine) {
				m.mounted(`40 22 0:60 / /direct rw,relatime - autofs /etc/auto.direct rw,fd=6,timeout=24,direct`)
				m.mounted(`41 40 8:33 / /direct rw,relatime - ext4 /dev/sdc1 rw`)
				m.mounted(`42 22 0:61 / /waiting-direct rw,relatime - autofs systemd-1 rw,direct`)
				m.usage["/direct"] = filled(500, 1)
			},
			pct: 50, mount: "/direct", untouched: []string{"/waiting-direct"},
		},
		"a blank and a quote": {
			change: func(m *machine) {
				m.mounted(`28 22 8:50 / /mnt/it's\040"full"\040\134\043 rw,relatime shared:9 - ext4 /dev/sdd1 rw`)
				m.usage[`/mnt/it's "full" \#`] = filled(950, 1)
			},
			pct: 95, mount: `/mnt/it's "full" \#`,
		},
		"excluded": {
			options: Options{Mounts: Filter{Exclude: matching("/data.*")}},
			change:  func(*machine) {},
			pct:     60, mount: "/", untouched: []string{"/data disk"},
		},
		"included, of the network": {
			options: Options{Mounts: Filter{Include: matching("/home")}},
			change: func(m *machine) {
				m.mounted(`28 22 0:70 / /home rw,relatime shared:9 - nfs4 server:/home rw`)
				m.usage["/home"] = filled(100, 1)
			},
			pct: 10, mount: "/home", untouched: []string{"/"},
		},
		"one that is gone": {
			change: func(m *machine) {
				m.mounted(`28 22 7:1 / /gone rw,relatime shared:9 - ext4 /dev/loop1 rw`)
				m.refuse = map[string]error{"/gone": syscall.ENOENT}
			},
			pct: 90, mount: "/data disk", troubles: []string{"reading filesystem /gone: no such file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, c.options)
			c.change(m)
			var s record.Sample
			for range 12 {
				s = m.collect(interval)
			}
			check(t, "disk_used_pct", s.DiskUsedPct, c.pct)
			if s.DiskUsedMount != c.mount {
				t.Errorf("disk_used_mount is %q, want %q", s.DiskUsedMount, c.mount)
			}
			m.wantTroubles(c.troubles...)
			if n := strings.Count(m.log.String(), "is failing"); n != len(c.troubles) {
				t.Errorf("said %d times:\n%s", n, m.log.String())
			}
			for _, path := range c.untouched {
				if m.asked[path] > 0 {
					t.Errorf("%s was read", path)
				}
			}
		})
	}
}

// TestFilesystemIsReadAgain: the log says if a filesystem works again, and if a failing one is not mounted any more.
func TestFilesystemIsReadAgain(t *testing.T) {
	m := newMachine(t, Options{})
	m.mounted(`28 22 7:1 / /full rw,relatime shared:9 - ext4 /dev/loop1 rw`)
	m.mounted(`29 22 7:2 / /lost rw,relatime shared:9 - ext4 /dev/loop2 rw`)
	m.refuse = map[string]error{"/full": syscall.EACCES, "/lost": errors.New("input/output error")}
	m.collect(0)
	m.wantTroubles("reading filesystem /full", "reading filesystem /lost")
	m.refuse, m.usage["/full"] = map[string]error{"/lost": errors.New("input/output error")}, filled(970, 1)
	s := m.collect(lookAfter)
	check(t, "disk_used_pct", s.DiskUsedPct, 97)
	m.edit("proc/1/mountinfo", "29 22 7:2 / /lost rw,relatime shared:9 - ext4 /dev/loop2 rw\n", "")
	m.collect(listAfter)
	m.wantTroubles()
	for _, want := range []string{`msg="reading filesystem /full works again"`, `msg="filesystem is not mounted any more" collector=filesystem mount=/lost`} {
		if strings.Count(m.log.String(), want) != 1 {
			t.Errorf("log lacks %s:\n%s", want, m.log.String())
		}
	}
}

func TestMachineID(t *testing.T) {
	for name, c := range map[string]struct{ etc, dbus, want string }{
		"systemd's":     {"3d1219c7c4c5404aaa1f6d2a48adfda4\n", "", "f82ec36bbea942c9b75820a8f464d158"},
		"of D-Bus":      {"", "3d1219c7c4c5404aaa1f6d2a48adfda4\n", "f82ec36bbea942c9b75820a8f464d158"},
		"as a UUID":     {"3D1219C7-C4C5-404A-AA1F-6D2A48ADFDA4", "", "f82ec36bbea942c9b75820a8f464d158"},
		"not booted":    {"uninitialized\n", "", ""},
		"empty":         {"\n", "", ""},
		"cut short":     {"3d1219c7c4c5404aaa1f6d2a48adfd\n", "", ""},
		"null":          {"00000000000000000000000000000000\n", "", ""},
		"none":          {"", "", ""},
		"no ID at all":  {"not hexadecimal at all, really..", "", ""},
		"empty, D-Bus'": {"\n", "3d1219c7c4c5404aaa1f6d2a48adfda4\n", "f82ec36bbea942c9b75820a8f464d158"},
	} {
		dir := t.TempDir()
		roots := Roots{Etc: filepath.Join(dir, "etc"), Root: dir}
		for path, text := range map[string]string{"etc/machine-id": c.etc, "var/lib/dbus/machine-id": c.dbus} {
			if text == "" {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := machineID(t.Context(), roots); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}
