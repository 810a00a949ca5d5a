package collect

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

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

// TestPathsOfNVMe: traffic of a multipath namespace counts once, under the namespace's name.
func TestPathsOfNVMe(t *testing.T) {
	disk := func(name string, reads uint64) device {
		return device{name: name, counters: counters{diskReadOps: reads}}
	}
	for name, c := range map[string]struct {
		all  []device
		want []string // "name label"
	}{
		"none is multipath":    {[]device{disk("sda", 1), disk("nvme0n1", 0)}, []string{"sda sda", "nvme0n1 nvme0n1"}},
		"the namespace counts": {[]device{disk("nvme0n1", 5), disk("nvme0c0n1", 3), disk("nvme0c1n1", 2)}, []string{"nvme0n1 nvme0n1"}},
		"only the paths count": {
			[]device{disk("nvme0n1", 0), disk("nvme0c0n1", 3), disk("nvme0c1n1", 2)},
			[]string{"nvme0n1 nvme0n1", "nvme0c0n1 nvme0n1", "nvme0c1n1 nvme0n1"},
		},
		"only one of two is so": {
			[]device{disk("nvme0n1", 0), disk("nvme0c0n1", 3), disk("nvme1n1", 4), disk("nvme1c2n1", 4)},
			[]string{"nvme0n1 nvme0n1", "nvme0c0n1 nvme0n1", "nvme1n1 nvme1n1"},
		},
		"the namespace is not listed": {[]device{disk("nvme0c0n12", 3)}, []string{"nvme0c0n12 nvme0n12"}},
	} {
		var got []string
		for _, d := range accounted(c.all) {
			got = append(got, d.name+" "+d.label())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// matching returns an expression that must match the whole name, as package config makes it.
func matching(expression string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + expression + `)$`)
}
