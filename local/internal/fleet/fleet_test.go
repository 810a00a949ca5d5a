package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fleet"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// memory keeps the records that are put.
type memory struct {
	mu      sync.Mutex // guards the fields below
	records [][]byte
	calls   int
	err     error
}

func (m *memory) Put(_ context.Context, records [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.calls++
	m.records = append(m.records, records...)
	return nil
}

// samples reads all packs. Each must hold samples of one hour only.
func (m *memory) samples(t *testing.T) (all []record.Sample) {
	t.Helper()
	var r record.PackReader
	for _, p := range m.records {
		lines, err := r.AppendLines(nil, p)
		if err != nil {
			t.Fatal(err)
		}
		hours := map[record.Hour]bool{}
		for line := range bytes.Lines(lines) {
			s, err := record.ParseSample(line)
			if err != nil {
				t.Fatal(err)
			}
			hours[record.HourOf(s.TS)] = true
			all = append(all, s)
		}
		if len(hours) != 1 {
			t.Errorf("a pack of %d hours", len(hours))
		}
	}
	return all
}

var from = time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)

func history(t *testing.T, seed uint64, hosts int, days int, interval time.Duration) []record.Sample {
	t.Helper()
	var m memory
	n, err := fleet.History(t.Context(), &m, fleet.Options{
		Hosts: hosts, Seed: seed, Interval: interval, MaxLatency: time.Hour, From: from, To: from.AddDate(0, 0, days),
	})
	if err != nil {
		t.Fatal(err)
	}
	all := m.samples(t)
	if int64(len(all)) != n {
		t.Errorf("%d samples put, %d reported", len(all), n)
	}
	return all
}

func TestSameSeedSameRows(t *testing.T) {
	lines := func(seed uint64) string {
		var lines []string
		for _, s := range history(t, seed, 12, 1, 10*time.Minute) {
			lines = append(lines, string(s.AppendJSON(nil)))
		}
		slices.Sort(lines) // hosts are simulated in parallel
		return strings.Join(lines, "\n")
	}
	if a, b := lines(1), lines(1); a != b {
		t.Error("two runs of one seed differ")
	}
	if a, b := lines(1), lines(2); a == b {
		t.Error("two seeds give the same")
	}
}

// The values of each sample are possible, and each story shows on at least one host.
func TestStories(t *testing.T) {
	const days = 14
	all := history(t, 1, 24, days, 15*time.Minute)
	type host struct {
		samples, steal, errors  int
		sessions                map[string]bool
		highestRAM, highestDisk float64
		last                    float64
	}
	hosts := map[string]*host{}
	seen := map[string]bool{}
	for _, s := range all {
		h := hosts[s.Hostname]
		if h == nil {
			h = &host{sessions: map[string]bool{}}
			hosts[s.Hostname] = h
		}
		h.samples++
		h.sessions[s.SessionID] = true
		h.last = max(h.last, s.TS)
		h.highestRAM, h.highestDisk = max(h.highestRAM, s.RAMPct.Or(0)), max(h.highestDisk, s.DiskUsedPct.Or(0))
		if s.CPUStealPct.Or(0) > 5 {
			h.steal++
		}
		if s.NetErrInPerS.Or(0) > 10 {
			h.errors++
		}
		if _, set := s.CPUPct.Get(); set == (s.Seq == 0) {
			t.Fatalf("sample %d of a session: CPU present is %v", s.Seq, set)
		}
		parts := s.CPUUserPct.Or(0) + s.CPUSystemPct.Or(0) + s.CPUIOWaitPct.Or(0) + s.CPUStealPct.Or(0)
		for name, v := range map[string]float64{
			"cpu": s.CPUPct.Or(0), "cpu parts": parts - .02, "ram": s.RAMPct.Or(0), "swap": s.SwapPct.Or(0), "disk": s.DiskUsedPct.Or(0),
			"busy": s.DiskBusyPct.Or(0), "pressure": s.CPUPressurePct.Or(0),
		} {
			if v < -.03 || v > 100 {
				t.Fatalf("%s of %s is %v", name, s.Hostname, v)
			}
		}
		id := s.SessionID + string(rune(s.Seq))
		if seen[id] {
			t.Fatalf("session %s, seq %d twice", s.SessionID, s.Seq)
		}
		seen[id] = true
	}
	if len(hosts) != 24 {
		t.Errorf("%d hosts", len(hosts))
	}
	count := func(what func(h *host) bool) (n int) {
		for h := range maps.Values(hosts) {
			if what(h) {
				n++
			}
		}
		return n
	}
	end := record.TS(from.AddDate(0, 0, days))
	for name, n := range map[string]int{
		"died":            count(func(h *host) bool { return h.last < end-24*3600 }),
		"leaked":          count(func(h *host) bool { return h.highestRAM > 95 && len(h.sessions) > 2 }),
		"filled":          count(func(h *host) bool { return h.highestDisk > 90 }),
		"noisy neighbour": count(func(h *host) bool { return h.steal > 10 }),
		"errors":          count(func(h *host) bool { return h.errors > 10 }),
		"restarted":       count(func(h *host) bool { return len(h.sessions) > 3 }),
	} {
		if n < 1 || n > 12 {
			t.Errorf("%s: %d of %d hosts", name, n, len(hosts))
		}
	}
}

// A simulated machine gives all columns except in the first sample of a session, and always the same machine_id.
func TestEveryColumnHasValues(t *testing.T) {
	ids := map[string]string{} // of a host
	for _, s := range history(t, 1, 12, 1, time.Hour) {
		if known := ids[s.Hostname]; known != "" && known != s.MachineID {
			t.Errorf("%s has machine_id %s and %s", s.Hostname, known, s.MachineID)
		}
		ids[s.Hostname] = s.MachineID
		if s.Seq == 0 {
			continue
		}
		line := string(s.AppendJSON(nil))
		for _, c := range record.SampleColumns() {
			if !strings.Contains(line, `"`+c.Name+`":`) {
				t.Fatalf("%s is absent in %s", c.Name, line)
			}
		}
		if core := s.CPUCoreMaxPct.Or(0); core < s.CPUPct.Or(0)-.01 {
			t.Errorf("the busiest core of %s is at %v, all together at %v", s.Hostname, core, s.CPUPct.Or(0))
		}
	}
	if other := slices.Compact(slices.Sorted(maps.Values(ids))); len(ids) != 12 || len(other) != 12 {
		t.Errorf("%d hosts have %d machine_ids", len(ids), len(other))
	}
}

// The load is higher at noon than at night, and higher on weekdays than at weekends.
func TestRhythm(t *testing.T) {
	var noon, night, weekend []float64
	for _, s := range history(t, 1, 6, 14, 30*time.Minute) {
		if s.NodeRole != "web" {
			continue
		}
		at := time.UnixMilli(record.Millis(s.TS)).UTC()
		busy := s.CPUPct.Or(0)
		switch d, h := at.Weekday(), at.Hour(); {
		case d == time.Saturday || d == time.Sunday:
			if h >= 12 && h < 16 {
				weekend = append(weekend, busy)
			}
		case h >= 12 && h < 16:
			noon = append(noon, busy)
		case h < 4:
			night = append(night, busy)
		}
	}
	mean := func(v []float64) (sum float64) {
		for _, x := range v {
			sum += x / float64(len(v))
		}
		return sum
	}
	if a, b, c := mean(noon), mean(night), mean(weekend); a < 2*b || a < 1.2*c {
		t.Errorf("CPU at noon %.1f, at night %.1f, at a weekend's noon %.1f", a, b, c)
	}
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m memory
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		n, err := fleet.Live(ctx, &m, fleet.Options{Hosts: 3, Seed: 1, Interval: 3 * time.Second, MaxLatency: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		all := m.samples(t)
		if n != 3*21 || len(all) != 3*21 {
			t.Errorf("%d samples, %d put; want 63 in a minute", n, len(all))
		}
		if m.calls < 5 || m.calls > 8 {
			t.Errorf("%d calls in a minute at a latency of 10 s", m.calls)
		}
		var sequence []int64
		for _, s := range all {
			if s.SessionID == all[0].SessionID {
				sequence = append(sequence, s.Seq)
			}
		}
		if !slices.IsSorted(sequence) || len(sequence) != 21 {
			t.Errorf("sequence %v", sequence)
		}
	})
}

func TestPutFails(t *testing.T) {
	refused := errors.New("no such stream")
	_, err := fleet.History(t.Context(), &memory{err: refused}, fleet.Options{
		Hosts: 1, Interval: time.Minute, MaxLatency: time.Minute, From: from, To: from.Add(24 * time.Hour),
	})
	if !errors.Is(err, refused) {
		t.Errorf("error %v", err)
	}
}

// A history calls Deliver at its end, and in between if it has more hours than a delivery buffer has partitions. All samples so far are put
// before each call.
func TestHistoryIsDelivered(t *testing.T) {
	var m memory
	var hours []int
	n, err := fleet.History(t.Context(), &m, fleet.Options{
		Hosts: 3, Seed: 1, Interval: time.Hour, MaxLatency: time.Hour, From: from, To: from.AddDate(0, 0, 45),
		Deliver: func(context.Context) error {
			seen := map[record.Hour]bool{}
			for _, s := range m.samples(t) {
				seen[record.HourOf(s.TS)] = true
			}
			hours = append(hours, len(seen))
			m.records = nil
			return nil
		},
	})
	if err != nil || n == 0 {
		t.Fatal(n, err)
	}
	if len(hours) != 3 || slices.Max(hours) > 450 || hours[0] < 400 || hours[2] < 280 || len(m.records) > 0 {
		t.Errorf("hours at a time: %v, and %d records are left", hours, len(m.records))
	}
	broken := errors.New("broken")
	_, err = fleet.History(t.Context(), &m, fleet.Options{
		Hosts: 1, Interval: time.Hour, MaxLatency: time.Hour, From: from, To: from.AddDate(0, 0, 20),
		Deliver: func(context.Context) error { return broken },
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

// BenchmarkHistory measures the simulation and the packing of a day of 30 hosts.
func BenchmarkHistory(b *testing.B) {
	var samples int64
	for b.Loop() {
		n, err := fleet.History(b.Context(), &memory{}, fleet.Options{
			Hosts: 30, Seed: 1, Interval: 15 * time.Second, MaxLatency: 5 * time.Minute, From: from, To: from.AddDate(0, 0, 1),
		})
		if err != nil {
			b.Fatal(err)
		}
		samples += n
	}
	b.ReportMetric(float64(samples)/b.Elapsed().Seconds(), "rows/s")
}
