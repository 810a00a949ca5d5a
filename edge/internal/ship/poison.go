package ship

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// If a record is refused as invalid, either the record is wrong or the destination refuses everything, for example because the stream
// was given another source. Samples may be rejected only in the first case. Another record tells the two apart:
//
//   - A refused record is a suspect. It stays in the queue, and its lane waits.
//   - If it is in the fresh lane, all lines that wait become backlog, so that new samples can pass. But if the backlog has a suspect
//     already, the fresh lane waits too.
//   - If another record was accepted since, and the suspect is refused again, the suspect is wrong. It is halved until the wrong line
//     is found, and that line is rejected. As long as no record is accepted, no line is rejected.

// handleRefused handles the first pack of a batch after it was sent alone and refused as invalid. It returns the packs to send instead,
// or none if it rejected the pack's only line. If nothing proves yet that the pack is wrong, it returns err.
func (s *Shipper) handleRefused(l spool.Lane, batch spool.Batch, p pack, err error) ([]pack, error) {
	ln := &s.lanes[l]
	if !ln.suspect || s.records.Load() == ln.acceptedBefore {
		return nil, err
	}
	if p.lines == 1 {
		s.reject(batch.Head(1), err)
		ln.acceptedBefore = s.records.Load() // the next wrong line needs a proof of its own
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

// holdUp makes a lane wait because a record at its front was refused as invalid.
func (s *Shipper) holdUp(l spool.Lane) {
	ln := &s.lanes[l]
	if l == spool.Fresh && !s.lanes[spool.Backlog].suspect {
		s.split()
		ln = &s.lanes[spool.Backlog]
	}
	if !ln.suspect {
		ln.suspect, ln.acceptedBefore = true, s.records.Load()
	}
	ln.due = time.Now().Add(retry.Spread(s.current().MaxLatency))
}

// reject removes lines from the queue that are not samples, or that the destination refuses as invalid.
func (s *Shipper) reject(b spool.Batch, reason error) {
	s.unusable.Add(int64(len(b.Lines)))
	s.refusedAt = time.Now()
	s.rejecting.Failed(reason, slog.Int("samples", len(b.Lines)))
	if err := s.queue.Reject(b); err != nil {
		s.rejecting.Failed(err)
	}
}
