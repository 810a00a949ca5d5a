// Linux only: it compares what the collector reads from /proc and /sys with gopsutil. On other systems the collector reads by gopsutil.

package collect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/cpu"
	psdisk "github.com/shirou/gopsutil/v3/disk"
	psload "github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"
	"github.com/shirou/gopsutil/v3/process"
)

// reading is all that readings or gopsutil read on a machine, devices by name.
type reading struct {
	cpu           []device
	network, disk map[string]counters
	memory        mem.VirtualMemoryStat
	load          psload.AvgStat
	processes     int
}

func ours(ctx context.Context, t *testing.T, r *readings) (all reading) {
	t.Helper()
	var errs [6]error
	var network, disks []device
	var memory *mem.VirtualMemoryStat
	var load *psload.AvgStat
	all.cpu, errs[0] = r.cpuTimes(ctx)
	all.cpu = slices.Clone(all.cpu)
	network, errs[1] = r.networkCounters(ctx)
	disks, errs[2] = r.diskCounters(ctx)
	memory, errs[3] = r.memoryState(ctx)
	load, errs[4] = r.loadAverages(ctx)
	all.processes, errs[5] = r.processes(ctx)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	all.network, all.disk, all.memory, all.load = byName(network), byName(disks), *memory, *load
	return all
}

func byName(devices []device) map[string]counters {
	m := map[string]counters{}
	for _, d := range devices {
		if d.counters != (counters{}) { // gopsutil leaves those out
			m[d.name] = d.counters
		}
	}
	return m
}

func gopsutils(ctx context.Context, t *testing.T) (all reading) {
	t.Helper()
	var errs [6]error
	times, err := cpu.TimesWithContext(ctx, false)
	cores, err0 := cpu.TimesWithContext(ctx, true)
	errs[0] = errors.Join(err, err0)
	network, err := net.IOCountersWithContext(ctx, true)
	errs[1] = err
	disks, err := psdisk.IOCountersWithContext(ctx)
	errs[2] = err
	memory, err := mem.VirtualMemoryWithContext(ctx)
	errs[3] = err
	load, err := psload.AvgWithContext(ctx)
	errs[4] = err
	pids, err := process.PidsWithContext(ctx)
	errs[5] = err
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	all.memory, all.load, all.processes = *memory, *load, len(pids)
	for i, c := range append(times, cores...) {
		d := device{name: c.CPU}
		if i == 0 {
			d.name = "cpu"
		}
		// User time includes guest time.
		for place, seconds := range [...]float64{c.User, c.Nice, c.System, c.Idle, c.Iowait, c.Irq, c.Softirq, c.Steal} {
			d.counters[place] = uint64(math.Round(seconds * cpuTicks))
		}
		all.cpu = append(all.cpu, d)
	}
	all.network, all.disk = map[string]counters{}, map[string]counters{}
	for _, st := range network {
		all.network[st.Name] = counters{
			netSentBytes: st.BytesSent, netRecvBytes: st.BytesRecv, netSentPackets: st.PacketsSent, netRecvPackets: st.PacketsRecv,
			netErrIn: st.Errin, netErrOut: st.Errout, netDropIn: st.Dropin, netDropOut: st.Dropout,
		}
	}
	for name, st := range disks {
		all.disk[name] = counters{
			diskReadBytes: st.ReadBytes, diskWriteBytes: st.WriteBytes, diskReadOps: st.ReadCount, diskWriteOps: st.WriteCount,
			diskBusyMillis: st.IoTime, diskReadMillis: st.ReadTime, diskWriteMillis: st.WriteTime,
		}
	}
	return all
}

// used returns the memory values that a sample uses.
func used(m mem.VirtualMemoryStat) []uint64 {
	return []uint64{m.Total, m.Available, m.Free, m.SwapTotal, m.SwapFree}
}

// TestReadingsAgreeWithGopsutil compares both on fake machines, whose files do not change in between.
func TestReadingsAgreeWithGopsutil(t *testing.T) {
	for name, change := range map[string]func(m *machine){
		"the usual one": func(*machine) {},
		"256 cores":     manyCores,
		"no MemAvailable": func(m *machine) {
			m.edit("proc/meminfo", "MemAvailable:    6000000 kB\n", "Active(file): 900000 kB\nInactive(file): 700000 kB\n")
		},
		"an alias and a long name": func(m *machine) {
			m.edit("proc/net/dev", "  eth1:", "eth0:1:", "  vf0:", "averyverylongname0:")
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, Options{})
			change(m)
			roots := m.set.roots
			// Hide the device nodes of the machine that the test runs on.
			env := roots.environment()
			env[common.HostDevEnvKey] = os.DevNull
			ctx := context.WithValue(t.Context(), common.EnvKey, env)
			got, want := ours(ctx, t, newReadings(roots)), gopsutils(ctx, t)
			if !slices.Equal(used(got.memory), used(want.memory)) {
				t.Errorf("memory is %v, gopsutil has %v", used(got.memory), used(want.memory))
			}
			got.memory, want.memory = mem.VirtualMemoryStat{}, mem.VirtualMemoryStat{}
			if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); a != b {
				t.Errorf("read\n%s, gopsutil reads\n%s", a, b)
			}
		})
	}
}

// manyCores turns it into a machine with 256 cores and a line of interrupts that is longer than the buffer.
func manyCores(m *machine) {
	var cores strings.Builder
	for i := range 256 {
		fmt.Fprintf(&cores, "cpu%d 39 4 19 390 8 2 2 3 11 1\n", i)
	}
	m.edit("proc/stat",
		"cpu0 5000 500 2500 50000 1000 250 300 350 1500 150\ncpu1 5000 500 2500 50000 1000 250 300 350 1500 150\n", cores.String(),
		"intr 1\n", "intr 1"+strings.Repeat(" 1234567", 20_000)+"\n")
	cpuinfo := strings.Builder{}
	for i := range 256 {
		fmt.Fprintf(&cpuinfo, "processor\t: %d\n\n", i)
	}
	if err := os.WriteFile(m.path("proc", "cpuinfo"), []byte(cpuinfo.String()), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

// TestReadingsAgreeOnThisMachine: counters only grow, so gopsutil's must lie between those of two readings.
func TestReadingsAgreeOnThisMachine(t *testing.T) {
	r := newReadings(Roots{}.withDefaults())
	before := ours(t.Context(), t, r)
	theirs := gopsutils(t.Context(), t)
	after := ours(t.Context(), t, r)
	total := func(d device) (ticks uint64) {
		for _, i := range []int{cpuUser, cpuNice, cpuSystem, cpuIRQ, cpuSoftIRQ, cpuSteal} {
			ticks += d.counters[i]
		}
		return ticks
	}
	if len(before.cpu) != len(theirs.cpu) || len(theirs.cpu) != len(after.cpu) {
		t.Fatalf("%d cores, %d by gopsutil, %d", len(before.cpu)-1, len(theirs.cpu)-1, len(after.cpu)-1)
	}
	for i, c := range theirs.cpu {
		if x := total(c); x < total(before.cpu[i]) || x > total(after.cpu[i]) {
			t.Errorf("busy time of %s is %v, %v, and by gopsutil in between %v", c.name, total(before.cpu[i]), total(after.cpu[i]), x)
		}
	}
	between := func(what string, before, theirs, after map[string]counters) {
		for name, x := range theirs {
			for i := range x {
				if b, ok := before[name]; ok && (x[i] < b[i] || x[i] > after[name][i]) {
					t.Errorf("counter %d of %s %s is %d, %d, and by gopsutil in between %d", i, what, name, b[i], after[name][i], x[i])
				}
			}
		}
		if len(theirs) == 0 {
			t.Logf("no %s here", what)
		}
	}
	between("interface", before.network, theirs.network, after.network)
	between("disk", before.disk, theirs.disk, after.disk)
	if before.memory.Total != theirs.memory.Total || before.memory.SwapTotal != theirs.memory.SwapTotal {
		t.Errorf("memory is %v, by gopsutil %v", used(before.memory), used(theirs.memory))
	}
}
