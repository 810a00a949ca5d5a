package run

import (
	"bufio"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// unmapBinary takes the pages of the executable out of this process's memory. The kernel maps a page again, from its cache, when the
// process next uses it. So the pages that only the start needed stay out. Mappings with changed pages stay: in a position-independent
// executable, addresses are written into pages before these become read-only. A failure costs memory only, and is not reported.
func unmapBinary() { adviseBinary(unix.MADV_DONTNEED) }

// adviseBinary calls madvise for each mapping of the executable that is not writable and whose pages are all as in the file.
func adviseBinary(advice uintptr) {
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	var begin, end uintptr // of the mapping that the next lines are about; both are 0 if it is another file's, or writable
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) < 2:
		case !strings.HasSuffix(fields[0], ":"):
			begin, end = readOnly(lines.Text(), fields, path)
		case fields[0] == "Anonymous:" && fields[1] == "0" && begin < end: // no page was changed: the kernel makes a copy of a page that is changed
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, begin, end-begin, advice)
		}
	}
}

// readOnly returns where a mapping of the file begins and ends, or 0 and 0 if the line is about another file or a writable mapping. A line
// is "00400000-0089c000 r-xp 00000000 fe:00 123456   /usr/bin/edge", see proc_pid_maps(5).
func readOnly(line string, fields []string, path string) (begin, end uintptr) {
	if len(fields) < 6 || strings.Contains(fields[1], "w") || !strings.HasSuffix(line, " "+path) {
		return 0, 0
	}
	from, to, _ := strings.Cut(fields[0], "-")
	first, err1 := strconv.ParseUint(from, 16, 64)
	last, err2 := strconv.ParseUint(to, 16, 64)
	if err1 != nil || err2 != nil {
		return 0, 0
	}
	return uintptr(first), uintptr(last)
}
