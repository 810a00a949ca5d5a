package simulation_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// Details are in the first sample of a session and once a minute. They agree with the readings: the parts are at most the whole.
func TestDetails(t *testing.T) {
	const interval = 3 * time.Second
	for n := range 13 {
		h := fleet.Host(n)
		var cpu, sent, written []float64 // since the details before
		var last time.Time
		for at := start; at.Before(start.Add(20 * time.Minute)); at = at.Add(interval) {
			s, ok := h.Sample(at, interval)
			if !ok {
				continue
			}
			cpu, sent, written = append(cpu, s.CPUPct.Or(0)), append(sent, s.NetBytesSentPerS.Or(0)), append(written, s.DiskWriteBytesPerS.Or(0))
			has := s.Filesystems != nil
			if due := s.Seq == 0 || at.Sub(last) >= time.Minute; has != due {
				t.Fatalf("%s, sample %d at %v: details are %v, want %v", s.Hostname, s.Seq, at, has, due)
			}
			if !has {
				continue
			}
			last = at
			checkDetails(t, &s, mean(cpu), mean(sent), mean(written))
			cpu, sent, written = nil, nil, nil
		}
	}
}

func checkDetails(t *testing.T, s *record.Sample, cpu, sent, written float64) {
	t.Helper()
	if len(s.Filesystems) == 0 || len(s.Disks) == 0 || len(s.Interfaces) == 0 || len(s.Processes) == 0 || len(s.Units) == 0 || len(s.Sensors) == 0 {
		t.Fatalf("%s lacks a list: %+v", s.Hostname, s)
	}
	if f := s.Filesystems[0]; f.UsedPct != s.DiskUsedPct || f.Mount != s.DiskUsedMount || f.FreeBytes != s.DiskFreeBytes {
		t.Fatalf("%s: the fullest filesystem is %+v, the sample says %v of %s", s.Hostname, f, s.DiskUsedPct, s.DiskUsedMount)
	}
	for _, f := range s.Filesystems {
		if f.UsedPct.Or(0) > s.DiskUsedPct.Or(0) || f.FreeBytes.Or(0) >= f.TotalBytes.Or(0) {
			t.Fatalf("%s: %+v", s.Hostname, f)
		}
	}
	var processCPU, unitCPU, rss, sentSum, writtenSum, processWritten float64
	for _, p := range s.Processes {
		processCPU, rss, processWritten = processCPU+p.CPUPct.Or(0), rss+float64(p.RSSBytes.Or(0)), processWritten+p.WriteBytesPerS.Or(0)
	}
	for _, u := range s.Units {
		unitCPU += u.CPUPct.Or(0)
		if limit, ok := u.MemoryLimitBytes.Get(); ok && u.MemoryBytes.Or(0) > limit {
			t.Fatalf("%s: %s has more memory than its limit: %+v", s.Hostname, u.Name, u)
		}
	}
	for _, i := range s.Interfaces {
		sentSum += i.SentBytesPerS.Or(0)
	}
	for _, d := range s.Disks {
		writtenSum += d.WriteBytesPerS.Or(0)
	}
	if _, ok := s.Processes[0].CPUPct.Get(); ok == (s.Seq == 0) {
		t.Fatalf("%s, sample %d: rates are %v", s.Hostname, s.Seq, ok)
	}
	if s.Seq == 0 {
		return
	}
	near := func(what string, got, want, tolerance float64) {
		if got > want*(1+1e-6) || got < want*(1-tolerance) {
			t.Fatalf("%s, sample %d: %s is %v, want at most %v and %v of it", s.Hostname, s.Seq, what, got, want, 1-tolerance)
		}
	}
	cores := float64(s.CPUCount.Or(0))
	near("CPU time of processes", processCPU, cpu*cores, .2)
	near("CPU time of units", unitCPU, processCPU, .1)
	near("memory of processes", rss, float64(s.RAMUsedBytes.Or(0)), .4)
	near("bytes sent", sentSum, sent, 1e-6)
	near("bytes written", writtenSum, written, 1e-6)
	near("bytes written by processes", processWritten, written*1.001, .3)
	if !slices.IsSortedFunc(s.Processes, func(a, b record.Process) int { return int(math.Copysign(1, b.CPUPct.Or(0)-a.CPUPct.Or(0))) }) {
		t.Fatalf("%s: processes are not in order: %+v", s.Hostname, s.Processes)
	}
}

func mean(values []float64) float64 {
	sum := 0.
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// While something goes wrong, the details show it on the culprit that the truth names.
func TestDetailsNameTheCulprit(t *testing.T) {
	const interval = 15 * time.Second
	for event, blamed := range map[simulation.Event]func(s, calm *record.Sample, culprit string) bool{
		simulation.Runaway: func(s, _ *record.Sample, culprit string) bool {
			p := s.Processes[0]
			return p.Name == culprit && p.CPUPct.Or(0) > 30*float64(s.CPUCount.Or(0))
		},
		simulation.Job: func(s, _ *record.Sample, culprit string) bool {
			writes := slices.MaxFunc(s.Processes, func(a, b record.Process) int { return int(a.WriteBytesPerS.Or(0) - b.WriteBytesPerS.Or(0)) })
			return writes.Name == culprit && writes.CPUPct.Or(0) > 0
		},
		simulation.Leak: func(s, calm *record.Sample, culprit string) bool {
			at := func(s *record.Sample) int64 {
				return s.Processes[slices.IndexFunc(s.Processes, func(p record.Process) bool { return p.Name == culprit })].RSSBytes.Or(0)
			}
			return at(s) > at(calm)
		},
		simulation.DiskFill: func(s, calm *record.Sample, culprit string) bool {
			return s.Filesystems[0].Mount == culprit && s.Filesystems[0].UsedPct.Or(0) > calm.Filesystems[0].UsedPct.Or(0)
		},
		simulation.SlowDisk: func(s, _ *record.Sample, culprit string) bool {
			d := s.Disks[0]
			return d.Device == culprit && d.AwaitMs.Or(0) > 40 && d.BusyPct.Or(0) > 80
		},
		simulation.NetErrors: func(s, calm *record.Sample, culprit string) bool {
			i := s.Interfaces[0]
			return i.Name == culprit && i.ErrPerS.Or(0) > calm.Interfaces[0].ErrPerS.Or(0)
		},
	} {
		for _, role := range []simulation.Role{simulation.Web, simulation.API, simulation.DB, simulation.Worker, simulation.Cache, simulation.Edge} {
			m := simulation.Machine{Name: "x", Role: role}
			// At noon no regular job runs on these machines.
			from, to := start.Add(12*time.Hour), start.Add(13*time.Hour)
			calm := fleet.New(3, m)
			m.Episodes = []simulation.Episode{{Event: event, From: from, To: to}}
			h := fleet.New(3, m)
			culprit := ""
			for _, e := range h.Truth(to) {
				if e.Event == event && e.From.Equal(from) {
					culprit = e.Culprit
				}
			}
			during, told := 0, 0
			for at := start.Add(11 * time.Hour); at.Before(to); at = at.Add(interval) {
				c, _ := calm.Sample(at, interval)
				s, _ := h.Sample(at, interval)
				if s.Processes == nil || at.Before(from.Add(2*time.Minute)) {
					continue
				}
				during++
				if blamed(&s, &c, culprit) {
					told++
				}
			}
			if culprit == "" || during < 50 || told < during*9/10 {
				t.Errorf("%s on %v: %q is to blame in %d of %d details", event, role, culprit, told, during)
			}
		}
	}
}
