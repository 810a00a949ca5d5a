package run

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// unmapBinary takes the pages of the executable out of this process's memory. The kernel maps a page again, from its cache, when the
// process next uses it. So the pages that only the start needed stay out. Nothing is lost: nothing writes to these pages, so the file
// has what they hold. A failure costs memory only, and is not reported.
func unmapBinary() { adviseBinary(unix.MADV_DONTNEED) }

// adviseBinary calls madvise for each mapping of the executable that is not writable.
func adviseBinary(advice uintptr) {
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		// A line is "00400000-0089c000 r-xp 00000000 fe:00 123456   /usr/bin/edge", see proc_pid_maps(5).
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || strings.Contains(fields[1], "w") || !strings.HasSuffix(lines.Text(), " "+path) {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		begin, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 == nil && err2 == nil {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(begin), uintptr(end-begin), advice)
		}
	}
}
