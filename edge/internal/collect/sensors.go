package collect

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// sensors collects the temperatures that Linux shows in sysfs. Other systems have no such files, and their samples have no sensors.
type sensors struct {
	sys     string
	details *details

	found   []sensor
	listed  bool
	foundAt time.Duration
}

// sensor is a temperature sensor.
type sensor struct {
	name string
	path string // of the file with its temperature
}

// findAfter is the age at which the sensors are listed again: disks with sensors come and go.
const findAfter = 10 * time.Minute

func newSensors(roots Roots, d *details) *sensors { return &sensors{sys: roots.Sys, details: d} }

func (c *sensors) Collect(_ context.Context, at Moment, s *record.Sample) error {
	if !c.details.due {
		return nil
	}
	if !c.listed || at.Mono-c.foundAt >= findAfter {
		c.found, c.listed, c.foundAt = findSensors(c.sys), true, at.Mono
	}
	list := make([]record.Sensor, 0, len(c.found))
	for _, f := range c.found {
		if celsius, ok := temperature(f.path); ok {
			list = append(list, record.Sensor{Name: text(f.name), Celsius: record.Some(celsius)})
		}
	}
	slices.SortFunc(list, func(a, b record.Sensor) int {
		return cmp.Or(cmp.Compare(b.Celsius.Or(0), a.Celsius.Or(0)), cmp.Compare(a.Name, b.Name))
	})
	s.Sensors = atMost(c.details, list, record.MaxSensors, "sensors")
	return nil
}

// findSensors lists the sensors. Some drivers have their temperature both as a hardware monitor and as a thermal zone of the same
// name (thermal_add_hwmon_sysfs in drivers/thermal/thermal_hwmon.c of the kernel, which writes - as _). Then the monitor is listed.
func findSensors(sys string) []sensor {
	monitors, _ := filepath.Glob(filepath.Join(sys, "class", "hwmon", "hwmon*")) // fails only for a malformed pattern
	chips := map[string]int{}                                                    // how many monitors have the name
	for _, dir := range monitors {
		chips[line(dir, "name")]++
	}
	var found []sensor
	for _, dir := range monitors {
		chip := line(dir, "name")
		if chips[chip] > 1 {
			chip += " " + deviceOf(dir)
		}
		inputs, _ := filepath.Glob(filepath.Join(dir, "temp*_input"))
		for _, path := range inputs {
			input := strings.TrimSuffix(path, "_input")
			label := cmp.Or(line(input+"_label"), filepath.Base(input))
			found = append(found, sensor{strings.TrimSpace(chip + " " + label), path})
		}
	}
	zones, _ := filepath.Glob(filepath.Join(sys, "class", "thermal", "thermal_zone*"))
	kinds := map[string]int{}
	for _, dir := range zones {
		kinds[line(dir, "type")]++
	}
	for _, dir := range zones {
		name := cmp.Or(line(dir, "type"), filepath.Base(dir))
		if chips[strings.ReplaceAll(name, "-", "_")] > 0 {
			continue
		}
		if kinds[name] > 1 {
			name += " " + strings.TrimPrefix(filepath.Base(dir), "thermal_zone")
		}
		found = append(found, sensor{name, filepath.Join(dir, "temp")})
	}
	return found
}

// deviceOf returns the name of the device that a monitor is of, such as nvme0. Monitors are numbered in the order in which they are
// found, so that their own names change.
func deviceOf(monitor string) string {
	target, err := os.Readlink(filepath.Join(monitor, "device"))
	if err != nil {
		return filepath.Base(monitor)
	}
	return filepath.Base(target)
}

// line returns the first line of a file of sysfs, empty if it cannot be read.
func line(path ...string) string {
	data, _ := os.ReadFile(filepath.Join(path...))
	first, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(first)
}

// Temperatures outside this range are what drivers report for a sensor that is not connected, such as -128 and 255.
const coldest, hottest = -60, 200

// temperature reads a sensor. The unit is a thousandth of a degree (Documentation/hwmon/sysfs-interface.rst and
// Documentation/driver-api/thermal/sysfs-api.rst of the kernel). A sensor that fails has no temperature: the driver answers EIO,
// ENODATA or EAGAIN, or the file tempN_fault has 1.
func temperature(path string) (celsius float64, ok bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	thousandths, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	celsius = float64(thousandths) / 1000
	if err != nil || celsius < coldest || celsius > hottest {
		return 0, false
	}
	if input, is := strings.CutSuffix(path, "_input"); is && line(input+"_fault") == "1" {
		return 0, false
	}
	return celsius, true
}
