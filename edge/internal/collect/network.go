package collect

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/hardware"
)

// network collects the traffic of all real interfaces together.
type network struct {
	deviceCounters
	from  *readings
	class string // the directory of the interfaces in sysfs
}

// Indexes of the counters of an interface.
const (
	netSentBytes = iota
	netRecvBytes
	netSentPackets
	netRecvPackets
	netErrIn
	netErrOut
	netDropIn
	netDropOut
)

func newNetwork(interval time.Duration, from *readings, roots Roots, filter Filter, d *details) *network {
	class := filepath.Join(roots.Sys, "class", "net")
	isReal := func(string) bool { return false }
	if runtime.GOOS == "linux" {
		isReal = func(name string) bool { return realInterface(class, name) }
	}
	choices := chooser{filter: filter, real: isReal, fallback: hardware.LikelyInterfaces}
	return &network{newDeviceCounters("interface", interval, choices, d), from, class}
}

func (n *network) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	all, err := n.from.networkCounters(ctx)
	if err != nil {
		return err
	}
	changes, seconds, err := n.follow(at, all, func(cur map[string]device) { s.Interfaces = n.list(cur) })
	if len(changes) > 0 {
		storeNetwork(changes, seconds, s)
	}
	return err
}

// list returns the details, the busiest interface first.
func (n *network) list(cur map[string]device) []record.Interface {
	interfaces := make([]record.Interface, 0, len(cur))
	for _, dev := range cur {
		to := record.Interface{Name: text(dev.label())}
		if c, known := n.earlier.change(n.details, dev); known {
			storeInterface(c, n.details.seconds, &to)
		}
		interfaces = append(interfaces, to)
	}
	traffic := func(r record.Interface) float64 { return r.RecvBytesPerS.Or(0) + r.SentBytesPerS.Or(0) }
	slices.SortFunc(interfaces, func(a, b record.Interface) int {
		return cmp.Or(cmp.Compare(traffic(b), traffic(a)), cmp.Compare(a.Name, b.Name))
	})
	interfaces = atMost(n.details, interfaces, record.MaxInterfaces, "interfaces")
	for i := range interfaces {
		interfaces[i].SpeedBitsPerS = linkSpeed(n.class, interfaces[i].Name)
	}
	return interfaces
}

func storeInterface(c change, seconds float64, to *record.Interface) {
	to.RecvBytesPerS, to.SentBytesPerS = c.rate(netRecvBytes, seconds), c.rate(netSentBytes, seconds)
	to.RecvPacketsPerS, to.SentPacketsPerS = c.rate(netRecvPackets, seconds), c.rate(netSentPackets, seconds)
	if !c.back[netErrIn] && !c.back[netErrOut] {
		to.ErrPerS = perSecond(c.by[netErrIn]+c.by[netErrOut], seconds)
	}
	if !c.back[netDropIn] && !c.back[netDropOut] {
		to.DropPerS = perSecond(c.by[netDropIn]+c.by[netDropOut], seconds)
	}
}

// linkSpeed returns the speed of a link. The file has megabits per second. Without a link, or if the driver does not know, it cannot
// be read or has -1 (Documentation/ABI/testing/sysfs-class-net of the kernel); before Linux 3.16 that is 4294967295.
func linkSpeed(class, name string) (speed record.Long) {
	data, err := os.ReadFile(filepath.Join(class, name, "speed"))
	if err != nil {
		return speed
	}
	const most = 1 << 31 // an unknown speed has all bits set
	if megabits, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64); err == nil && megabits > 0 && megabits < most-1 {
		speed = record.Some(megabits * 1e6)
	}
	return speed
}

func storeNetwork(changes []change, seconds float64, s *record.Sample) {
	total, back := sum(changes)
	for i, field := range [...]*record.Float{
		netSentBytes: &s.NetBytesSentPerS, netRecvBytes: &s.NetBytesRecvPerS,
		netSentPackets: &s.NetPacketsSentPerS, netRecvPackets: &s.NetPacketsRecvPerS,
		netErrIn: &s.NetErrInPerS, netErrOut: &s.NetErrOutPerS, netDropIn: &s.NetDropInPerS, netDropOut: &s.NetDropOutPerS,
	} {
		if !back[i] {
			*field = perSecond(total[i], seconds)
		}
	}
}

// realInterface reports whether a Linux interface is hardware, or what a virtual machine sees as hardware. Others would count traffic
// twice: loopback, veth, bridge, bond, VLAN and tunnel have no device behind them. Three kinds do have a device but repeat the
// traffic of another interface: a virtual function that is enslaved to a paravirtual interface, the port of a switch chip (its
// traffic passes the interface that iflink names), and a representor.
func realInterface(class, name string) bool {
	dir := filepath.Join(class, name)
	if !exists(dir, "device") || exists(dir, "master", "device") {
		return false
	}
	// An interface without such a name answers EOPNOTSUPP.
	if port, err := os.ReadFile(filepath.Join(dir, "phys_port_name")); err == nil && representor().Match(port) {
		return false
	}
	index, err1 := os.ReadFile(filepath.Join(dir, "ifindex"))
	link, err2 := os.ReadFile(filepath.Join(dir, "iflink"))
	return err1 != nil || err2 != nil || strings.TrimSpace(string(index)) == strings.TrimSpace(string(link))
}

// representor matches the phys_port_name of a representor: an interface for a function of a network card with a switch of its own.
// Its traffic passes the card's physical port as well, whose name is p0 or p0s1 (Documentation/networking/switchdev.rst of the
// kernel; __devlink_port_phys_port_name_get in net/devlink/port.c adds sub-functions and the number of an external controller).
var representor = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(c\d+)?pf\d+((vf|sf)\d+)?\s*$`)
})
