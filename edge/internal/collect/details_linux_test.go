// Linux only: the fake machine is a copy of /proc and /sys, which only the collector for Linux reads.

package collect

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// detailed is a machine whose samples have details once a minute. Its first sample was taken.
func detailed(t *testing.T, change ...func(m *machine)) (*machine, record.Sample) {
	t.Helper()
	m := newMachine(t, Options{Details: time.Minute})
	for _, c := range change {
		c(m)
	}
	return m, m.collect(0)
}

// minute collects until the next details. It fails if a sample before has some.
func (m *machine) minute() record.Sample {
	m.t.Helper()
	for range int(time.Minute/interval) - 1 {
		if s := m.collect(interval); hasDetails(s) {
			m.t.Fatalf("a sample between the details has some: %s", s.AppendJSON(nil))
		}
	}
	return m.collect(interval)
}

func hasDetails(s record.Sample) bool {
	return len(s.Filesystems)+len(s.Disks)+len(s.Interfaces)+len(s.Processes)+len(s.Units)+len(s.Sensors) > 0
}

// wantJSON compares details with the JSON that a sample would have.
func wantJSON(t *testing.T, s record.Sample, want string) {
	t.Helper()
	got := string(s.AppendJSON(nil))
	if !strings.Contains(got, want) {
		t.Errorf("the sample is\n%s\nand lacks\n%s", got, want)
	}
}

// only returns a sample with the lists of s alone.
func only(s record.Sample) record.Sample {
	return record.Sample{
		Filesystems: s.Filesystems, Disks: s.Disks, Interfaces: s.Interfaces, Processes: s.Processes, Units: s.Units, Sensors: s.Sensors,
	}
}

func TestDetailsOfTheFirstSample(t *testing.T) {
	m, s := detailed(t, func(m *machine) {
		m.write("sys/class/net/eth0/speed", "10000\n")
		m.write("sys/class/net/eth1/speed", "-1\n")
	})
	s = only(s)
	wantJSON(t, s, `"filesystems":[{"mount":"/data disk","device":"/dev/nvme0n1p1","fstype":"ext4","used_pct":90,"free_bytes":100,"total_bytes":1000,"inodes_used_pct":5},`+
		`{"mount":"/","device":"/dev/sda1","fstype":"ext4","used_pct":60,"free_bytes":400,"total_bytes":1000,"inodes_used_pct":30},`+
		`{"mount":"/boot/efi","device":"/dev/sda2","fstype":"vfat","used_pct":6,"free_bytes":940,"total_bytes":1000}]`)
	wantJSON(t, s, `"disks":[{"device":"nvme0n1"},{"device":"sda"}]`)
	wantJSON(t, s, `"interfaces":[{"name":"eth0","speed_bits_per_s":10000000000},{"name":"eth1"}]`)
	m.wantTroubles()
}

func TestDetailsOfAMinute(t *testing.T) {
	m, _ := detailed(t)
	m.collect(interval)
	m.work()
	m.at = Moment{m.at.Wall.Add(-interval), m.at.Mono - interval} // minute takes whole ones
	s := only(m.minute())
	wantJSON(t, s, `"disks":[{"device":"nvme0n1","read_bytes_per_s":256,"write_bytes_per_s":256,"read_ops_per_s":0.1,"write_ops_per_s":0.1,"busy_pct":2.5,"await_ms":0},`+
		`{"device":"sda","read_bytes_per_s":2560,"write_bytes_per_s":5120,"read_ops_per_s":0.5,"write_ops_per_s":1,"busy_pct":1,"await_ms":0}]`)
	wantJSON(t, s, `"interfaces":[{"name":"eth0","recv_bytes_per_s":50,"sent_bytes_per_s":100,"recv_packets_per_s":0.5,"sent_packets_per_s":1,"err_per_s":0.1,"drop_per_s":0.2},`+
		`{"name":"eth1","recv_bytes_per_s":5,"sent_bytes_per_s":0,"recv_packets_per_s":0.1,"sent_packets_per_s":0,"err_per_s":0,"drop_per_s":0}]`)
	m.edit("proc/diskstats", "sda 1030 10 20300 500 2060 20 40600 900", "sda 1040 10 20300 560 2070 20 40600 940")
	s = m.minute()
	check(t, "await_ms", s.Disks[1].AwaitMs, 5) // 60 and 40 ms in 20 operations
	absent(t, "await_ms of an idle disk", s.Disks[0].AwaitMs)
}

// TestDetailsAfterAGap: the rates are absent, and the next ones are right.
func TestDetailsAfterAGap(t *testing.T) {
	m, _ := detailed(t)
	m.work()
	s := m.collect(time.Hour)
	wantJSON(t, only(s), `"disks":[{"device":"nvme0n1"},{"device":"sda"}]`)
	m.edit("proc/diskstats", "sda 1030 10 20300", "sda 1030 10 20900")
	s = m.minute()
	check(t, "read_bytes_per_s", s.Disks[0].ReadBytesPerS, 5120)
}

// TestDetailsOfNewAndResetDevices: what has no valid difference is absent, the rest is there.
func TestDetailsOfNewAndResetDevices(t *testing.T) {
	m, _ := detailed(t)
	m.write("sys/block/sdb/device/model", "")
	m.edit("proc/diskstats", "   8       1 sda1", "   8      16 sdb 5 0 5 5 5 5 5 5 0 5 5\n   8       1 sda1", "sda 1000 10 20000", "sda 1060 10 19000")
	s := m.minute()
	for _, d := range s.Disks {
		switch d.Device {
		case "sdb":
			absent(t, "read_ops_per_s of a new disk", d.ReadOpsPerS)
		case "sda":
			check(t, "read_ops_per_s", d.ReadOpsPerS, 1)
			absent(t, "read_bytes_per_s of a counter that went back", d.ReadBytesPerS)
		}
	}
	if len(s.Disks) != 3 {
		t.Errorf("disks are %+v", s.Disks)
	}
}

func TestNoDetails(t *testing.T) {
	m := newMachine(t, Options{})
	for range 50 {
		if s := m.collect(interval); hasDetails(s) {
			t.Fatalf("there are details: %s", s.AppendJSON(nil))
		}
	}
}

// TestDetailsOfSlowSampling: if a sample comes less often than details are wanted, each has them.
func TestDetailsOfSlowSampling(t *testing.T) {
	d := newDetails(Options{Interval: 5 * time.Minute, Details: time.Minute})
	at := Moment{Wall: time.Unix(1.8e9, 0)}
	for i := range 3 {
		d.begin(at)
		if !d.due || d.ok != (i > 0) {
			t.Errorf("sample %d: due %v, continues %v", i, d.due, d.ok)
		}
		at = Moment{at.Wall.Add(5 * time.Minute), at.Mono + 5*time.Minute}
	}
}

// TestDetailsStayOnTheGrid: readings come a little early or late, and each minute still has its details.
func TestDetailsStayOnTheGrid(t *testing.T) {
	d := newDetails(Options{Interval: 3 * time.Second, Details: time.Minute})
	begin, n := time.Unix(1.8e9, 0), 0
	for i := range 201 {
		after := time.Duration(i)*3*time.Second + time.Duration(i%7-3)*50*time.Millisecond
		if d.begin(Moment{begin.Add(after), time.Hour + after}); d.due {
			n++
		}
	}
	if n != 11 {
		t.Errorf("%d samples of ten minutes have details, want 11", n)
	}
}

func TestAThousandMounts(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute})
	var lines strings.Builder
	for i := range 1000 {
		point := fmt.Sprintf("/mnt/%d%s", i, strings.Repeat("x", 300))
		fmt.Fprintf(&lines, "%d 22 9:%d / %s rw - ext4 /dev/sd%d rw\n", 100+i, i, point, i)
		m.usage[point] = filled(uint64(i%1000), 1)
	}
	m.mounted(strings.TrimSpace(lines.String()))
	s := m.collect(0)
	if len(s.Filesystems) != record.MaxFilesystems || s.Filesystems[0].UsedPct.Or(0) != 99.9 {
		t.Errorf("%d filesystems, the first %+v", len(s.Filesystems), s.Filesystems[0])
	}
	if name := s.Filesystems[0].Mount; len(name) > maxText || !strings.HasPrefix(name, "/mnt/999xxx") || !strings.HasSuffix(name, "x…") {
		t.Errorf("the mount is %q", name)
	}
	m.minute()
	const said = "the details have the first 64 filesystems only"
	if n := strings.Count(m.log.String(), said); n != 1 || !strings.Contains(m.log.String(), "left_out=939") {
		t.Errorf("said %d times:\n%s", n, m.log.String())
	}
}

// TestDetailsOfFilesystemsThatFail: those that answer are listed.
func TestDetailsOfFilesystemsThatFail(t *testing.T) {
	m, _ := detailed(t, func(m *machine) { m.refuse = map[string]error{"/": syscall.EACCES} })
	m.refuse["/data disk"] = syscall.EIO
	s := m.minute()
	if len(s.Filesystems) != 1 || s.Filesystems[0].Mount != "/boot/efi" {
		t.Errorf("filesystems are %+v", s.Filesystems)
	}
	m.refuse["/boot/efi"] = syscall.EIO
	s = m.minute()
	if len(s.Filesystems) > 0 {
		t.Errorf("filesystems are %+v", s.Filesystems)
	}
}

func TestAwkwardMounts(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute})
	m.mounted(`90 22 9:1 / /a"b\012c\134d` + "\xff" + ` rw - ext4 /dev/x\040y rw`)
	m.usage["/a\"b\nc\\d\xff"] = psdisk.UsageStat{Total: 100, Used: 99, Free: 1}
	wantJSON(t, m.collect(0), `{"mount":"/a\"b\nc\\d`+"\ufffd"+`","device":"/dev/x y","fstype":"ext4","used_pct":99,"free_bytes":1,"total_bytes":100}`)
}

func TestSensors(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute})
	for file, text := range map[string]string{
		"class/hwmon/hwmon0/name": "coretemp\n", "class/hwmon/hwmon0/temp1_input": "45500\n", "class/hwmon/hwmon0/temp1_label": "Package id 0\n",
		"class/hwmon/hwmon0/temp2_input": "-12000\n",
		"class/hwmon/hwmon1/name":        "nvme\n", "class/hwmon/hwmon1/temp1_input": "33850\n", "class/hwmon/hwmon1/temp1_label": "Composite\n",
		"class/hwmon/hwmon2/name": "nvme\n", "class/hwmon/hwmon2/temp1_input": "39850\n",
		"class/hwmon/hwmon3/name": "acpi_tz\n", "class/hwmon/hwmon3/temp1_input": "20000\n",
		"class/hwmon/hwmon4/name": "bad\n", "class/hwmon/hwmon4/temp1_input": "", "class/hwmon/hwmon4/temp2_input": "-128000\n",
		"class/hwmon/hwmon4/temp3_input": "50000\n", "class/hwmon/hwmon4/temp3_fault": "1\n", "class/hwmon/hwmon4/temp4_input": "warm\n",
		"class/thermal/thermal_zone0/type": "acpi-tz\n", "class/thermal/thermal_zone0/temp": "20000\n",
		"class/thermal/thermal_zone1/type": "cpu-thermal\n", "class/thermal/thermal_zone1/temp": "61000\n",
		"class/thermal/thermal_zone2/type": "gpu\n", "class/thermal/thermal_zone2/temp": "50000\n",
		"class/thermal/thermal_zone3/type": "gpu\n", "class/thermal/thermal_zone3/temp": "51000\n",
		"class/thermal/thermal_zone4/type": "broken\n",
	} {
		m.write("sys/"+file, text)
	}
	for monitor, device := range map[string]string{"hwmon1": "nvme0", "hwmon2": "nvme1"} {
		m.write("sys/class/nvme/"+device+"/model", "")
		if err := os.Symlink("../../nvme/"+device, m.path("sys/class/hwmon", monitor, "device")); err != nil {
			t.Fatal(err)
		}
	}
	wantJSON(t, m.collect(0), `"sensors":[{"name":"cpu-thermal","celsius":61},{"name":"gpu 3","celsius":51},{"name":"gpu 2","celsius":50},`+
		`{"name":"coretemp Package id 0","celsius":45.5},{"name":"nvme nvme1 temp1","celsius":39.9},{"name":"nvme nvme0 Composite","celsius":33.9},`+
		`{"name":"acpi_tz temp1","celsius":20},{"name":"coretemp temp2","celsius":-12}]`)
	m.wantTroubles()
	m.write("sys/class/hwmon/hwmon0/temp1_input", "")
	if s := m.minute(); len(s.Sensors) != 7 || slices.ContainsFunc(s.Sensors, func(s record.Sensor) bool { return s.Name == "coretemp Package id 0" }) {
		t.Errorf("sensors are %+v", s.Sensors)
	}
	m.wantTroubles()
}

func TestSignificant(t *testing.T) {
	for v, want := range map[float64]float64{
		0: 0, 1: 1, -1: -1, 9999: 9999, 99999: 100000, 12345: 12350, 123449999: 123400000, .123456: .1235, 59726307328: 59730000000, 1e15 + 1: 1e15, 1e-310: 0,
	} {
		if got := significant(v, 4); got != want {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"eth0", "eth0"},
		{strings.Repeat("a", maxText), strings.Repeat("a", maxText)},
		{strings.Repeat("a", 300), strings.Repeat("a", 252) + "…"},
		{"a" + strings.Repeat("€", 100), "a" + strings.Repeat("€", 83) + "…"},
		{strings.Repeat("\x80", 300), "…"},
	} {
		if got := text(c.in); got != c.want {
			t.Errorf("text of %q is %q, want %q", c.in, got, c.want)
		}
	}
}

// shown returns the lists of a sample as text.
func shown(s record.Sample) string {
	lists := only(s)
	return string(lists.AppendJSON(nil))
}
