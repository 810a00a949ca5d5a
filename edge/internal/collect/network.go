package collect

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// network collects the traffic of all real interfaces together.
type network struct {
	base    base
	from    *readings
	last    map[string]device
	choices chooser
}

func newNetwork(interval time.Duration, from *readings, roots Roots, filter Filter) *network {
	class := filepath.Join(roots.Sys, "class", "net")
	isReal := func(string) bool { return false }
	if runtime.GOOS == "linux" {
		isReal = func(name string) bool { return realInterface(class, name) }
	}
	return &network{
		base:    base{interval: interval},
		from:    from,
		choices: chooser{filter: filter, real: isReal, fallback: likelyInterfaces},
	}
}

func (n *network) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	all, err := n.from.networkCounters(ctx)
	if err != nil {
		return err
	}
	cur := n.choices.choose(at, all)
	last := n.last
	n.last = cur
	seconds, ok := n.base.advance(at)
	if len(cur) == 0 {
		return errors.New("no interface to count")
	}
	if !ok {
		return nil
	}
	if changes := differences(last, cur); len(changes) > 0 {
		storeNetwork(changes, seconds, s)
	}
	return nil
}

func storeNetwork(changes []change, seconds float64, s *record.Sample) {
	total, back := sum(changes)
	for i, field := range []*record.Float{
		&s.NetBytesSentPerS, &s.NetBytesRecvPerS, &s.NetPacketsSentPerS, &s.NetPacketsRecvPerS,
		&s.NetErrInPerS, &s.NetErrOutPerS, &s.NetDropInPerS, &s.NetDropOutPerS,
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

// virtualInterface matches names that container engines, hypervisors, VPNs and systems use for virtual interfaces. Their traffic
// stays in the machine, or another interface carries it too.
var virtualInterface = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(` + strings.Join([]string{
		`lo\d*`, `docker.*`, `veth.*`, `br-.*`, `br\d+`, `virbr.*`, `vnet\d+`, `vmnet.*`, `vboxnet.*`, `lxc.*`, `lxd.*`,
		`cni.*`, `flannel.*`, `cali.*`, `cilium.*`, `weave.*`, `kube.*`, `nodelocaldns`, `tun.*`, `tap.*`, `wg.*`, `tailscale.*`,
		`bond.*`, `team\d+`, `dummy.*`, `ifb.*`, `sit.*`, `gre.*`, `ip6.*`, `.*\.\d+`, `vlan\d+`,
		`utun.*`, `awdl.*`, `llw.*`, `bridge.*`, `gif.*`, `stf.*`, `anpi.*`, `ap\d+`,
		`Loopback Pseudo-Interface.*`, `isatap.*`, `Teredo.*`, `vEthernet.*`,
	}, "|") + `)$`)
})

// likelyInterfaces leaves out interfaces whose names say that they are virtual.
func likelyInterfaces(names []string) []string {
	var likely []string
	for _, name := range names {
		if !virtualInterface().MatchString(name) {
			likely = append(likely, name)
		}
	}
	return likely
}
