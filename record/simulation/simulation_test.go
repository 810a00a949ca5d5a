package simulation_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

var start = time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)

const days = 30 * 24 * time.Hour

var fleet = simulation.Fleet{Seed: 1, Start: start, About: days}

// within says whether an event goes on at a time.
func within(truth []simulation.Episode, event simulation.Event, at time.Time) bool {
	return slices.ContainsFunc(truth, func(e simulation.Episode) bool {
		return e.Event == event && !at.Before(e.From) && at.Before(e.To)
	})
}

// Each story of the usual fleet is told, and the samples show what the truth says when it says so, and at no other time.
func TestSamplesShowTheTruth(t *testing.T) {
	told := map[simulation.Event]int{}
	for n := range 26 {
		h := fleet.Host(n)
		truth := h.Truth(start.Add(days))
		if !slices.IsSortedFunc(truth, func(a, b simulation.Episode) int { return a.From.Compare(b.From) }) {
			t.Errorf("the truth about %s is not in order", h.Machine.Name)
		}
		for _, e := range truth {
			told[e.Event]++
			if !e.From.Before(e.To) || e.From.Before(start.Add(-24*time.Hour)) {
				t.Errorf("%s: %s from %v to %v", h.Machine.Name, e.Event, e.From, e.To)
			}
		}
		const interval = time.Minute
		session := ""
		var since time.Time // of the sample before
		for at := start; at.Before(start.Add(days)); at = at.Add(interval) {
			s, ok := h.Sample(at, interval)
			if gone := within(truth, simulation.Restart, at) || within(truth, simulation.Silence, at); ok == gone {
				t.Fatalf("%s at %v: a sample is %v, the machine is gone %v", s.Hostname, at, ok, gone)
			}
			if !ok {
				continue
			}
			restarted := slices.ContainsFunc(truth, func(e simulation.Episode) bool {
				return e.Event == simulation.Restart && e.From.After(since) && !e.From.After(at)
			})
			if session != "" && (s.SessionID != session) != restarted {
				t.Fatalf("%s at %v: a new session is %v, a restart %v", s.Hostname, at, s.SessionID != session, restarted)
			}
			session, since = s.SessionID, at
			for event, shown := range map[simulation.Event]bool{
				simulation.Steal: s.CPUStealPct.Or(0) > 5,
				simulation.Skew:  s.TS != record.TS(at),
			} {
				if shown != within(truth, event, at) && s.Seq > 0 {
					t.Fatalf("%s at %v: %s is shown %v", s.Hostname, at, event, shown)
				}
			}
			if s.NetErrInPerS.Or(0) > 0 && !within(truth, simulation.NetErrors, at) || s.DiskUsedPct.Or(0) > 66 && !within(truth, simulation.DiskFill, at) ||
				s.RAMPct.Or(0) > 96 && !within(truth, simulation.Leak, at) && h.Machine.Role != simulation.Cache && h.Machine.Role != simulation.DB {
				t.Fatalf("%s at %v shows what is not true: %+v", s.Hostname, at, s)
			}
		}
	}
	for _, e := range []simulation.Event{
		simulation.Job, simulation.Leak, simulation.DiskFill, simulation.Steal, simulation.NetErrors, simulation.Skew, simulation.Restart, simulation.Silence,
	} {
		if told[e] == 0 {
			t.Errorf("%s never happens", e)
		}
	}
}

// The truth is the same for all who ask, before, after and without samples of any interval.
func TestTruthDoesNotDependOnSamples(t *testing.T) {
	for n := range 13 {
		want := fleet.Host(n).Truth(start.Add(days))
		for _, interval := range []time.Duration{time.Minute, time.Hour} {
			h := fleet.Host(n)
			for at := start; at.Before(start.Add(days / 2)); at = at.Add(interval) {
				h.Sample(at, interval)
			}
			if got := h.Truth(start.Add(days)); !reflect.DeepEqual(got, want) {
				t.Errorf("host %d: sampled every %v, the truth is %v, want %v", n, interval, got, want)
			}
		}
	}
	if a, b := fleet.Host(7).Truth(start.Add(days)), (simulation.Fleet{Seed: 2, Start: start, About: days}).Host(7).Truth(start.Add(days)); reflect.DeepEqual(a, b) {
		t.Error("two seeds have the same truth")
	}
}

// culprits are those of a web server.
var culprits = map[simulation.Event]string{
	simulation.Runaway: "ffmpeg", simulation.Leak: "node", simulation.DiskFill: "/", simulation.NetErrors: "ens5", simulation.Job: "tar",
	simulation.SlowDisk: "nvme0n1",
}

// What is chosen happens when it is chosen to, on a machine that is the same otherwise.
func TestChosenEpisodes(t *testing.T) {
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	const end = 600
	for event, shown := range map[simulation.Event]func(minute int, s, calm record.Sample, ok bool) bool{
		simulation.Runaway:   func(_ int, s, _ record.Sample, _ bool) bool { return s.CPUPct.Or(0) > 80 },
		simulation.Leak:      func(_ int, s, calm record.Sample, _ bool) bool { return s.RAMPct.Or(0) > calm.RAMPct.Or(0) },
		simulation.DiskFill:  func(_ int, s, calm record.Sample, _ bool) bool { return s.DiskUsedPct.Or(0) > calm.DiskUsedPct.Or(0) },
		simulation.Steal:     func(_ int, s, _ record.Sample, _ bool) bool { return s.CPUStealPct.Or(0) > 0 },
		simulation.NetErrors: func(_ int, s, _ record.Sample, _ bool) bool { return s.NetErrInPerS.Or(0) > 0 },
		simulation.Skew:      func(minute int, s, _ record.Sample, _ bool) bool { return s.TS != record.TS(at(minute)) },
		simulation.Job:       func(_ int, s, calm record.Sample, _ bool) bool { return s.CPUIOWaitPct.Or(0) > calm.CPUIOWaitPct.Or(0) },
		simulation.SlowDisk:  func(_ int, s, _ record.Sample, _ bool) bool { return s.DiskBusyPct.Or(0) > 90 },
		simulation.Restart:   func(_ int, _, _ record.Sample, ok bool) bool { return !ok },
		simulation.Silence:   func(_ int, _, _ record.Sample, ok bool) bool { return !ok },
	} {
		m := simulation.Machine{Name: "x", Role: simulation.Web}
		calm := fleet.New(3, m)
		m.Episodes = []simulation.Episode{{Event: event, From: at(200), To: at(400)}}
		h := fleet.New(3, m)
		during, outside := 0, 0
		for minute := range end {
			c, _ := calm.Sample(at(minute), time.Minute)
			s, ok := h.Sample(at(minute), time.Minute)
			switch is := shown(minute, s, c, ok); {
			case is && minute >= 200 && minute < 400:
				during++
			case is:
				outside++
			}
		}
		if during < 150 || outside > 0 && event != simulation.DiskFill { // a filesystem is cleaned to what it has then
			t.Errorf("%s shows in %d of 200 minutes, and in %d others", event, during, outside)
		}
		for i := range m.Episodes {
			m.Episodes[i].Culprit = culprits[event]
		}
		if got := h.Truth(at(end)); !reflect.DeepEqual(got, m.Episodes) {
			t.Errorf("the truth of %s is %v", event, got)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	h, at := fleet.Host(0), start
	for b.Loop() {
		at = at.Add(3 * time.Second)
		h.Sample(at, 3*time.Second)
	}
}

func BenchmarkSampleWithDetails(b *testing.B) {
	h, at := fleet.Host(0), start
	for b.Loop() {
		at = at.Add(time.Minute)
		h.Sample(at, time.Minute)
	}
}
