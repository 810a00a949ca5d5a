package collect

import (
	"context"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// load collects the load averages.
type load struct{ from *readings }

func (l load) Collect(ctx context.Context, _ Moment, s *record.Sample) error {
	avg, err := l.from.loadAverages(ctx)
	if err != nil {
		return err
	}
	s.Load1, s.Load5, s.Load15 = record.Some(avg.Load1), record.Some(avg.Load5), record.Some(avg.Load15)
	return nil
}
