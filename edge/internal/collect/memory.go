package collect

import (
	"context"
	"errors"

	"github.com/shirou/gopsutil/v3/mem"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// memory collects physical memory and swap.
type memory struct{ from *readings }

func (c memory) Collect(ctx context.Context, _ Moment, s *record.Sample) error {
	m, err := c.from.memoryState(ctx)
	if err != nil {
		return err
	}
	if m.Total == 0 {
		return errors.New("no memory total")
	}
	storeMemory(m, s)
	storeSwap(m.SwapTotal, m.SwapFree, s)
	return nil
}

// storeMemory defines used memory as what is not available. Total minus caches would be wrong: Cached includes shared memory, which
// the kernel cannot give back.
//
// In some containers meminfo mixes the container's values with the host's. If available exceeds the total it is the host's, and
// free memory takes its place, as in free(1) of procps.
func storeMemory(m *mem.VirtualMemoryStat, s *record.Sample) {
	s.RAMTotalBytes = record.Some(int64(m.Total))
	available := m.Available
	if available > m.Total {
		available = m.Free
	}
	if available > m.Total {
		return
	}
	s.RAMAvailableBytes = record.Some(int64(available))
	s.RAMUsedBytes = record.Some(int64(m.Total - available))
	s.RAMPct = percent(float64(m.Total-available), float64(m.Total))
}

// storeSwap stores 0 % for a machine without swap.
func storeSwap(total, free uint64, s *record.Sample) {
	if free > total {
		return
	}
	s.SwapUsedBytes = record.Some(int64(total - free))
	s.SwapPct = record.Some(percent(float64(total-free), float64(total)).Or(0))
}
