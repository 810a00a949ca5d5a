package delivery

import (
	"context"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// ErrFull means that the engine cannot accept more records until it has delivered some.
var ErrFull = journal.ErrFull

// Put accepts records. They are durable when it returns. The error is [ErrFull] if the journal has no room for them.
func (e *Engine) Put(_ context.Context, records [][]byte) error {
	if err := e.journal.Append(e.now(), records); err != nil {
		return err
	}
	size := 0
	for _, r := range records {
		size += len(r)
	}
	e.count(func(s *Stats) { s.Records, s.Bytes = s.Records+int64(len(records)), s.Bytes+int64(size) })
	select {
	case e.wake <- struct{}{}:
	default: // an earlier wake-up is still waiting for the scheduler
	}
	return nil
}
