// Linux only: the fake processes are a copy of /proc, which only the collector for Linux reads.

package collect

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// task is a process of the fake machine.
type task struct {
	pid, parent   int
	name, cgroup  string
	cpu, children int // ticks
	pages         int
	start         int
	threads       int
	read, written int64
	flags         int
	uid           int
}

// run writes the files of a process.
func (m *machine) run(tasks ...task) {
	m.t.Helper()
	for _, k := range tasks {
		dir := fmt.Sprintf("proc/%d/", k.pid)
		m.write(dir+"stat", fmt.Sprintf("%d (%s) S %d 1 1 0 -1 %d 0 0 0 0 %d %d %d %d 20 0 %d 0 %d 1000 %d 18446744073709551615 0 0\n",
			k.pid, k.name, k.parent, k.flags, k.cpu-k.cpu/2, k.cpu/2, k.children-k.children/2, k.children/2, max(1, k.threads), k.start, k.pages))
		m.write(dir+"cgroup", "0::"+k.cgroup+"\n")
		m.write(dir+"io", fmt.Sprintf("rchar: 9\nwchar: 9\nsyscr: 9\nsyscw: 9\nread_bytes: %d\nwrite_bytes: %d\ncancelled_write_bytes: 0\n", k.read, k.written))
		m.write(dir+"status", fmt.Sprintf("Name:\tx\nUid:\t0\t%d\t0\t0\nGid:\t0\t0\t0\t0\n", k.uid))
	}
}

func (m *machine) end(pids ...int) {
	m.t.Helper()
	for _, pid := range pids {
		if err := os.RemoveAll(m.path("proc", fmt.Sprint(pid))); err != nil {
			m.t.Fatal(err)
		}
	}
}

// peopled is a detailed machine with an init, a kernel thread and a daemon that did much before.
func peopled(t *testing.T, change ...func(m *machine)) (*machine, record.Sample) {
	return detailed(t, append([]func(m *machine){func(m *machine) {
		m.end(77)
		m.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nwww:x:33:33::/:/bin/false\nodd line\n")
		m.run(task{pid: 1, name: "systemd", cgroup: "/init.scope", pages: 100, cpu: 9000, children: 90000, read: 1e6, written: 1e6},
			task{pid: 2, name: "kthreadd", flags: kernelThread},
			task{pid: 9, parent: 2, name: "kworker/0:1-events", flags: kernelThread, cpu: 100},
			task{pid: 50, parent: 1, name: "nginx", cgroup: "/system.slice/nginx.service", cpu: 7000, pages: 1000, uid: 33, start: 100, read: 5e9})
	}}, change...)...)
}

// processesOf returns the groups of a name.
func processesOf(s record.Sample, name string) (found []record.Process) {
	for _, p := range s.Processes {
		if p.Name == name {
			found = append(found, p)
		}
	}
	return found
}

// one returns the only group of a name.
func one(t *testing.T, s record.Sample, name string) record.Process {
	t.Helper()
	found := processesOf(s, name)
	if len(found) != 1 {
		t.Fatalf("%s is in the processes %d times: %s", name, len(found), s.AppendJSON(nil))
	}
	return found[0]
}

// cpuSeconds returns the CPU time of a group in a minute.
func cpuSeconds(p record.Process) float64 { return math.Round(p.CPUPct.Or(-100)*60) / 100 }

func TestProcessesOfTheFirstSample(t *testing.T) {
	m, s := peopled(t)
	page := int64(os.Getpagesize())
	wantJSON(t, only(s), fmt.Sprintf(`"processes":[{"name":"nginx","unit":"nginx.service","user":"www","count":1,"rss_bytes":%d,"pid":50},`+
		`{"name":"systemd","user":"root","count":1,"rss_bytes":%d,"pid":1}]`, 1000*page, 100*page))
	m.wantTroubles()
}

func TestProcessesOfAMinute(t *testing.T) {
	m, _ := peopled(t)
	m.run(task{pid: 50, parent: 1, name: "nginx", cgroup: "/system.slice/nginx.service", cpu: 7600, pages: 1000, uid: 33, start: 100, read: 5e9 + 6000, written: 1200},
		task{pid: 51, parent: 50, name: "nginx", cgroup: "/system.slice/nginx.service", cpu: 900, pages: 500, uid: 0, start: 200, read: 6000},
		task{pid: 60, parent: 1, name: "nginx", cgroup: "/docker/" + strings.Repeat("0123456789abcdef", 4), cpu: 300, pages: 10, start: 200},
		task{pid: 9, parent: 2, name: "kworker/0:2-mm", flags: kernelThread, cpu: 400},
		task{pid: 10, parent: 2, name: "kworker/1:0", flags: kernelThread, cpu: 60, start: 200})
	s := only(m.minute())
	page := int64(os.Getpagesize())
	wantJSON(t, s, fmt.Sprintf(`"processes":[{"name":"nginx","unit":"nginx.service","user":"root","count":2,"cpu_pct":25,"rss_bytes":%d,"read_bytes_per_s":200,"write_bytes_per_s":20,"pid":51},`+
		`{"name":"kworker","user":"root","count":2,"cpu_pct":6,"rss_bytes":0,"read_bytes_per_s":0,"write_bytes_per_s":0,"pid":9},`+
		`{"name":"nginx","unit":"0123456789ab","user":"root","count":1,"cpu_pct":5,"rss_bytes":%d,"read_bytes_per_s":0,"write_bytes_per_s":0,"pid":60},`+
		`{"name":"systemd","user":"root","count":1,"cpu_pct":0,"rss_bytes":%d,"read_bytes_per_s":0,"write_bytes_per_s":0,"pid":1}]`,
		1500*page, 10*page, 100*page))
	s = m.minute()
	if p := one(t, s, "systemd"); p.CPUPct.Or(-1) != 0 {
		t.Errorf("in an idle minute: %s", s.AppendJSON(nil))
	}
	if n := len(processesOf(s, "nginx")); n != 2 { // by memory
		t.Errorf("%d groups of nginx", n)
	}
	m.wantTroubles()
}

// TestTopOfEachKind: a process is listed if it is among the first five by CPU time, by memory or by I/O.
func TestTopOfEachKind(t *testing.T) {
	m, _ := peopled(t)
	for i := range 10 {
		m.run(task{pid: 100 + i, parent: 1, name: fmt.Sprintf("cpu%d", i), cpu: 1000 + i, start: 5},
			task{pid: 200 + i, parent: 1, name: fmt.Sprintf("mem%d", i), pages: 10000 + i, start: 5},
			task{pid: 300 + i, parent: 1, name: fmt.Sprintf("io%d", i), cpu: 1, written: int64(100000 + i), start: 5})
	}
	s := m.minute()
	var names []string
	for _, p := range s.Processes {
		names = append(names, p.Name)
	}
	if got, want := strings.Join(names, " "), "cpu9 cpu8 cpu7 cpu6 cpu5 io9 io8 io7 io6 io5 mem9 mem8 mem7 mem6 mem5"; got != want {
		t.Errorf("processes are %s, want %s", got, want)
	}
}

// TestShortLived: a process is born, burns and ends between two details. Its parent waits for it, and the kernel adds its total to the
// parent's.
func TestShortLived(t *testing.T) {
	for name, c := range map[string]struct {
		total           int // ticks of the hog
		read, written   int
		unseen          int // ticks of a child that no scan saw
		waits           bool
		hog, shell, tag float64
	}{
		"its end is counted":         {total: 1050, waits: true, hog: 10.5, shell: 0},
		"it ended right after":       {total: 900, waits: true, hog: 9, shell: 0},
		"its parent did not wait":    {total: 1050, hog: 9, shell: 0},
		"the parent had another one": {total: 1050, unseen: 700, waits: true, hog: 12, shell: 5.5}, // the hog may have used the whole gap
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := peopled(t, func(m *machine) { m.run(task{pid: 70, parent: 1, name: "sh", cpu: 3, children: 500, start: 50}) })
			m.collect(interval)
			m.run(task{pid: 80, parent: 70, name: "hog", cpu: 300, start: 60, pages: 5000})
			m.collect(interval)
			m.run(task{pid: 80, parent: 70, name: "hog", cpu: 600, start: 60, pages: 5000, written: 3e6})
			m.collect(interval)
			m.run(task{pid: 80, parent: 70, name: "hog", cpu: 900, start: 60, pages: 6000, written: 6e6})
			m.collect(interval)
			m.end(80)
			if c.waits {
				m.run(task{pid: 70, parent: 1, name: "sh", cpu: 3, children: 500 + c.total + c.unseen, start: 50, written: 6e6})
			}
			m.at = Moment{m.at.Wall.Add(-4 * interval), m.at.Mono - 4*interval}
			for range 4 {
				m.at = Moment{m.at.Wall.Add(interval), m.at.Mono + interval}
			}
			var s record.Sample
			for range 16 {
				s = m.collect(interval)
			}
			p := one(t, s, "hog")
			if got := cpuSeconds(p); got < c.hog-.01 || got > c.hog+.01 {
				t.Errorf("hog used %v s, want %v: %s", got, c.hog, shown(s))
			}
			if w := p.WriteBytesPerS.Or(-1) * 60; w < 6e6-1 || w > 6e6+1 {
				t.Errorf("hog wrote %v bytes", w)
			}
			if p.PID.Or(0) != 80 || p.Count.Or(0) != 1 || p.RSSBytes.Or(0) != int64(significant(float64(6000*os.Getpagesize()), digitsOfMemory)) {
				t.Errorf("hog is %+v", p)
			}
			shell := 0.0
			if found := processesOf(s, "sh"); len(found) == 1 {
				shell = cpuSeconds(found[0])
				if w := found[0].WriteBytesPerS.Or(-1); w != 0 {
					t.Errorf("sh wrote %v bytes/s", w)
				}
			}
			if shell < c.shell-.01 || shell > c.shell+.01 {
				t.Errorf("sh used %v s, want %v: %s", shell, c.shell, shown(s))
			}
			if s = m.minute(); len(processesOf(s, "hog")) > 0 || s.Processes[0].CPUPct.Or(-1) != 0 {
				t.Errorf("in the minute after: %s", shown(s))
			}
		})
	}
}

// TestChildrenThatNoScanSaw count as their parent's, and once.
func TestChildrenThatNoScanSaw(t *testing.T) {
	m, _ := peopled(t, func(m *machine) { m.run(task{pid: 70, parent: 1, name: "make", cpu: 3, children: 500, start: 50}) })
	for i := 1; i <= 10; i++ {
		m.collect(interval)
		m.run(task{pid: 70, parent: 1, name: "make", cpu: 3 + i, children: 500 + 100*i, start: 50})
	}
	var s record.Sample
	for range 10 {
		s = m.collect(interval)
	}
	if got := cpuSeconds(one(t, s, "make")); math.Abs(got/10.1-1) > .005 {
		t.Errorf("make used %v s, want 10.1", got)
	}
}

// TestAFamilyThatEnds: parent and child end in one gap, and init gets the totals of both.
func TestAFamilyThatEnds(t *testing.T) {
	m, _ := peopled(t)
	m.run(task{pid: 70, parent: 1, name: "sh", cpu: 100, start: 50}, task{pid: 71, parent: 70, name: "hog", cpu: 200, start: 51})
	m.collect(interval)
	m.run(task{pid: 70, parent: 1, name: "sh", cpu: 100, start: 50}, task{pid: 71, parent: 70, name: "hog", cpu: 500, start: 51})
	m.collect(interval)
	m.end(70, 71)
	m.run(task{pid: 1, name: "systemd", cgroup: "/init.scope", pages: 100, cpu: 9000, children: 90000 + 100 + 650, read: 1e6, written: 1e6})
	var s record.Sample
	for range 18 {
		s = m.collect(interval)
	}
	if hog, sh, init := cpuSeconds(one(t, s, "hog")), cpuSeconds(one(t, s, "sh")), cpuSeconds(one(t, s, "systemd")); hog < 6.2 || math.Abs((hog+sh)/7.5-1) > .005 || init != 0 {
		t.Errorf("hog used %v s, sh %v, init %v: %s", hog, sh, init, shown(s))
	}
}

// TestAnOrphanEnds: the parent ends without waiting, and init waits. What was counted before is not counted as init's.
func TestAnOrphanEnds(t *testing.T) {
	m, _ := peopled(t)
	m.run(task{pid: 60, parent: 1, name: "bash", start: 40}, task{pid: 70, parent: 60, name: "sh", start: 50},
		task{pid: 71, parent: 70, name: "hog", cpu: 200, start: 51})
	m.collect(interval)
	m.run(task{pid: 71, parent: 70, name: "hog", cpu: 500, start: 51})
	m.collect(interval)
	m.end(70, 71)
	m.run(task{pid: 1, name: "systemd", cgroup: "/init.scope", pages: 100, cpu: 9000, children: 90000 + 500, read: 1e6, written: 1e6})
	var s record.Sample
	for range 18 {
		s = m.collect(interval)
	}
	if hog, init := cpuSeconds(one(t, s, "hog")), cpuSeconds(one(t, s, "systemd")); hog != 5 || init != 0 {
		t.Errorf("hog used %v s, init %v: %s", hog, init, shown(s))
	}
}

// TestReusedID: another process has the ID of one that ended.
func TestReusedID(t *testing.T) {
	m, _ := peopled(t)
	m.run(task{pid: 70, parent: 1, name: "old", cpu: 200, start: 50})
	m.collect(interval)
	m.run(task{pid: 70, parent: 1, name: "new", cpu: 100, start: 90})
	m.at = Moment{m.at.Wall.Add(-interval), m.at.Mono - interval}
	s := m.minute()
	if a, b := cpuSeconds(one(t, s, "old")), cpuSeconds(one(t, s, "new")); a != 2 || b != 1 {
		t.Errorf("the old one used %v s, the new one %v", a, b)
	}
}

// TestNamesOfPrograms: a process can give itself any name.
func TestNamesOfPrograms(t *testing.T) {
	m, _ := peopled(t)
	for i, name := range []string{`a"b\c`, "x) R 1 (y", "line\nend", "\xff\xfe", "(sd-pam)", "", ")", "tab\tname"} {
		m.run(task{pid: 100 + i, parent: 1, name: name, cpu: 500 + i, start: 9, pages: 1})
		s := m.minute()
		p := s.Processes[0]
		if p.Name != name || p.PID.Or(0) != int32(100+i) || cpuSeconds(p) < 5 {
			t.Errorf("%q: %+v", name, p)
		}
		if _, err := record.ParseSample(s.AppendJSON(nil)); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		m.end(100 + i)
	}
	m.wantTroubles()
}

// TestProcessesThatCannotBeRead: they are absent, and the rest is there.
func TestProcessesThatCannotBeRead(t *testing.T) {
	m, _ := peopled(t)
	m.write("proc/90/comm", "x") // it ended between the listing and the reading
	m.write("proc/91/stat", "91 (cut")
	m.write("proc/92/stat", "")
	m.write("proc/93/stat", "93 (short) S 1 1 1")
	m.run(task{pid: 94, parent: 1, name: "good", cpu: 100, start: 9})
	s := m.minute()
	if p := one(t, s, "good"); cpuSeconds(p) != 1 {
		t.Errorf("processes are %s", shown(s))
	}
	m.wantTroubles()
	for _, pid := range []int{1, 50} {
		m.write(fmt.Sprintf("proc/%d/stat", pid), "rubbish")
	}
	if s = m.minute(); len(s.Processes) == 0 {
		t.Error("a file that is odd for once takes all processes")
	}
}

// TestHiddenProcesses: without a right the list is absent, and the log says so once.
func TestHiddenProcesses(t *testing.T) {
	m, _ := peopled(t, func(m *machine) { m.end(1) })
	m.write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
	s := m.minute()
	m.minute()
	if s.Processes != nil {
		t.Errorf("processes are %+v", s.Processes)
	}
	if n := strings.Count(m.log.String(), "the details have no processes"); n != 1 {
		t.Errorf("said %d times:\n%s", n, m.log.String())
	}
	m.run(task{pid: 1, name: "systemd", pages: 100})
	s = m.minute()
	if p := one(t, s, "systemd"); p.CPUPct != (record.Float{}) {
		t.Errorf("after they are shown again: %+v", p)
	}
}

// TestNoRightToReadIO: rates of I/O are absent for groups with such a process.
func TestNoRightToReadIO(t *testing.T) {
	if os.Geteuid() == 0 {
		p := proc{noIO: true, uid: -1, group: &group{groupKey: groupKey{name: "x"}}}
		p.group.addEnded(&p)
		if !p.group.noIO {
			t.Error("the group's I/O counts as known")
		}
		return // root may read everything; make test-unprivileged runs the rest
	}
	m, _ := peopled(t, func(m *machine) {
		if err := os.Chmod(m.path("proc/50/io"), 0); err != nil {
			t.Fatal(err)
		}
	})
	s := m.minute()
	absent(t, "write_bytes_per_s", one(t, s, "nginx").WriteBytesPerS)
	check(t, "write_bytes_per_s of another", one(t, s, "systemd").WriteBytesPerS, 0)
	if n := strings.Count(m.log.String(), "edge needs CAP_SYS_PTRACE"); n != 1 {
		t.Errorf("said %d times:\n%s", n, m.log.String())
	}
}

// TestUnreadableProcesses: with hidepid=1 (proc(5)) all processes are listed, but the files of others cannot be read.
func TestUnreadableProcesses(t *testing.T) {
	p := newProcesses(Options{Interval: interval}, Roots{}, newDetails(Options{}), slog.New(slog.DiscardHandler))
	if err := p.sayHidden(fmt.Errorf("process 7: %w", syscall.EPERM)); err != nil || !p.saidHidden {
		t.Errorf("it counts as a failure: %v", err)
	}
	if os.Geteuid() == 0 {
		return // root may read everything; make test-unprivileged runs the rest
	}
	m, _ := peopled(t)
	if err := os.Chmod(m.path("proc/50/stat"), 0); err != nil {
		t.Fatal(err)
	}
	if s := m.minute(); s.Processes != nil || len(s.Filesystems) == 0 {
		t.Errorf("details are %s", shown(s))
	}
	m.wantTroubles()
}

// TestOwnProc: a container without the host's /proc shows its own processes, and process 1 is one of them.
func TestOwnProc(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute})
	for _, dir := range []string{"sys", "etc"} {
		if err := os.RemoveAll(m.path(dir)); err != nil {
			t.Fatal(err)
		}
	}
	m.end(1, 2, 77)
	m.run(task{pid: 1, name: "app", cgroup: "/", pages: 10, uid: 65534})
	m.write("proc/self/mountinfo", "22 1 0:30 / / rw - overlay overlay rw\n")
	m.collect(0)
	m.run(task{pid: 1, name: "app", cgroup: "/", pages: 10, uid: 65534, cpu: 60})
	s := m.minute()
	if p := one(t, s, "app"); p.User != "65534" || p.Unit != "" || cpuSeconds(p) != .6 {
		t.Errorf("the process is %+v", p)
	}
	if len(s.Units)+len(s.Sensors) > 0 || s.Filesystems[0].Mount != "/" {
		t.Errorf("details are %s", shown(s))
	}
	m.wantTroubles()
}

// TestIdleProcessesAreReadNowAndThen: every 15 s, and seldom if there are thousands.
func TestIdleProcessesAreReadNowAndThen(t *testing.T) {
	for more, want := range map[int]int{0: 4, 1200: 2} {
		m, _ := peopled(t)
		for i := range more {
			m.write(fmt.Sprintf("proc/%d/stat", 1000+i), fmt.Sprintf("%d (x) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5 1000 1 0\n", 1000+i))
		}
		m.collect(interval)
		p := m.part(func(c Collector) bool { _, is := c.(*processes); return is }).(*processes)
		n, last := 0, p.known[0].readAt
		for range 19 { // until the next details
			m.collect(interval)
			if at := p.known[0].readAt; at != last {
				n, last = n+1, at
			}
		}
		if n != want {
			t.Errorf("with %d more processes an idle one is read %d times in a minute, want %d", more, n, want)
		}
	}
}

func TestProcessesOff(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute, NoProcesses: true})
	m.run(task{pid: 1, name: "systemd", pages: 100})
	if s := m.collect(0); s.Processes != nil || len(s.Filesystems) == 0 {
		t.Errorf("details are %s", shown(s))
	}
}

// TestWatch: between two samples that are far apart, Watch sees processes that come and go.
func TestWatch(t *testing.T) {
	m := newMachine(t, Options{Details: time.Minute})
	m.run(task{pid: 1, name: "systemd", pages: 100})
	m.collect(0)
	m.run(task{pid: 80, parent: 1, name: "hog", cpu: 500, start: 60})
	m.at = Moment{m.at.Wall.Add(WatchAfter), m.at.Mono + WatchAfter}
	m.set.Watch(m.at)
	m.end(80)
	if got := cpuSeconds(one(t, m.collect(time.Minute-WatchAfter), "hog")); got != 5 {
		t.Errorf("hog used %v s", got)
	}
}

func TestUnitOf(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for path, want := range map[string]string{
		"/": "", "": "", "/init.scope": "", "/user.slice/user-0.slice/session-1.scope": "",
		"/system.slice/ssh.service": "ssh.service", "/system.slice/ssh.service/": "ssh.service",
		`/system.slice/system-getty.slice/getty@tty1.service`:                  "getty@tty1.service",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/sync.service": "sync.service",
		"/user.slice/user-1000.slice/user@1000.service/init.scope":             "user@1000.service",
		"/docker/" + id: "0123456789ab", "/system.slice/docker-" + id + ".scope": "0123456789ab",
		"/machine.slice/libpod-" + id + ".scope/container": "0123456789ab",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b3c4d_1111_2222_3333_444455556666.slice/cri-containerd-" + id + ".scope": "0123456789ab",
		"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a2b3c4d_1111_2222_3333_444455556666.slice":                                 "pod-1a2b3c4d",
		"/kubepods/besteffort/pod1a2b3c4d-1111-2222-3333-444455556666/x":                                                                            "pod-1a2b3c4d",
		"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" + id:                                                                 "0123456789ab",
		"/lxc.payload.web1/init.scope": "web1", "/tripod1a2b3c4d-1111-2222-3333-444455556666": "", "/docker/" + id[:63]: "",
		"/../../system.slice/x.service": "x.service",
	} {
		if got := unitOf(path); got != want {
			t.Errorf("the unit of %s is %q, want %q", path, got, want)
		}
	}
	for file, want := range map[string]string{
		"0::/system.slice/a.service\n":                                           "a.service",
		"12:memory:/docker/" + id + "\n1:name=systemd:/system.slice/b.service\n": "b.service",
		"4:memory:/docker/" + id + "\n1:name=systemd:/\n0::/\n":                  "0123456789ab",
		"rubbish\n": "", "": "",
		"0::/a:b/c.service\n": "c.service",
	} {
		if got := (unitNames{}).of([]byte(file)); got != want {
			t.Errorf("the unit of %q is %q, want %q", file, got, want)
		}
	}
}

// unit writes the files of a control group.
func (m *machine) unit(path string, micros, memory int, more map[string]string) {
	m.t.Helper()
	dir := "sys/fs/cgroup/" + path + "/"
	m.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory\n")
	m.write(dir+"cpu.stat", fmt.Sprintf("usage_usec %d\nuser_usec 1\nsystem_usec 1\n", micros)+more["cpu.stat"])
	m.write(dir+"memory.current", fmt.Sprintln(memory))
	m.write(dir+"memory.max", "max\n")
	for file, text := range more {
		if file != "cpu.stat" {
			m.write(dir+file, text)
		}
	}
}

func TestUnits(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	m, s := detailed(t, func(m *machine) {
		m.unit("system.slice/a.service", 5e6, 1000, map[string]string{"io.stat": "8:0 rbytes=1000 wbytes=100 rios=1\n8:16 rbytes=1 wbytes=2\n", "memory.events": "low 0\noom 5\noom_kill 2\n"})
		m.unit("system.slice/idle.service", 7e6, 0, nil)
		m.unit("system.slice/docker-"+id+".scope", 1e6, 5000, map[string]string{"cpu.stat": "nr_periods 10\nnr_throttled 1\n", "memory.max": "9000\n"})
		m.unit("user.slice/user-1.slice/user@1.service", 1e6, 3000, nil)
		m.unit("user.slice/user-1.slice/user@1.service/app.slice/b.service", 1e6, 2500, nil)
	})
	wantJSON(t, only(s), `"units":[{"name":"0123456789ab","memory_bytes":5000,"memory_limit_bytes":9000},{"name":"b.service","memory_bytes":2500},`+
		`{"name":"a.service","memory_bytes":1000},{"name":"user@1.service","memory_bytes":500}]`)
	m.unit("system.slice/a.service", 35e6, 1000, map[string]string{"io.stat": "8:0 rbytes=7000 wbytes=100 rios=1\n8:16 rbytes=1 wbytes=602\n", "memory.events": "low 0\noom_kill 3\n"})
	m.unit("system.slice/docker-"+id+".scope", 4e6, 6000, map[string]string{"cpu.stat": "nr_periods 30\nnr_throttled 6\n"})
	m.unit("system.slice/new.service", 3e6, 100, nil)
	m.unit("user.slice/user-1.slice/user@1.service", 8e6, 3000, nil)
	m.unit("user.slice/user-1.slice/user@1.service/app.slice/b.service", 7e6, 2500, nil)
	s = only(m.minute())
	wantJSON(t, s, `"units":[{"name":"a.service","cpu_pct":50,"memory_bytes":1000,"read_bytes_per_s":100,"write_bytes_per_s":10,"oom_kills":1},`+
		`{"name":"b.service","cpu_pct":10,"memory_bytes":2500},`+
		`{"name":"0123456789ab","cpu_pct":5,"memory_bytes":6000,"throttled_pct":25},{"name":"new.service","cpu_pct":5,"memory_bytes":100},`+
		`{"name":"user@1.service","cpu_pct":1.67,"memory_bytes":500}]`)
	m.wantTroubles()
	for i := range 30 {
		m.unit(fmt.Sprintf("system.slice/x%d.service", i), 1e6*i, 100*i, nil)
	}
	s = m.minute()
	m.minute()
	if len(s.Units) != record.MaxUnits || s.Units[0].Name != "x29.service" {
		t.Errorf("%d units: %+v", len(s.Units), s.Units)
	}
	if n := strings.Count(m.log.String(), "first 20 units only"); n != 1 {
		t.Errorf("said %d times:\n%s", n, m.log.String())
	}
}

// TestMachineWithCgroupV1 has no units, and its processes still have.
func TestMachineWithCgroupV1(t *testing.T) {
	m, s := peopled(t, func(m *machine) {
		m.write("proc/50/cgroup", "4:memory:/system.slice/nginx.service\n1:name=systemd:/system.slice/nginx.service\n0::/\n")
		m.write("sys/fs/cgroup/memory/system.slice/nginx.service/cpu.stat", "usage_usec 5\n")
	})
	m.minute()
	if s.Units != nil || one(t, s, "nginx").Unit != "nginx.service" {
		t.Errorf("details are %s", shown(s))
	}
	if n := strings.Count(m.log.String(), "is not a cgroup v2 hierarchy"); n != 1 {
		t.Errorf("said %d times:\n%s", n, m.log.String())
	}
	m.wantTroubles()
}
