package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// processes collects which processes use the most CPU time, memory and I/O. It looks at each sample, so that it sees processes that
// end before the next details: it lists all processes, and reads the new ones and those that used CPU time lately. The others are read
// every 15 s and for the details. So a thousand idle processes cost little.
type processes struct {
	details  *details
	sampling time.Duration
	log      *slog.Logger

	pids     pidList
	files    *procFiles
	units    unitNames
	accounts *accounts

	known     []proc // in ascending order of their IDs
	spare     []proc // memory for the next scan
	ended     []proc // since the previous scan, in the same order
	groups    map[groupKey]*group
	scanned   bool // known is what the previous scan found
	scannedAt time.Duration
	allAt     time.Duration // when all were read
	n         int           // number of the previous details, see [details]

	saidHidden, saidIO bool
}

// Kinds of what a process uses and is added up: CPU time in ticks, bytes read and written.
const (
	useCPU = iota
	useRead
	useWrite
)

// uses is an amount of each kind.
type uses [3]uint64

// proc is what the last reading said of a process.
type proc struct {
	pid, parent int32
	threads     int32
	start       uint64 // ticks since boot; it tells processes apart that had the same ID
	name        string
	group       *group
	uid         int64      // -1 if it is not known yet
	total       uses       // since it started; I/O includes that of its children that ended
	children    uint64     // ticks of its children that ended, since it started
	rss         uint64     // bytes
	lately      [3]float64 // uses per second at the last readings
	used        uint64     // ticks since the previous details
	readAt      time.Duration
	account     *account // nil if nothing is open
	active      bool     // it used something at the last reading
	noIO        bool     // the user that the collector runs as may not read its I/O
}

const (
	// scanAfter is the age at which processes are listed again, at the next sample.
	scanAfter = 3 * time.Second
	// Idle processes are read again at the age readAllAfter if the machine has fewer than readAllStep processes, at twice that age if it
	// has fewer than twice as many, and so on. With thousands, most are read for the details only.
	readAllAfter = WatchAfter
	readAllStep  = 1000
)

func newProcesses(o Options, roots Roots, d *details, log *slog.Logger) *processes {
	return &processes{
		details: d, sampling: o.Interval, log: log,
		pids: pidList{proc: roots.Proc}, files: newProcFiles(roots.Proc), units: unitNames{}, accounts: newAccounts(roots.Etc),
		groups: map[groupKey]*group{},
	}
}

func (p *processes) Collect(_ context.Context, at Moment, s *record.Sample) error {
	if !p.details.due && p.scanned && at.Mono-p.scannedAt+p.sampling/2 < scanAfter {
		return nil
	}
	if err := p.scan(at, p.details.due); err != nil {
		p.forget()
		return p.sayHidden(err)
	}
	if p.details.due {
		s.Processes = p.list(at)
		p.begin()
	}
	return nil
}

// watch looks at the processes between two samples.
func (p *processes) watch(at Moment) {
	if err := p.scan(at, false); err != nil {
		p.forget() // the next sample says why
	}
}

// sayHidden logs once that other users' processes cannot be seen. That is a choice of the machine's owner, and not a failure.
func (p *processes) sayHidden(err error) error {
	if hidden := (hiddenError{}); !errors.As(err, &hidden) && !unreadable(err) {
		return err
	}
	if !p.saidHidden {
		p.saidHidden = true
		p.log.LogAttrs(context.Background(), slog.LevelInfo, "the details have no processes", slog.String("because", err.Error()))
	}
	return nil
}

// forget begins anew: what was read before does not continue.
func (p *processes) forget() {
	p.known, p.ended, p.scanned, p.n = p.known[:0], p.ended[:0], false, -1
	clear(p.groups)
}

// scan lists the processes and reads those that are new or active, or all of them.
func (p *processes) scan(at Moment, all bool) error {
	pids, err := p.pids.read()
	if err != nil {
		return err
	}
	all = all || !p.scanned || at.Mono-p.allAt+p.sampling/2 >= readAllAfter*time.Duration(1+len(p.known)/readAllStep)
	before, now := p.known, p.spare[:0]
	p.ended = p.ended[:0]
	for _, pid := range pids {
		for len(before) > 0 && before[0].pid < pid {
			p.ended, before = append(p.ended, before[0]), before[1:]
		}
		known := len(before) > 0 && before[0].pid == pid
		one := proc{pid: pid, uid: -1}
		if known {
			one, before = before[0], before[1:]
		}
		if known && !all && !one.active {
			now = append(now, one)
			continue
		}
		stat, state, err := p.stat(pid)
		if err != nil {
			return err
		}
		if known && (state == gone || state == read && stat.start != one.start) {
			p.ended = append(p.ended, one)
			one, known = proc{pid: pid, uid: -1}, false
		}
		switch {
		case state == read:
			p.update(&one, stat, known, at)
			now = append(now, one)
		case known: // not readable now
			now = append(now, one)
		}
	}
	p.ended = append(p.ended, before...)
	p.spare, p.known = p.known[:0], now
	p.settle(at)
	p.sumMemory()
	p.scanned, p.scannedAt = true, at.Mono
	if all {
		p.allAt = at.Mono
	}
	return nil
}

// outcome is what reading a process led to.
type outcome int

const (
	read outcome = iota
	gone
	odd // the kernel's file cannot be parsed, or the collector's user may not read it
)

// stat reads a process. It fails only if the collector's user may not read other users' processes.
func (p *processes) stat(pid int32) (procStat, outcome, error) {
	data, err := p.files.read(pid, "stat")
	if unreadable(err) {
		return procStat{}, odd, fmt.Errorf("process %d: %w: /proc hides the processes of others (hidepid); "+
			"add the collector's user to the group of its gid= option", pid, err)
	}
	if err != nil {
		return procStat{}, gone, nil
	}
	if s, ok := parseStat(data); ok {
		return s, read, nil
	}
	return procStat{}, odd, nil
}

// update adds to the process's group what the process used since its last reading. A new process used all of its total, unless this
// is the first scan.
func (p *processes) update(one *proc, s procStat, known bool, at Moment) {
	baseline := !known && !p.scanned
	renamed := !known || string(s.name) != one.name
	one.start, one.parent, one.threads, one.rss = s.start, s.parent, s.threads, s.rss*pageSize
	if renamed {
		one.name = string(s.name)
	}
	cpu, children := grown(one.total[useCPU], s.cpu), grown(one.children, s.children)
	one.total[useCPU], one.children = s.cpu, s.children
	active := cpu > 0 || children > 0
	one.active = active || !known
	seconds := (at.Mono - one.readAt).Seconds()
	if !known {
		seconds = (at.Mono - p.scannedAt).Seconds()
	}
	one.readAt = at.Mono
	// s.name is not valid any more from here on: what follows reads other files.
	if renamed {
		p.join(one, s.kernel)
	}
	if active && one.uid < 0 && !baseline {
		p.readUser(one)
	}
	var used uses
	if active || !known {
		used = p.readIO(one)
	}
	if baseline {
		return
	}
	used[useCPU] = cpu
	for kind := range used {
		// On a machine that is short of CPU, a busy process may not have run since the previous scan.
		one.lately[kind] = max(float64(used[kind])/max(seconds, 0.01), one.lately[kind]/2)
	}
	one.used += cpu
	one.group.used[useCPU] += cpu
	if children == 0 {
		one.group.used[useRead] += used[useRead]
		one.group.used[useWrite] += used[useWrite]
		return
	}
	// Which part of this the ended children used is known only after the scan has found all that ended, see settle.
	used[useCPU] = children
	one.open().add(used)
}

// grown returns how much a counter grew. Ticks of user and kernel mode are scaled apart, and their sum may fall by one.
func grown(before, now uint64) uint64 { return now - min(before, now) }

// readIO reads a process's I/O. It returns what was added since the last reading.
func (p *processes) readIO(one *proc) (used uses) {
	if one.noIO {
		return used
	}
	data, err := p.files.read(one.pid, "io")
	if unreadable(err) {
		one.noIO = true
		if !p.saidIO {
			p.saidIO = true
			p.log.LogAttrs(context.Background(), slog.LevelInfo,
				"the details have no I/O of other users' processes: the collector's user may not read it; edge needs CAP_SYS_PTRACE for that")
		}
		return used
	}
	if err != nil {
		return used
	}
	if in, out, ok := parseIO(data); ok {
		used[useRead], used[useWrite] = grown(one.total[useRead], in), grown(one.total[useWrite], out)
		one.total[useRead], one.total[useWrite] = in, out
	}
	return used
}

func (p *processes) readUser(one *proc) {
	if data, err := p.files.read(one.pid, "status"); err == nil {
		if uid, ok := parseUID(data); ok {
			one.uid = uid
		}
	}
}

// join puts a process into the group of its name and unit. A process changes its name if it starts another program; by then, service
// managers and container engines have moved it to its control group.
func (p *processes) join(one *proc, kernel bool) {
	key := groupKey{name: one.name}
	if kernel {
		key.name = kernelName(one.name)
	} else if data, err := p.files.read(one.pid, "cgroup"); err == nil {
		key.unit = p.units.of(data)
	}
	g := p.groups[key]
	if g == nil {
		g = &group{groupKey: key}
		p.groups[key] = g
	}
	one.group = g
}
