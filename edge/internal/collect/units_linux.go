package collect

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// units collects what the services and containers use that cgroup v2 counts (Documentation/admin-guide/cgroup-v2.rst of the kernel).
// Only a control group whose name is that of a unit counts, see unitName; the kernel adds to it what its children use.
type units struct {
	details *details
	root    string // of the hierarchy of version 2
	log     *slog.Logger

	files *procFiles
	known map[string]*controlGroup // by path
	n     int                      // number of the previous details, see [details]
	said  bool
}

// controlGroup is what the last reading said of a unit's control group.
type controlGroup struct {
	unit string
	now  unitCounters
	n    int // number of the details that now was read for
}

// Counters of a control group.
const (
	unitMicros    = iota // CPU time
	unitPeriods          // in which a limit of CPU time held
	unitThrottled        // of these, those in which it stopped the group
	unitRead             // bytes
	unitWritten
	unitOOMKills
	kindsOfUse
)

// unitCounters are the counters and states of a control group. What its controllers do not count is absent.
type unitCounters struct {
	counters         [kindsOfUse]uint64
	memory, limit    record.Long
	hasIO, hasEvents bool
}

func newUnits(roots Roots, d *details, log *slog.Logger) *units {
	return &units{
		details: d, root: filepath.Join(roots.Sys, "fs", "cgroup"), log: log,
		files: newProcFiles(""), known: map[string]*controlGroup{},
	}
}

func (u *units) Collect(_ context.Context, _ Moment, s *record.Sample) error {
	if !u.details.due {
		return nil
	}
	// A machine with version 1 has no such file there.
	if !exists(u.root, "cgroup.controllers") {
		if !u.said {
			u.said = true
			u.log.LogAttrs(context.Background(), slog.LevelInfo, "the details have no services and containers",
				slog.String("because", u.root+" is not a cgroup v2 hierarchy"))
		}
		return nil
	}
	continues := u.details.ok && u.n == u.details.n-1
	u.n = u.details.n
	used := u.walk(nil, u.root, 0, -1)
	for path, g := range u.known {
		if g.n != u.n {
			delete(u.known, path)
		}
	}
	s.Units = u.list(used, continues)
	return nil
}

// deepest bounds the walk. Containers in containers add about five levels each.
const deepest = 16

// walk adds the control groups below a directory. within is the place of the unit in used that they are a part of, -1 if there is none.
func (u *units) walk(used []unitUse, dir string, depth, within int) []unitUse {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return used // it has just ended
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		path, inner := dir+"/"+e.Name(), within
		if unit := unitName(e.Name()); unit != "" {
			used, inner = u.add(used, path, unit, within)
		}
		if depth < deepest && hasChildren(path) {
			used = u.walk(used, path, depth+1, inner)
		}
	}
	return used
}

// hasChildren reports whether a directory has directories: the kernel counts a link for each.
func hasChildren(path string) bool {
	var st syscall.Stat_t
	return syscall.Stat(path, &st) == nil && st.Nlink > 2
}

// unitUse is what the control groups of one unit used since the previous details, without the units in them, and their states.
type unitUse struct {
	name             string
	used             [kindsOfUse]int64
	memory, limit    record.Long
	hasIO, hasEvents bool
}

// add reads a control group and adds it to its unit's. It returns the unit's place in used.
func (u *units) add(used []unitUse, path, unit string, within int) ([]unitUse, int) {
	g := u.known[path]
	// A unit that started since the previous details used all that its counters have.
	known := g != nil && g.n == u.n-1
	if g == nil {
		g = &controlGroup{unit: text(unit)}
	}
	var before unitCounters
	if known {
		before = g.now
	}
	now, ok := u.read(path, before, known)
	if !ok {
		return used, within // it has just ended
	}
	at := slices.IndexFunc(used, func(o unitUse) bool { return o.name == g.unit })
	if at < 0 {
		at, used = len(used), append(used, unitUse{name: g.unit})
	}
	to := &used[at]
	for kind, v := range now.counters {
		by := int64(grown(before.counters[kind], v))
		to.used[kind] += by
		if within >= 0 && within != at {
			used[within].used[kind] -= by
		}
	}
	if v, has := now.memory.Get(); has {
		to.memory = record.Some(to.memory.Or(0) + v)
		if within >= 0 && within != at {
			used[within].memory = record.Some(max(0, used[within].memory.Or(0)-v))
		}
	}
	if v, has := now.limit.Get(); has {
		to.limit = record.Some(to.limit.Or(0) + v)
	}
	to.hasIO, to.hasEvents = to.hasIO || now.hasIO, to.hasEvents || now.hasEvents
	g.now, g.n = now, u.n
	u.known[path] = g
	return used, at
}

// list returns the busiest units: by turns the next one by CPU time and the next one by memory.
func (u *units) list(used []unitUse, continues bool) []record.ServiceUnit {
	used = slices.DeleteFunc(used, func(o unitUse) bool {
		return (o.used[unitMicros] <= 0 || !continues) && o.memory.Or(0) == 0
	})
	cpu := func(a, b unitUse) int { return cmp.Compare(b.used[unitMicros], a.used[unitMicros]) }
	memory := func(a, b unitUse) int { return cmp.Compare(b.memory.Or(0), a.memory.Or(0)) }
	name := func(a, b unitUse) int { return cmp.Compare(a.name, b.name) }
	busy := slices.SortedFunc(slices.Values(used), func(a, b unitUse) int { return cmp.Or(cpu(a, b), memory(a, b), name(a, b)) })
	large := slices.SortedFunc(slices.Values(used), func(a, b unitUse) int { return cmp.Or(memory(a, b), cpu(a, b), name(a, b)) })
	chosen, in := make([]unitUse, 0, len(used)), map[string]bool{}
	for i := range used {
		for _, next := range []unitUse{busy[i], large[i]} {
			if !in[next.name] {
				chosen, in[next.name] = append(chosen, next), true
			}
		}
	}
	chosen = atMost(u.details, chosen, record.MaxUnits, "units")
	first := memory // there are no rates yet
	if continues {
		first = cpu
	}
	slices.SortStableFunc(chosen, first)
	list := make([]record.ServiceUnit, 0, len(chosen))
	for _, o := range chosen {
		list = append(list, o.record(u.details.seconds, continues))
	}
	return list
}

// record returns the details of a unit. There are no rates if the time of the counters' growth is not known.
func (o unitUse) record(seconds float64, continues bool) record.ServiceUnit {
	to := record.ServiceUnit{Name: o.name, MemoryBytes: o.memory, MemoryLimitBytes: o.limit}
	if !continues {
		return to
	}
	rate := func(kind int) record.Float { return perSecond(uint64(max(0, o.used[kind])), seconds) }
	to.CPUPct = record.Some(float64(max(0, o.used[unitMicros])) / 1e6 / seconds * 100)
	if o.used[unitPeriods] > 0 {
		to.ThrottledPct = percent(float64(o.used[unitThrottled]), float64(o.used[unitPeriods]))
	}
	if o.hasIO {
		to.ReadBytesPerS, to.WriteBytesPerS = rate(unitRead), rate(unitWritten)
	}
	if o.hasEvents {
		to.OOMKills = record.Some(int32(min(max(0, o.used[unitOOMKills]), 1e9)))
	}
	return to
}

// read reads a control group. It reads I/O and memory events only if the group used CPU time since before: without that, they are as
// they were. It returns false if the group has ended.
func (u *units) read(path string, before unitCounters, known bool) (now unitCounters, ok bool) {
	data, err := u.files.at(path, "cpu.stat")
	if err != nil {
		return now, false
	}
	c := &now.counters
	keysAndNumbers(data, func(key []byte, v uint64) {
		switch string(key) {
		case "usage_usec":
			c[unitMicros] = v
		case "nr_periods":
			c[unitPeriods] = v
		case "nr_throttled":
			c[unitThrottled] = v
		}
	})
	now.memory, now.limit = u.number(path, "memory.current"), u.number(path, "memory.max")
	if known && c[unitMicros] == before.counters[unitMicros] {
		for _, kind := range [...]int{unitRead, unitWritten, unitOOMKills} {
			c[kind] = before.counters[kind]
		}
		now.hasIO, now.hasEvents = before.hasIO, before.hasEvents
		return now, true
	}
	if data, err := u.files.at(path, "io.stat"); err == nil { // lines of 8:0 rbytes=1 wbytes=2 rios=3 …
		now.hasIO = true
		for word := range bytes.FieldsSeq(data) {
			key, value, _ := bytes.Cut(word, []byte("="))
			var v [1]uint64
			numbers(value, v[:])
			switch string(key) {
			case "rbytes":
				c[unitRead] += v[0]
			case "wbytes":
				c[unitWritten] += v[0]
			}
		}
	}
	if data, err := u.files.at(path, "memory.events"); err == nil {
		now.hasEvents = true
		keysAndNumbers(data, func(key []byte, v uint64) {
			if string(key) == "oom_kill" {
				c[unitOOMKills] = v
			}
		})
	}
	return now, true
}

// number reads a file with one number. It is absent if the file has none, such as "max" for a limit.
func (u *units) number(path, file string) (n record.Long) {
	data, err := u.files.at(path, file)
	if err != nil {
		return n
	}
	var v [1]uint64
	if got, _ := numbers(data, v[:]); got == 1 {
		n = record.Some(int64(v[0]))
	}
	return n
}

// keysAndNumbers calls each for the lines of a file, which have a key and a number.
func keysAndNumbers(data []byte, each func(key []byte, v uint64)) {
	for line := range bytes.Lines(data) {
		key, value, _ := bytes.Cut(line, []byte(" "))
		var v [1]uint64
		if n, _ := numbers(value, v[:]); n == 1 {
			each(key, v[0])
		}
	}
}
