// Linux only: other systems do not give every field.

package collect

import (
	"context"
	"log/slog"
	"math"
	"os"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// TestThisMachine reads the machine that the test runs on, twice, and expects every field in its range.
func TestThisMachine(t *testing.T) {
	set := NewSet(Options{Interval: time.Minute, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	clock := NewClock()
	var s record.Sample
	set.Collect(t.Context(), clock.Now(), &s)
	for {
		// Two different readings are needed, not a time: CPU counters move within a few hundredths of a second.
		s = record.Sample{}
		set.Collect(t.Context(), clock.Now(), &s)
		_, all := s.CPUPct.Get()
		_, core := s.CPUCoreMaxPct.Get() // a core's counters may move later than their sum
		if all && core || t.Context().Err() != nil {
			break
		}
	}
	inRange := func(name string, f record.Float, low, high float64) {
		t.Helper()
		if v, ok := f.Get(); !ok || v < low || v > high {
			t.Errorf("%s is %v, present %v, want it in %v..%v", name, v, ok, low, high)
		}
	}
	for name, f := range rates(&s) {
		high := 100.0
		if len(name) > 4 && name[len(name)-4:] != "_pct" {
			high = math.MaxInt64
		}
		inRange(name, *f, 0, high)
	}
	inRange("load1", s.Load1, 0, 1e5)
	inRange("load5", s.Load5, 0, 1e5)
	inRange("load15", s.Load15, 0, 1e5)
	inRange("ram_pct", s.RAMPct, 0.01, 100)
	inRange("swap_pct", s.SwapPct, 0, 100)
	inRange("disk_used_pct", s.DiskUsedPct, 0.01, 100)
	if exists("/proc/pressure/cpu") {
		inRange("cpu_pressure_pct", s.CPUPressurePct, 0, 100)
		inRange("mem_pressure_pct", s.MemPressurePct, 0, 100)
		inRange("io_pressure_pct", s.IOPressurePct, 0, 100)
	}
	total := s.RAMTotalBytes.Or(0)
	if total < 1<<20 || s.RAMUsedBytes.Or(0) <= 0 || s.RAMUsedBytes.Or(0) > total ||
		s.RAMAvailableBytes.Or(0) <= 0 || s.RAMAvailableBytes.Or(0) > total || s.DiskFreeBytes.Or(-1) < 0 ||
		s.SwapUsedBytes.Or(-1) < 0 || s.CPUCount.Or(0) < 1 || s.Procs.Or(0) < 1 || s.UptimeS.Or(0) < 1 ||
		s.Hostname == "" || s.OS != "linux" || s.OSVersion == "" || s.Arch == "" {
		t.Errorf("a field is absent or out of range: %s", s.AppendJSON(nil))
	}
}

func BenchmarkCollect(b *testing.B) {
	set := NewSet(Options{Interval: time.Hour, Log: slog.New(slog.DiscardHandler)})
	clock := NewClock()
	for _, m := range set.members {
		b.Run(nameOf(m.Collector), func(b *testing.B) {
			b.ReportAllocs()
			ctx := set.roots.context(context.Background())
			for range b.N {
				var s record.Sample
				if err := m.Collect(ctx, clock.Now(), &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func nameOf(c Collector) string {
	switch c.(type) {
	case *cpuTimes:
		return "cpu"
	case *network:
		return "network"
	case *disk:
		return "disk"
	case pressure:
		return "pressure"
	case load:
		return "load"
	case memory:
		return "memory"
	case *host:
		return "host"
	}
	return "filesystem"
}
