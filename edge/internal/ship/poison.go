package ship

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// A record that is refused as invalid may be at fault itself, or the destination refuses everything, as a stream does that
// was given another source. Only in the first case may it be set aside, and what tells them apart is another record:
//
//   - A record that is refused is a suspect. It stays where it is, and its lane waits.
//   - Should it be the fresh lane, its lines become backlog, so that fresh samples pass by.
//   - If something else was accepted since, and the suspect is refused again, it is poison: it is halved until the line is
//     found, and that is set aside. If nothing is accepted, nothing is set aside.

// refuse deals with the first pack of a batch, which was refused as invalid when it was sent alone. It returns the packs to
// send in its place, none where its only line was set aside, or the error where nothing is proven yet.
func (s *Shipper) refuse(l spool.Lane, batch spool.Batch, p pack, err error) ([]pack, error) {
	state := &s.lanes[l]
	if !state.suspect || s.records.Load() == state.accepted {
		return nil, err
	}
	if p.lines == 1 {
		s.setAside(batch.Head(1), err)
		state.accepted = s.records.Load() // the next one needs a proof of its own
		return nil, nil
	}
	first, err := s.packer.pack(batch.Lines[:p.lines/2], tailKeep)
	if err != nil {
		return nil, fmt.Errorf("pack %d samples: %w", p.lines/2, err)
	}
	second, err := s.packer.pack(batch.Lines[p.lines/2:p.lines], tailKeep)
	if err != nil {
		return nil, fmt.Errorf("pack %d samples: %w", p.lines-p.lines/2, err)
	}
	return append(first, second...), nil
}

// suspect notes that a lane is held up by a record that was refused as invalid.
func (s *Shipper) suspect(l spool.Lane) {
	state := &s.lanes[l]
	if l == spool.Fresh && !s.lanes[spool.Backlog].suspect {
		s.split()
		state = &s.lanes[spool.Backlog]
	}
	if !state.suspect {
		state.suspect, state.accepted = true, s.records.Load()
	}
	state.due = time.Now().Add(retry.Spread(s.now().MaxLatency))
}

// setAside takes lines out of the queue that nobody will ever take.
func (s *Shipper) setAside(b spool.Batch, reason error) {
	s.unusable.Add(int64(len(b.Lines)))
	s.refused.Failed(reason, slog.Int("samples", len(b.Lines)))
	if err := s.queue.Reject(b); err != nil {
		s.refused.Failed(err)
	}
}
