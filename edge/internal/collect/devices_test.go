package collect

import (
	"regexp"
	"slices"
	"testing"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"
)

func TestLikelyInterfaces(t *testing.T) {
	got := likelyInterfaces([]string{
		"lo", "eth0", "docker0", "veth12ab", "br-0123", "virbr0", "wlan0", "tun0", "wg0", "bond0", "eth0.100", "enp3s0",
		"cali123", "ens5", "utun3", "awdl0", "en0", "tailscale0", "venet0", "Ethernet 2", "Loopback Pseudo-Interface 1",
	})
	want := []string{"eth0", "wlan0", "enp3s0", "ens5", "en0", "venet0", "Ethernet 2"}
	if !slices.Equal(got, want) {
		t.Errorf("likelyInterfaces gives %q, want %q", got, want)
	}
}

func TestLikelyDevices(t *testing.T) {
	got := likelyDevices([]string{
		"sda", "sda1", "sda12", "sdaa", "nvme0n1", "nvme0n1p1", "nvme1n1", "mmcblk0", "mmcblk0p2", "mmcblk0boot0", "loop0",
		"ram1", "zram0", "dm-3", "md127", "sr0", "vda", "vda1", "xvda1", "disk0",
	})
	want := []string{"sda", "sdaa", "nvme0n1", "nvme1n1", "mmcblk0", "mmcblk0boot0", "vda", "xvda1", "disk0"}
	if !slices.Equal(got, want) {
		t.Errorf("likelyDevices gives %q, want %q", got, want)
	}
}

func TestChooser(t *testing.T) {
	looks := 0
	realNames := map[string]bool{"eth0": true, "eth1": true}
	c := chooser{
		real:     func(name string) bool { looks++; return realNames[name] },
		fallback: func(names []string) []string { return names[:1] },
	}
	choose := func(at time.Duration, names ...string) []string { return c.chooseNames(Moment{Mono: at}, names) }
	if got := choose(0, "lo", "eth0", "eth1"); !slices.Equal(got, []string{"eth0", "eth1"}) {
		t.Errorf("chosen %q", got)
	}
	choose(3*time.Second, "lo", "eth0", "eth1")
	if looks != 3 {
		t.Errorf("%d looks at three devices, want 3", looks)
	}
	delete(realNames, "eth1") // enslaved
	if got := choose(2*time.Minute, "lo", "eth0", "eth1"); !slices.Equal(got, []string{"eth0"}) {
		t.Errorf("after a while chosen %q", got)
	}
	if got := choose(0, "eth9", "lo"); !slices.Equal(got, []string{"eth9"}) {
		t.Errorf("without a real one chosen %q", got)
	}
	c.filter.Exclude = regexp.MustCompile("^(?:eth.*)$")
	if got := choose(0, "lo", "eth0"); len(got) != 0 {
		t.Errorf("with an exclusion chosen %q", got)
	}
	c.filter = Filter{Include: regexp.MustCompile("^(?:l.*)$")}
	if got := choose(0, "lo", "eth0"); !slices.Equal(got, []string{"lo"}) {
		t.Errorf("with an inclusion chosen %q", got)
	}
}

func TestLocalMounts(t *testing.T) {
	got := localMounts([]psdisk.PartitionStat{
		{Device: "/dev/sda2", Mountpoint: "/var/lib/x", Fstype: "ext4", Opts: []string{"rw", "bind"}},
		{Device: "/dev/sda2", Mountpoint: "/", Fstype: "ext4", Opts: []string{"rw"}},
		{Device: "/dev/sda2", Mountpoint: "/srv", Fstype: "ext4", Opts: []string{"rw", "bind"}},
		{Device: "/dev/loop3", Mountpoint: "/snap/core/1", Fstype: "squashfs", Opts: []string{"ro"}},
		{Device: "/dev/sr0", Mountpoint: "/media", Fstype: "iso9660", Opts: []string{"ro"}},
		{Device: "/dev/sda1", Mountpoint: "/boot/efi", Fstype: "vfat", Opts: []string{"rw"}},
	}, "/")
	if want := []string{"/", "/boot/efi"}; !slices.Equal(got, want) {
		t.Errorf("localMounts gives %q, want %q", got, want)
	}
	if got := localMounts(nil, "/host"); !slices.Equal(got, []string{"/host"}) {
		t.Errorf("without any localMounts gives %q", got)
	}
}

func TestDistribution(t *testing.T) {
	for _, c := range []struct{ release, debian, want string }{
		{"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n", "12.5", "debian 12.5"},
		{"ID=debian\n", "trixie/sid", "debian"},
		{"ID=ubuntu\nVERSION_ID=\"24.04\"\n", "trixie/sid", "ubuntu 24.04"},
		{"ID='amzn'\nVERSION_ID='2023'\n", "", "amzn 2023"},
		{"ID=arch\n", "", "arch"},
		{"", "", ""},
	} {
		if got := distribution(c.release, c.debian); got != c.want {
			t.Errorf("distribution is %q, want %q", got, c.want)
		}
	}
}
