// Package hardware tells by names which disks, interfaces and filesystems of a machine count. The collector uses it where the kernel does
// not say more, as in a container; the transform uses it for readings of other collectors. It does not look at the machine.
package hardware

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// stackedDevice matches names of devices that use other devices, or memory, below them.
var stackedDevice = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(loop|ram|zram|dm-|md|sr|fd|nbd|bcache|drbd)\d*`)
})

// LikelyDisks leaves out devices whose names say that they are stacked devices or partitions.
func LikelyDisks(names []string) []string {
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

// isPartition reports whether name is a partition of whole: sda1 of sda, nvme0n1p2 of nvme0n1.
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

// LikelyInterfaces leaves out interfaces whose names say that they are virtual.
func LikelyInterfaces(names []string) []string {
	var likely []string
	for _, name := range names {
		if !virtualInterface().MatchString(name) {
			likely = append(likely, name)
		}
	}
	return likely
}

// IsImage reports whether filesystems of a type are read-only by format and full by design.
func IsImage(fstype string) bool {
	return slices.Contains([]string{"squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf", "cd9660", "cdfs"}, fstype)
}
