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
	before := rssFile(t)
	unmapBinary()
	if after := rssFile(t); after > before*3/4 {
		t.Errorf("%d kB of files are mapped in memory, before %d", after, before)
	}
}

func rssFile(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(status), "RssFile:")
	if !found {
		t.Fatal("/proc/self/status has no RssFile")
	}
	kB, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kB
}
