// Linux only: on other systems the collector leaves its executable mapped.

package run

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The pages of the executable that the process does not use leave its memory.
func TestUnmapBinary(t *testing.T) {
	adviseBinary(unix.MADV_POPULATE_READ)
	before := mappedKB(t)
	unmapBinary()
	if after := mappedKB(t); after > before*3/4 {
		t.Errorf("%d kB of files are mapped in memory, before %d", after, before)
	}
}

// A page that was changed and then made read-only keeps its content, for example a page with the relocated addresses of a
// position-independent executable.
func TestUnmapBinaryKeepsChangedPages(t *testing.T) {
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	mapped, err := unix.Mmap(int(file.Fd()), 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Munmap(mapped) }()
	changed := ^mapped[0]
	mapped[0] = changed
	if err := unix.Mprotect(mapped, unix.PROT_READ); err != nil {
		t.Fatal(err)
	}
	unmapBinary()
	if mapped[0] != changed {
		t.Errorf("the page has %#x again as in the file, want the changed %#x", mapped[0], changed)
	}
}

// mappedKB returns how many kB of files are mapped in memory. The kernel counts files of a file system in memory apart (RssShmem);
// the test's binary may be one.
func mappedKB(t *testing.T) (sum int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"RssFile:", "RssShmem:"} {
		_, rest, found := strings.Cut(string(status), name)
		if !found {
			t.Fatalf("/proc/self/status has no %s", name)
		}
		kB, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		sum += kB
	}
	return sum
}
