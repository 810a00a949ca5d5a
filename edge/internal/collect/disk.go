package collect

import (
	"cmp"
	"context"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/hardware"
)

// Indexes of the disk counters.
const (
	diskReadBytes = iota
	diskWriteBytes
	diskReadOps
	diskWriteOps
	diskBusyMillis
	diskReadMillis
	diskWriteMillis
)

// disk collects the traffic of all whole devices together, and how busy the busiest was.
type disk struct {
	deviceCounters
	from *readings
}

func newDisk(interval time.Duration, from *readings, roots Roots, filter Filter, d *details) *disk {
	block := filepath.Join(roots.Sys, "block")
	isReal := func(string) bool { return false }
	if runtime.GOOS == "linux" {
		isReal = func(name string) bool { return wholeDevice(block, name) }
	}
	choices := chooser{filter: filter, real: isReal, fallback: hardware.LikelyDisks}
	return &disk{newDeviceCounters("device", interval, choices, d), from}
}

func (d *disk) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	all, err := d.from.diskCounters(ctx)
	if err != nil {
		return err
	}
	changes, seconds, err := d.follow(at, accounted(all), func(cur map[string]device) { s.Disks = d.list(cur) })
	if len(changes) > 0 {
		storeDisk(changes, seconds, s)
	}
	return err
}

// list returns the details, the busiest disk first.
func (d *disk) list(cur map[string]device) []record.Disk {
	disks := make([]record.Disk, 0, len(cur))
	for _, dev := range cur {
		to := record.Disk{Device: text(dev.label())}
		if c, known := d.earlier.change(d.details, dev); known {
			storeDevice(c, d.details.seconds, &to)
		}
		disks = append(disks, to)
	}
	traffic := func(r record.Disk) float64 { return r.ReadBytesPerS.Or(0) + r.WriteBytesPerS.Or(0) }
	slices.SortFunc(disks, func(a, b record.Disk) int {
		return cmp.Or(cmp.Compare(b.BusyPct.Or(0), a.BusyPct.Or(0)), cmp.Compare(traffic(b), traffic(a)), cmp.Compare(a.Device, b.Device))
	})
	return atMost(d.details, disks, record.MaxDisks, "disks")
}

// countsBusyTime is whether the system counts for how long a disk was busy. Windows and macOS do not: for macOS, gopsutil adds up the times of
// reads and writes, which is more if some of them run at the same time.
const countsBusyTime = runtime.GOOS != "windows" && runtime.GOOS != "darwin"

func storeDevice(c change, seconds float64, to *record.Disk) {
	to.ReadBytesPerS, to.WriteBytesPerS = c.rate(diskReadBytes, seconds), c.rate(diskWriteBytes, seconds)
	to.ReadOpsPerS, to.WriteOpsPerS = c.rate(diskReadOps, seconds), c.rate(diskWriteOps, seconds)
	// On Windows, gopsutil's times of reads and writes are in seconds.
	if runtime.GOOS == "windows" {
		return
	}
	if countsBusyTime && !c.back[diskBusyMillis] {
		to.BusyPct = percent(float64(c.by[diskBusyMillis]), seconds*1000)
	}
	ops := c.by[diskReadOps] + c.by[diskWriteOps]
	if ops > 0 && !c.back[diskReadOps] && !c.back[diskWriteOps] && !c.back[diskReadMillis] && !c.back[diskWriteMillis] {
		to.AwaitMs = record.Some(float64(c.by[diskReadMillis]+c.by[diskWriteMillis]) / float64(ops))
	}
}

func storeDisk(changes []change, seconds float64, s *record.Sample) {
	total, back := sum(changes)
	for i, field := range [...]*record.Float{
		diskReadBytes: &s.DiskReadBytesPerS, diskWriteBytes: &s.DiskWriteBytesPerS,
		diskReadOps: &s.DiskReadOpsPerS, diskWriteOps: &s.DiskWriteOpsPerS,
	} {
		if !back[i] {
			*field = perSecond(total[i], seconds)
		}
	}
	if !countsBusyTime || back[diskBusyMillis] {
		return
	}
	busiest := slices.MaxFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.by[diskBusyMillis], b.by[diskBusyMillis]), cmp.Compare(b.name, a.name))
	})
	s.DiskBusyPct = percent(float64(busiest.by[diskBusyMillis]), seconds*1000)
	s.DiskBusyDevice = busiest.name
}

// hiddenPath matches a path of a multipath NVMe namespace: nvme0c1n2 is a path of nvme0n2.
var hiddenPath = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(nvme\d+)c\d+(n\d+)$`) })

// accounted leaves out devices whose traffic another one counts as well. Since Linux 6.5 a multipath NVMe namespace counts the traffic
// of its paths ("nvme-multipath: support io stats on the mpath device"). On older kernels, or if queue/iostats switches that off, its
// counters stay 0 and only the paths count (https://github.com/Atoptool/atop/pull/157). Then accounted keeps the paths and labels
// them with the namespace's name, which users know.
func accounted(all []device) []device {
	isPath := func(d device) bool { return strings.HasPrefix(d.name, "nvme") && strings.Contains(d.name[4:], "c") }
	if !slices.ContainsFunc(all, isPath) {
		return all
	}
	var kept []device
	for _, d := range all {
		if parts := hiddenPath().FindStringSubmatch(d.name); parts != nil {
			d.as = parts[1] + parts[2]
			if slices.ContainsFunc(all, func(o device) bool { return o.name == d.as && o.counters != counters{} }) {
				continue
			}
		}
		kept = append(kept, d)
	}
	return kept
}

// wholeDevice reports whether a block device is a hardware disk: it is in /sys/block (partitions are not) and has a device behind
// it (loop, ram, zram, device mapper and RAID do not).
func wholeDevice(block, name string) bool {
	// In /sys/block the kernel writes a slash in a name as an exclamation mark, as in cciss!c0d0.
	return !mediumDrive().MatchString(name) && exists(block, strings.ReplaceAll(name, "/", "!"), "device")
}

// mediumDrive matches CD and floppy drives, which would often be the busiest device because they are slow (block majors 2, 11 and
// 97 in Documentation/admin-guide/devices.txt of the kernel).
var mediumDrive = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(sr|scd|fd|pktcdvd)\d+$`) })
