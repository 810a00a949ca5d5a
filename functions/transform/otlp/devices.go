package otlp

import (
	"cmp"
	"maps"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/hardware"
)

func (c collection) storeDevices(s *record.Sample) {
	c.storeDisks(s)
	c.storeInterfaces(s)
	c.storeFilesystems(s)
}

// increase adds to a number that may be absent.
func increase(to *record.Float, v float64) { *to = record.Some(to.Or(0) + v) }

// deviceAttributes are the attributes of points that tell a device and a direction. Each has two names: that of the receiver and that of the
// semantic conventions.
type deviceAttributes struct {
	name, direction []string
	in              string // the direction into the machine
}

var (
	diskAttributes      = deviceAttributes{[]string{"device", "system.device"}, []string{"direction", "disk.io.direction"}, "read"}
	interfaceAttributes = deviceAttributes{[]string{"device", "network.interface.name"}, []string{"direction", "network.io.direction"}, "receive"}
)

// eachDifference calls store for each point that is a difference and names a device. It creates a device at its first point. in is true for
// what is read or received.
func eachDifference[T any](
	points []point, a deviceAttributes, devices map[string]*T, create func(name string) *T, store func(d *T, p point, in bool),
) {
	for _, p := range points {
		name := p.attributes.first(a.name...)
		if p.seconds == 0 || name == "" {
			continue
		}
		if devices[name] == nil {
			devices[name] = create(name)
		}
		store(devices[name], p, p.attributes.first(a.direction...) == a.in)
	}
}

// storeDisks stores the disks, but not their partitions and not devices that are stacked on them. A point tells
// only the device's name, so the name decides.
func (c collection) storeDisks(s *record.Sample) {
	type disk struct {
		record.Disk
		operations, millis float64 // since the collection before
	}
	disks := map[string]*disk{}
	create := func(name string) *disk { return &disk{Disk: record.Disk{Device: name}} }
	each := func(metric string, store func(d *disk, p point, reads bool)) {
		eachDifference(c.of(metric), diskAttributes, disks, create, store)
	}
	each("system.disk.io", func(d *disk, p point, reads bool) {
		increase(either(reads, &d.ReadBytesPerS, &d.WriteBytesPerS), p.value/p.seconds)
	})
	each("system.disk.operations", func(d *disk, p point, reads bool) {
		increase(either(reads, &d.ReadOpsPerS, &d.WriteOpsPerS), p.value/p.seconds)
		d.operations += p.value
	})
	each("system.disk.io_time", func(d *disk, p point, _ bool) { d.BusyPct = percent(p.value, p.seconds) })
	each("system.disk.operation_time", func(d *disk, p point, _ bool) { d.millis += 1000 * p.value })
	timed := len(c.of("system.disk.operation_time")) > 0
	for _, name := range hardware.LikelyDisks(slices.Sorted(maps.Keys(disks))) {
		d := disks[name]
		if d.operations > 0 && timed {
			d.AwaitMs = record.Some(d.millis / d.operations)
		}
		s.Disks = append(s.Disks, d.Disk)
		sum(&s.DiskReadBytesPerS, d.ReadBytesPerS)
		sum(&s.DiskWriteBytesPerS, d.WriteBytesPerS)
		sum(&s.DiskReadOpsPerS, d.ReadOpsPerS)
		sum(&s.DiskWriteOpsPerS, d.WriteOpsPerS)
		if busy, ok := d.BusyPct.Get(); ok && (s.DiskBusyDevice == "" || busy > s.DiskBusyPct.Or(0)) {
			s.DiskBusyPct, s.DiskBusyDevice = d.BusyPct, d.Device
		}
	}
	traffic := func(d record.Disk) float64 { return d.ReadBytesPerS.Or(0) + d.WriteBytesPerS.Or(0) }
	s.Disks = topOf(record.MaxDisks, s.Disks, func(a, b record.Disk) int {
		return cmp.Or(cmp.Compare(b.BusyPct.Or(0), a.BusyPct.Or(0)), cmp.Compare(traffic(b), traffic(a)))
	})
}

// storeInterfaces stores the interfaces, except those whose names say that they are virtual.
func (c collection) storeInterfaces(s *record.Sample) {
	interfaces := map[string]*record.Interface{}
	totals := map[string][4]record.Float{} // errors and drops by direction
	create := func(name string) *record.Interface { return &record.Interface{Name: name} }
	each := func(store func(i *record.Interface, p point, received bool), metrics ...string) {
		eachDifference(c.of(metrics...), interfaceAttributes, interfaces, create, store)
	}
	each(func(i *record.Interface, p point, received bool) {
		increase(either(received, &i.RecvBytesPerS, &i.SentBytesPerS), p.value/p.seconds)
	}, "system.network.io")
	each(func(i *record.Interface, p point, received bool) {
		increase(either(received, &i.RecvPacketsPerS, &i.SentPacketsPerS), p.value/p.seconds)
	}, "system.network.packets", "system.network.packet.count")
	each(func(i *record.Interface, p point, received bool) {
		t := totals[i.Name]
		increase(either(received, &t[0], &t[1]), p.value/p.seconds)
		totals[i.Name] = t
		increase(&i.ErrPerS, p.value/p.seconds)
	}, "system.network.errors")
	each(func(i *record.Interface, p point, received bool) {
		t := totals[i.Name]
		increase(either(received, &t[2], &t[3]), p.value/p.seconds)
		totals[i.Name] = t
		increase(&i.DropPerS, p.value/p.seconds)
	}, "system.network.dropped", "system.network.packet.dropped")
	for _, name := range hardware.LikelyInterfaces(slices.Sorted(maps.Keys(interfaces))) {
		i, t := interfaces[name], totals[name]
		s.Interfaces = append(s.Interfaces, *i)
		sum(&s.NetBytesRecvPerS, i.RecvBytesPerS)
		sum(&s.NetBytesSentPerS, i.SentBytesPerS)
		sum(&s.NetPacketsRecvPerS, i.RecvPacketsPerS)
		sum(&s.NetPacketsSentPerS, i.SentPacketsPerS)
		sum(&s.NetErrInPerS, t[0])
		sum(&s.NetErrOutPerS, t[1])
		sum(&s.NetDropInPerS, t[2])
		sum(&s.NetDropOutPerS, t[3])
	}
	traffic := func(i record.Interface) float64 { return i.RecvBytesPerS.Or(0) + i.SentBytesPerS.Or(0) }
	s.Interfaces = topOf(record.MaxInterfaces, s.Interfaces, func(a, b record.Interface) int { return cmp.Compare(traffic(b), traffic(a)) })
}

// storeFilesystems stores the filesystems that can be written, each device once. The receiver leaves out those that are not on a device.
func (c collection) storeFilesystems(s *record.Sample) {
	type filesystem struct {
		record.Filesystem
		used, inodes, inodesUsed float64
	}
	byMount := map[string]*filesystem{}
	each := func(metric string, store func(f *filesystem, state string, v float64)) {
		for _, p := range c.of(metric) {
			a := p.attributes
			mount, kind := a.first("mountpoint", "system.filesystem.mountpoint"), a.first("type", "system.filesystem.type")
			if mount == "" || a.first("mode", "system.filesystem.mode") == "ro" || hardware.IsImage(kind) {
				continue
			}
			if byMount[mount] == nil {
				byMount[mount] = &filesystem{Filesystem: record.Filesystem{Mount: mount, Device: a.first("device", "system.device"), FSType: kind}}
			}
			store(byMount[mount], a.first("state", "system.filesystem.state"), p.value)
		}
	}
	each("system.filesystem.usage", func(f *filesystem, state string, v float64) {
		f.TotalBytes = record.Some(f.TotalBytes.Or(0) + int64(v))
		switch state {
		case "used":
			f.used = v
		case "free":
			f.FreeBytes = record.Some(int64(v))
		}
	})
	each("system.filesystem.inodes.usage", func(f *filesystem, state string, v float64) {
		f.inodes += v
		if state == "used" {
			f.inodesUsed = v
		}
	})
	seen := map[string]bool{}
	for _, mount := range slices.SortedFunc(maps.Keys(byMount), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) // of two mounts of one device, the shorter name comes first
	}) {
		f := byMount[mount]
		// Used space as a share of what unprivileged users can use, as df shows it.
		f.UsedPct = percent(f.used, f.used+float64(f.FreeBytes.Or(0)))
		pct, ok := f.UsedPct.Get()
		if !ok || f.Device != "" && seen[f.Device] {
			continue
		}
		seen[f.Device] = true
		f.InodesUsedPct = percent(f.inodesUsed, f.inodes)
		s.Filesystems = append(s.Filesystems, f.Filesystem)
		if s.DiskUsedMount == "" || pct > s.DiskUsedPct.Or(0) {
			s.DiskUsedPct, s.DiskFreeBytes, s.DiskUsedMount = f.UsedPct, f.FreeBytes, mount
		}
		if inodes, ok := f.InodesUsedPct.Get(); ok {
			s.InodesUsedPct = record.Some(max(inodes, s.InodesUsedPct.Or(0)))
		}
	}
	s.Filesystems = topOf(record.MaxFilesystems, s.Filesystems, func(a, b record.Filesystem) int {
		return cmp.Compare(b.UsedPct.Or(0), a.UsedPct.Or(0))
	})
}

func either[T any](yes bool, a, b *T) *T {
	if yes {
		return a
	}
	return b
}

// sum adds a number to a sum if the number is known.
func sum(to *record.Float, v record.Float) {
	if v, ok := v.Get(); ok {
		increase(to, v)
	}
}

// topOf sorts a list and returns its first n elements. Elements that compare equal keep their places.
func topOf[T any](n int, list []T, order func(a, b T) int) []T {
	slices.SortStableFunc(list, order)
	return list[:min(n, len(list))]
}
