package lake_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// TestPanelsNameTheCulprit: of each event that is simulated, the truth says what it comes from. The panels lead to that: the process
// that takes CPU time or memory, the mount that fills, the disk that is slow, the interface that loses packets.
func TestPanelsNameTheCulprit(t *testing.T) {
	const hours = 5
	from := start.Add(-hours * time.Hour)
	fleet := simulation.Fleet{Seed: 11, Start: from, About: hours * time.Hour}
	var samples []record.Sample
	truth := map[simulation.Event]simulation.Episode{}
	for n, event := range []simulation.Event{"", simulation.Leak, simulation.DiskFill, simulation.SlowDisk, simulation.NetErrors, simulation.Runaway, simulation.Job} {
		m := simulation.Machine{Name: "quiet", Role: simulation.DB, Env: "prod"}
		if event != "" {
			m.Name = strings.ReplaceAll(string(event), " ", "-")
			m.Episodes = []simulation.Episode{{Event: event, From: from.Add(2 * time.Hour), To: start.Add(time.Minute)}}
		}
		if event == simulation.Leak || event == simulation.DiskFill {
			m.Episodes[0].From = from
		}
		host := fleet.New(n, m)
		for at := from; at.Before(start); at = at.Add(20 * time.Second) {
			if s, ok := host.Sample(at, 20*time.Second); ok {
				samples = append(samples, s)
			}
		}
		for _, e := range host.Truth(start) {
			if e.Event == event && e.To.After(start) {
				truth[event] = e
			}
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	p := params(start.Add(-time.Hour), start)
	t.Run("problems", func(t *testing.T) {
		r := runPanel(t, l, "overview-attention", p)
		found := map[string]string{}
		for i := range r.Rows() {
			found[fmt.Sprint(at(t, r, "host", i), ": ", at(t, r, "problem", i))] = fmt.Sprint(at(t, r, "culprit", i))
		}
		for event, problem := range map[simulation.Event]string{
			simulation.Runaway: "CPU", simulation.Leak: "Memory", simulation.DiskFill: "Disk full", simulation.NetErrors: "Network errors",
			simulation.SlowDisk: "Disk busy",
		} {
			key := strings.ReplaceAll(string(event), " ", "-") + ": " + problem
			if name, _, _ := strings.Cut(found[key], " ("); name != truth[event].Culprit {
				t.Errorf("%s: the culprit is %q, want %s; all problems: %v", key, found[key], truth[event].Culprit, found)
			}
		}
		// Of a process, the part of the machine that it uses stands there too.
		if text := found["runaway: CPU"]; !regexp.MustCompile(`^ffmpeg \(convert\.service\) [4-9][0-9] %$`).MatchString(text) {
			t.Errorf("the CPU is that of %q", text)
		}
	})
	for _, c := range []struct {
		event simulation.Event
		panel string
		found func(r panels.Result, host string) string
	}{
		{simulation.Runaway, "processes-hosts", highest("cpu", "host", "process")},
		{simulation.Runaway, "processes-cpu", nil},
		{simulation.Leak, "host-who-memory", grown("process")},
		{simulation.Leak, "host-unit-memory", grown("name")},
		{simulation.DiskFill, "disk-fullest", lowest("full_in", "mount")},
		{simulation.DiskFill, "host-filesystems", lowest("full_in", "mount")},
		{simulation.SlowDisk, "disk-slowest", highest("await", "host", "device")},
		{simulation.SlowDisk, "host-disks", highest("await", "", "device")},
		{simulation.NetErrors, "network-interfaces", highest("lost", "host", "name")},
		{simulation.NetErrors, "host-interfaces", highest("lost", "", "name")},
		{simulation.Job, "host-who-cpu", largest("process")},
		{simulation.Job, "processes-disk", nil},
	} {
		t.Run(fmt.Sprint(c.event, " ", c.panel), func(t *testing.T) {
			culprit := truth[c.event].Culprit
			if culprit == "" {
				t.Fatalf("the truth names no culprit of %s", c.event)
			}
			q := p
			host := strings.ReplaceAll(string(c.event), " ", "-")
			if strings.HasPrefix(c.panel, "host-") || c.found == nil {
				q.Host = host
			}
			found := c.found
			if found == nil {
				found = largest("process")
			}
			got := found(runPanel(t, l, c.panel, q), host)
			if name, _, _ := strings.Cut(got, " ("); name != culprit && c.panel != "host-unit-memory" {
				t.Errorf("%s names %q, want %s on %s", c.panel, got, culprit, host)
			}
			if c.panel == "host-unit-memory" && !strings.HasPrefix(got, "postgresql") {
				t.Errorf("%s names %q, want the unit of %s", c.panel, got, culprit)
			}
		})
	}
}

// cells returns the value of a column in a row of a result, or nil.
func cells(r panels.Result, column string, row int) any {
	if i := r.Index(column); i >= 0 {
		return r.Data[i][row]
	}
	return nil
}

// highest finds the name in the row with the highest value. The row must be of the host, if hostColumn says which it is of.
func highest(column, hostColumn, name string) func(panels.Result, string) string {
	return func(r panels.Result, host string) string {
		best, found := -1.0, ""
		for i := range r.Rows() {
			v, ok := cells(r, column, i).(float64)
			if !ok || v <= best {
				continue
			}
			best, found = v, fmt.Sprint(cells(r, name, i))
			if hostColumn != "" && cells(r, hostColumn, i) != host {
				found = fmt.Sprintf("%s of %v", found, cells(r, hostColumn, i))
			}
		}
		return found
	}
}

// lowest finds the name in the row with the lowest value.
func lowest(column, name string) func(panels.Result, string) string {
	return func(r panels.Result, _ string) string {
		best, found := 1e18, ""
		for i := range r.Rows() {
			if v, ok := cells(r, column, i).(float64); ok && v < best {
				best, found = v, fmt.Sprint(cells(r, name, i))
			}
		}
		return found
	}
}

// largest finds the name with the largest sum over time.
func largest(by string) func(panels.Result, string) string {
	return func(r panels.Result, _ string) string {
		sums := map[string]float64{}
		found := ""
		for i := range r.Rows() {
			name := fmt.Sprint(cells(r, by, i))
			v, _ := cells(r, "value", i).(float64)
			if sums[name] += v; sums[name] > sums[found] {
				found = name
			}
		}
		return found
	}
}

// grown finds the name whose value grew most over time.
func grown(by string) func(panels.Result, string) string {
	return func(r panels.Result, _ string) string {
		firsts := map[string]float64{}
		most, found := 0.0, ""
		for i := range r.Rows() {
			name := fmt.Sprint(cells(r, by, i))
			v, _ := cells(r, "value", i).(float64)
			if _, ok := firsts[name]; !ok {
				firsts[name] = v
			}
			if v-firsts[name] > most {
				most, found = v-firsts[name], name
			}
		}
		return found
	}
}

// TestCulpritsOfWaiting: pressure comes from the process that uses what tasks wait for, and not from the one with the most CPU time. Inodes
// are those of a mount. Nobody on the machine steals its CPU time.
func TestCulpritsOfWaiting(t *testing.T) {
	var samples []record.Sample
	for seq, at := int64(0), start.Add(-time.Hour); at.Before(start); seq, at = seq+1, at.Add(15*time.Second) {
		of := func(host string) record.Sample {
			return record.Sample{
				TS: record.TS(at), SessionID: host, Seq: seq, IntervalS: 15, Hostname: host, CPUCount: record.Some[int32](4), RAMTotalBytes: record.Some[int64](8e9),
				Processes: []record.Process{
					{Name: "busy", CPUPct: record.Some(200.), RSSBytes: record.Some[int64](1e9), Count: record.Some[int32](1)},
					{Name: "writer", CPUPct: record.Some(4.), RSSBytes: record.Some[int64](1e8), WriteBytesPerS: record.Some(5e7), Count: record.Some[int32](1)},
					{Name: "large", CPUPct: record.Some(1.), RSSBytes: record.Some[int64](6e9), Count: record.Some[int32](1)},
				},
				Filesystems: []record.Filesystem{
					{Mount: "/", UsedPct: record.Some(90.), InodesUsedPct: record.Some(20.)},
					{Mount: "/var/mail", UsedPct: record.Some(40.), InodesUsedPct: record.Some(99.)},
				},
			}
		}
		disk, memory, cpu, inodes, stolen := of("disk"), of("memory"), of("cpu"), of("inodes"), of("stolen")
		disk.IOPressurePct, disk.CPUPressurePct = record.Some(60.), record.Some(5.)
		memory.MemPressurePct, memory.IOPressurePct = record.Some(60.), record.Some(50.)
		cpu.CPUPressurePct = record.Some(80.)
		inodes.InodesUsedPct = record.Some(99.)
		stolen.CPUStealPct = record.Some(40.)
		samples = append(samples, disk, memory, cpu, inodes, stolen)
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	r := runPanel(t, open(t, dir), "overview-attention", params(start.Add(-time.Hour), start))
	found := map[string]string{}
	for i := range r.Rows() {
		found[fmt.Sprint(at(t, r, "host", i), ": ", at(t, r, "problem", i))] = fmt.Sprint(at(t, r, "culprit", i))
	}
	for problem, want := range map[string]string{
		"disk: Pressure": "writer 50 MB/s (I/O pressure)", "memory: Pressure": "large 75 % (memory pressure)", "cpu: Pressure": "busy 50 % (CPU pressure)",
		"inodes: Inodes used up": "/var/mail", "stolen: Stolen CPU": "the hypervisor (other virtual machines, or a CPU quota)",
	} {
		if found[problem] != want {
			t.Errorf("%s: the culprit is %q, want %q; all: %v", problem, found[problem], want, found)
		}
	}
}
