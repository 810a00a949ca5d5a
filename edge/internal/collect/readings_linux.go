package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/shirou/gopsutil/v3/cpu"
	pshost "github.com/shirou/gopsutil/v3/host"
	psload "github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
)

// readings reads what changes from sample to sample. On Linux it reads these few files itself: a sample costs 46 µs and 8 kB of
// garbage, through gopsutil 129 µs and 47 kB (BenchmarkCollect). TestReadingsAgreeWithGopsutil checks that both read the same.
// gopsutil reads everything else. On other systems it reads everything.
type readings struct {
	stat, netDev, diskstats, meminfo, loadavg, uptimes *kernelFile

	arcstats                 *kernelFile // nil if meminfo is not the kernel's own
	pids                     pidList
	cores, interfaces, disks []device
}

func newReadings(r Roots) *readings {
	file := func(path ...string) *kernelFile {
		return newKernelFile(filepath.Join(append([]string{r.Proc}, path...)...))
	}
	all := &readings{
		stat: file("stat"), netDev: newKernelFile(r.netDev()), diskstats: file("diskstats"), meminfo: file("meminfo"),
		loadavg: file("loadavg"), uptimes: file("uptime"), pids: pidList{proc: r.Proc},
	}
	// lxcfs mounts a container's own meminfo over the kernel's. ZFS' cache belongs to the host and is not part of that one.
	if !mountedOver(filepath.Join(r.Proc, "meminfo"), r.Proc) {
		all.arcstats = file("spl", "kstat", "zfs", "arcstats")
	}
	return all
}

// mountedOver reports whether path is on another filesystem than dir, the directory above it.
func mountedOver(path, dir string) bool {
	var a, b syscall.Stat_t
	return syscall.Stat(path, &a) == nil && syscall.Stat(dir, &b) == nil && a.Dev != b.Dev
}

// cpuTicks is how many units of CPU time make a second.
var cpuTicks = cpu.ClocksPerSec

// cpuTimes returns the CPU times since boot (proc_stat(5)): first those of all cores together, then those of each core that is
// online. They are valid until the next call.
func (r *readings) cpuTimes(context.Context) ([]device, error) {
	text, err := r.stat.until(func(text []byte) bool { return bytes.Contains(text, []byte("\nintr")) })
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		name, rest, _ := bytes.Cut(line, []byte(" "))
		if !bytes.HasPrefix(name, []byte("cpu")) {
			break
		}
		var c counters // the file has them in the order of the cpu constants
		if got, _ := numbers(rest, c[:]); got < cpuSteal {
			return nil, fmt.Errorf("%s: %q is cut short", r.stat.path, line)
		}
		r.cores = setDevice(r.cores, n, name, c)
		n++
	}
	if n == 0 || r.cores[0].name != "cpu" {
		return nil, fmt.Errorf("%s: no CPU times", r.stat.path)
	}
	return r.cores[:n], nil
}

// networkCounters returns the counters of all interfaces. They are valid until the next call.
func (r *readings) networkCounters(context.Context) ([]device, error) {
	text, err := r.netDev.whole()
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		colon := bytes.LastIndexByte(line, ':')
		var c [12]uint64
		if colon < 0 {
			continue // the two header lines
		}
		if got, _ := numbers(line[colon+1:], c[:]); got < len(c) {
			return nil, fmt.Errorf("%s: %q is cut short", r.netDev.path, line)
		}
		r.interfaces = setDevice(r.interfaces, n, bytes.TrimSpace(line[:colon]),
			counters{
				netSentBytes: c[8], netRecvBytes: c[0], netSentPackets: c[9], netRecvPackets: c[1],
				netErrIn: c[2], netErrOut: c[10], netDropIn: c[3], netDropOut: c[11],
			})
		n++
	}
	return r.interfaces[:n], nil
}

// sectorBytes is the unit of /proc/diskstats. It does not depend on the device's own sectors.
const sectorBytes = 512

// diskCounters returns the counters of all block devices (Documentation/admin-guide/iostats.rst of the kernel). They are
// valid until the next call.
func (r *readings) diskCounters(context.Context) ([]device, error) {
	text, err := r.diskstats.whole()
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(text) {
		var id [2]uint64
		var c [10]uint64
		_, rest := numbers(line, id[:])
		name, rest, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
		if got, _ := numbers(rest, c[:]); got < len(c) {
			return nil, fmt.Errorf("%s: %q is cut short", r.diskstats.path, line)
		}
		r.disks = setDevice(r.disks, n, name, counters{
			diskReadOps: c[0], diskReadBytes: c[2] * sectorBytes, diskWriteOps: c[4], diskWriteBytes: c[6] * sectorBytes,
			diskBusyMillis: c[9], diskReadMillis: c[3], diskWriteMillis: c[7],
		})
		n++
	}
	return r.disks[:n], nil
}

// memoryState returns the state of memory and swap, in bytes.
func (r *readings) memoryState(ctx context.Context) (*mem.VirtualMemoryStat, error) {
	text, err := r.meminfo.whole()
	if err != nil {
		return nil, err
	}
	var m mem.VirtualMemoryStat
	available := false
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		var v [1]uint64
		if n, _ := numbers(value, v[:]); n == 0 {
			continue
		}
		switch size := v[0] << 10; string(key) {
		case "MemTotal":
			m.Total = size
		case "MemFree":
			m.Free = size
		case "MemAvailable":
			m.Available, available = size, true
		case "SwapTotal":
			m.SwapTotal = size
		case "SwapFree":
			m.SwapFree = size
		}
	}
	state := &m
	if !available { // a kernel before 3.14, or a sandbox: gopsutil estimates it
		if state, err = mem.VirtualMemoryWithContext(ctx); err != nil {
			return nil, err
		}
	}
	if state.Available <= state.Total {
		state.Available += min(r.shrinkableARC(), state.Total-state.Available)
	}
	return state, nil
}

// shrinkableARC returns how many bytes ZFS' cache can give back. Like the page cache it shrinks if memory is needed, down to c_min
// (zfs_arc_min in zfs(4)). The kernel does not count these bytes as available
// (https://github.com/openzfs/zfs/issues/10255), but htop and netdata do, and so does this function.
func (r *readings) shrinkableARC() uint64 {
	if r.arcstats == nil {
		return 0
	}
	text, err := r.arcstats.whole()
	if err != nil {
		return 0 // no ZFS here
	}
	var size, least uint64
	for line := range bytes.Lines(text) { // name, type, data
		var v [2]uint64
		name, rest, _ := bytes.Cut(line, []byte(" "))
		switch string(name) {
		case "size":
			numbers(rest, v[:])
			size = v[1]
		case "c_min":
			numbers(rest, v[:])
			least = v[1]
		}
	}
	return size - min(size, least)
}

// loadAverages returns the load averages of 1, 5 and 15 minutes.
func (r *readings) loadAverages(ctx context.Context) (*psload.AvgStat, error) {
	text, err := r.loadavg.begin()
	if err != nil {
		return psload.AvgWithContext(ctx) // tries the system call as well
	}
	var avg [3]float64
	fields := bytes.Fields(text)
	for i := range avg {
		if i >= len(fields) {
			return nil, fmt.Errorf("%s: %q is cut short", r.loadavg.path, text)
		}
		if avg[i], err = strconv.ParseFloat(string(fields[i]), 64); err != nil {
			return nil, fmt.Errorf("%s: %w", r.loadavg.path, err)
		}
	}
	return &psload.AvgStat{Load1: avg[0], Load5: avg[1], Load15: avg[2]}, nil
}

// uptime returns for how many seconds the machine has been running. The file comes first: with lxcfs it has the container's time,
// but the system call has only the host's.
func (r *readings) uptime(ctx context.Context) (int64, error) {
	text, err := r.uptimes.begin()
	if errors.Is(err, fs.ErrNotExist) {
		seconds, err := pshost.UptimeWithContext(ctx)
		return int64(seconds), err
	}
	if err != nil {
		return 0, err
	}
	var whole [1]uint64
	if n, _ := numbers(text, whole[:]); n == 0 {
		return 0, fmt.Errorf("%s: %q is not a time", r.uptimes.path, text)
	}
	return int64(whole[0]), nil
}

// processes counts the processes.
func (r *readings) processes(context.Context) (count int, err error) {
	pids, err := r.pids.read()
	return len(pids), err
}

// setDevice sets the device at index i. If the name is unchanged it keeps the string, to allocate nothing.
func setDevice(devices []device, i int, name []byte, c counters) []device {
	if i == len(devices) {
		devices = append(devices, device{})
	}
	if d := &devices[i]; d.name != string(name) {
		d.name = string(name)
	}
	devices[i].counters = c
	return devices
}

// numbers parses decimal numbers that blanks separate, at most len(to) of them. It returns how many it found and the text behind
// them.
func numbers(text []byte, to []uint64) (n int, rest []byte) {
	for n < len(to) {
		text = bytes.TrimLeft(text, " \t")
		i := 0
		var v uint64
		for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			v = v*10 + uint64(text[i]-'0')
		}
		if i == 0 {
			break
		}
		to[n], text = v, text[i:]
		n++
	}
	return n, text
}
