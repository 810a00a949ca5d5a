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

// storeMemory leaves out what contradicts the total: in some containers meminfo is put together from several sources, and
// gopsutil's subtraction wraps.
func storeMemory(m *mem.VirtualMemoryStat, s *record.Sample) {
	s.RAMTotalBytes = record.Some(int64(m.Total))
	if m.Available <= m.Total {
		s.RAMAvailableBytes = record.Some(int64(m.Available))
		s.RAMPct = percent(float64(m.Total-m.Available), float64(m.Total))
	}
	if m.Used <= m.Total {
		s.RAMUsedBytes = record.Some(int64(m.Used))
	}
}

// storeSwap reports a machine without swap as using none of it.
func storeSwap(total, free uint64, s *record.Sample) {
	if free > total {
		return
	}
	s.SwapUsedBytes = record.Some(int64(total - free))
	s.SwapPct = record.Some(percent(float64(total-free), float64(total)).Or(0))
}
