package collect

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Places of the disk counters.
const (
	diskReadBytes = iota
	diskWriteBytes
	diskReadOps
	diskWriteOps
	diskBusyMillis
)

// disk collects the traffic of whole devices together, and how busy the busiest was.
type disk struct {
	base    base
	from    *readings
	last    map[string]counters
	choices chooser
}

func newDisk(interval time.Duration, from *readings, roots Roots, filter Filter) *disk {
	block := filepath.Join(roots.Sys, "block")
	isReal := func(string) bool { return false }
	if runtime.GOOS == "linux" {
		isReal = func(name string) bool { return wholeDevice(block, name) }
	}
	return &disk{
		base:    base{interval: interval},
		from:    from,
		choices: chooser{filter: filter, real: isReal, fallback: likelyDevices},
	}
}

func (d *disk) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	all, err := d.from.diskCounters(ctx)
	if err != nil {
		return err
	}
	cur := d.choices.choose(at, all)
	last := d.last
	d.last = cur
	seconds, ok := d.base.advance(at)
	if len(cur) == 0 {
		return errors.New("no device to count")
	}
	if !ok {
		return nil
	}
	if diffs, ok := differences(last, cur); ok {
		storeDisk(diffs, seconds, s)
	}
	return nil
}

func storeDisk(diffs []counters, seconds float64, s *record.Sample) {
	total := sum(diffs)
	s.DiskReadBytesPerS = perSecond(total[diskReadBytes], seconds)
	s.DiskWriteBytesPerS = perSecond(total[diskWriteBytes], seconds)
	s.DiskReadOpsPerS = perSecond(total[diskReadOps], seconds)
	s.DiskWriteOpsPerS = perSecond(total[diskWriteOps], seconds)
	// Windows counts no busy time.
	if runtime.GOOS != "windows" {
		busiest := slices.MaxFunc(diffs, func(a, b counters) int {
			return cmp.Compare(a[diskBusyMillis], b[diskBusyMillis])
		})
		s.DiskBusyPct = percent(float64(busiest[diskBusyMillis]), seconds*1000)
	}
}

// hiddenPath matches a path of a multipath NVMe namespace, which is counted as the namespace.
var hiddenPath = regexp.MustCompile(`^nvme\d+c\d+n\d+$`)

// wholeDevice reports whether a block device is one of hardware: it stands in /sys/block (partitions do not) and has a
// device behind it (loop, ram, zram, device mapper and RAID have not; they pass on to those that do).
func wholeDevice(block, name string) bool {
	// The kernel writes a slash in a device's name as an exclamation mark there, as in cciss!c0d0.
	return !hiddenPath.MatchString(name) && exists(block, strings.ReplaceAll(name, "/", "!"), "device")
}

// stackedDevice matches names of devices that pass on to others, or to memory.
var stackedDevice = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(loop|ram|zram|dm-|md|sr|fd|nbd|bcache|drbd)\d*`)
})

// likelyDevices leaves out, by name alone, stacked devices and the partitions of the others.
func likelyDevices(names []string) []string {
	var likely []string
	for _, name := range names {
		if !stackedDevice().MatchString(name) && !slices.ContainsFunc(names, func(whole string) bool {
			return isPartition(name, whole)
		}) {
			likely = append(likely, name)
		}
	}
	return likely
}

// isPartition reports whether a name is that of a partition of the other: sda1 of sda, nvme0n1p2 of nvme0n1.
func isPartition(name, whole string) bool {
	rest, ok := strings.CutPrefix(name, whole)
	if !ok || rest == "" || whole == "" {
		return false
	}
	if last := whole[len(whole)-1]; last >= '0' && last <= '9' {
		if rest, ok = strings.CutPrefix(rest, "p"); !ok {
			return false
		}
	}
	return rest != "" && strings.Trim(rest, "0123456789") == ""
}
