package collect

import (
	"context"

	psload "github.com/shirou/gopsutil/v3/load"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// load collects the load averages.
type load struct{}

func (load) Collect(ctx context.Context, _ Moment, s *record.Sample) error {
	avg, err := psload.AvgWithContext(ctx)
	if err != nil {
		return err
	}
	s.Load1, s.Load5, s.Load15 = record.Some(avg.Load1), record.Some(avg.Load5), record.Some(avg.Load15)
	return nil
}
