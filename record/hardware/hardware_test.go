package hardware_test

import (
	"slices"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/hardware"
)

func TestLikelyInterfaces(t *testing.T) {
	got := hardware.LikelyInterfaces([]string{
		"lo", "eth0", "docker0", "veth12ab", "br-0123", "virbr0", "wlan0", "tun0", "wg0", "bond0", "eth0.100", "enp3s0",
		"cali123", "ens5", "utun3", "awdl0", "en0", "tailscale0", "venet0", "Ethernet 2", "Loopback Pseudo-Interface 1",
	})
	want := []string{"eth0", "wlan0", "enp3s0", "ens5", "en0", "venet0", "Ethernet 2"}
	if !slices.Equal(got, want) {
		t.Errorf("LikelyInterfaces gives %q, want %q", got, want)
	}
}

func TestLikelyDisks(t *testing.T) {
	got := hardware.LikelyDisks([]string{
		"sda", "sda1", "sda12", "sdaa", "nvme0n1", "nvme0n1p1", "nvme1n1", "mmcblk0", "mmcblk0p2", "mmcblk0boot0", "loop0",
		"ram1", "zram0", "dm-3", "md127", "sr0", "vda", "vda1", "xvda1", "disk0",
	})
	want := []string{"sda", "sdaa", "nvme0n1", "nvme1n1", "mmcblk0", "mmcblk0boot0", "vda", "xvda1", "disk0"}
	if !slices.Equal(got, want) {
		t.Errorf("LikelyDisks gives %q, want %q", got, want)
	}
}
