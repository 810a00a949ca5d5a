package collect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pidList lists the processes of a /proc. It keeps its memory.
type pidList struct {
	proc    string
	entries []byte
	pids    []int32
}

// read returns the IDs of all processes, in ascending order: the names in /proc that are numbers. They are valid until the next call.
// If process 1 is missing, so are others: with hidepid=2 (proc(5)) a user other than root sees only its own processes.
func (l *pidList) read() ([]int32, error) {
	fd, err := syscall.Open(l.proc, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", l.proc, err)
	}
	defer func() { _ = syscall.Close(fd) }()
	if l.entries == nil {
		l.entries = make([]byte, 8<<10)
	}
	l.pids = l.pids[:0]
	for {
		n, err := syscall.ReadDirent(fd, l.entries)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", l.proc, err)
		}
		if n == 0 {
			break
		}
		l.pids = appendPIDs(l.pids, l.entries[:n])
	}
	if !slices.IsSorted(l.pids) { // another filesystem than proc
		slices.Sort(l.pids)
	}
	if len(l.pids) == 0 || l.pids[0] != 1 {
		return nil, hiddenError{l.proc}
	}
	return l.pids, nil
}

// hiddenError says that /proc does not show the processes of other users.
type hiddenError struct{ proc string }

func (e hiddenError) Error() string {
	return e.proc + " does not show process 1: it is not mounted, or hides the processes of others (hidepid); " +
		"add the collector's user to the group of its gid= option"
}

// appendPIDs appends the numbers among the names of directory entries. An entry is a struct linux_dirent64 (getdents64(2)): inode and
// offset (8 bytes each), length of the entry (2), type (1), and the name with a zero byte behind it.
func appendPIDs(pids []int32, entries []byte) []int32 {
	const head = 19
	for len(entries) > head {
		length := int(binary.NativeEndian.Uint16(entries[16:]))
		if length <= head || length > len(entries) {
			break
		}
		pid := int32(0)
		for _, c := range entries[head:length] {
			if c == 0 {
				break
			}
			if c < '0' || c > '9' || pid > 1e8 {
				pid = 0
				break
			}
			pid = pid*10 + int32(c-'0')
		}
		if pid > 0 {
			pids = append(pids, pid)
		}
		entries = entries[length:]
	}
	return pids
}

// procFiles reads small files of the kernel, such as those of processes. A scan reads hundreds, so that it allocates nothing: it
// builds the path in place, and does not use package os or syscall.Open, which copy it.
type procFiles struct {
	path []byte // begins with the directory of /proc and a slash
	root int    // the length of that
	buf  []byte
}

func newProcFiles(proc string) *procFiles {
	path := append([]byte(proc), '/')
	return &procFiles{path: path, root: len(path), buf: make([]byte, 8<<10)}
}

// read returns the content of a process's file, as much as one read gives: these files are shorter than the buffer. It is valid until
// the next call. The error is ENOENT or ESRCH if the process has ended.
func (f *procFiles) read(pid int32, name string) ([]byte, error) {
	f.path = strconv.AppendInt(f.path[:f.root], int64(pid), 10)
	f.path = append(f.path, '/')
	return f.load(name)
}

// at returns the content of the file in a directory, as much as one read gives. It is valid until the next call.
func (f *procFiles) at(dir, name string) ([]byte, error) {
	f.path = append(f.path[:0], dir...)
	f.path = append(f.path, '/')
	return f.load(name)
}

// load reads the file of that name in the directory that path has.
func (f *procFiles) load(name string) ([]byte, error) {
	f.path = append(f.path, name...)
	f.path = append(f.path, 0)
	here := unix.AT_FDCWD
	fd, _, errno := syscall.Syscall6(syscall.SYS_OPENAT, uintptr(here), uintptr(unsafe.Pointer(&f.path[0])),
		syscall.O_RDONLY|syscall.O_CLOEXEC, 0, 0, 0)
	if errno != 0 {
		return nil, errno
	}
	defer func() { _ = syscall.Close(int(fd)) }()
	for {
		n, err := syscall.Read(int(fd), f.buf)
		if !errors.Is(err, syscall.EINTR) {
			return f.buf[:max(n, 0)], err
		}
	}
}

// unreadable reports whether an error says that this user may not read the file.
func unreadable(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}

// procStat is what /proc/<pid>/stat says of a process (proc_pid_stat(5)).
type procStat struct {
	name     []byte // valid until the next reading
	kernel   bool   // it is a thread of the kernel
	parent   int32
	threads  int32
	start    uint64 // ticks since boot
	cpu      uint64 // ticks in user and kernel mode, of all its threads, also of those that ended
	children uint64 // ticks of its children that ended and that it waited for, and of theirs
	rss      uint64 // pages
}

// kernelThread is PF_KTHREAD of the kernel's include/linux/sched.h.
const kernelThread = 0x00200000

// parseStat parses the file. The name is between the first ( and the last ). It can have any byte, also these and line ends.
func parseStat(text []byte) (s procStat, ok bool) {
	begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if begin < 0 || end < begin {
		return s, false
	}
	s.name = text[begin+1 : end]
	rest := text[end+1:]
	var fields [25]uint64 // by their numbers in proc_pid_stat(5), which begin with 1; a negative number is 0
	n := 3
	for ; n < len(fields) && len(rest) > 0; n++ {
		rest = bytes.TrimLeft(rest, " ")
		length := bytes.IndexByte(rest, ' ')
		if length < 0 {
			length = len(bytes.TrimRight(rest, "\n"))
		}
		var number uint64
		for _, c := range rest[:length] {
			if c < '0' || c > '9' { // the state is a letter
				number = 0
				break
			}
			number = number*10 + uint64(c-'0')
		}
		fields[n], rest = number, rest[length:]
	}
	s.kernel = fields[9]&kernelThread != 0
	s.parent, s.threads = int32(fields[4]), int32(fields[20])
	s.cpu, s.children, s.start, s.rss = fields[14]+fields[15], fields[16]+fields[17], fields[22], fields[24]
	return s, n == len(fields)
}

// parseIO returns how many bytes a process caused to be read from and written to storage (proc_pid_io(5)). Those of its children that
// ended and that it waited for are included (wait_task_zombie in kernel/exit.c).
func parseIO(text []byte) (read, written uint64, ok bool) {
	var found int
	for line := range bytes.Lines(text) {
		key, value, _ := bytes.Cut(line, []byte(":"))
		var v [1]uint64
		switch string(key) {
		case "read_bytes":
			n, _ := numbers(value, v[:])
			read, found = v[0], found+n
		case "write_bytes":
			n, _ := numbers(value, v[:])
			written, found = v[0], found+n
		}
	}
	return read, written, found == 2
}

// parseUID returns the effective user ID in /proc/<pid>/status, the second of the four.
func parseUID(text []byte) (uid int64, ok bool) {
	at := bytes.Index(text, []byte("\nUid:"))
	if at < 0 {
		return 0, false
	}
	var ids [2]uint64
	n, _ := numbers(text[at+len("\nUid:"):], ids[:])
	return int64(ids[1]), n == len(ids)
}
