package spool

import "fmt"

// Ack removes the lines of a batch from the queue. Lines that were pushed out while the consumer had them arrived after
// all, and are no longer counted as dropped. Acknowledging twice does nothing; passing over older lines is refused with
// [ErrOutOfOrder]. Where the disk fails, an acknowledgement is kept in memory: should the process end, the lines arrive
// twice.
func (q *Queue) Ack(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ack(b)
}

func (q *Queue) ack(b Batch) error {
	var last *segment
	for _, p := range b.places {
		if p.seg != last && p.from > p.seg.ackedTo {
			return fmt.Errorf("%w: line at %d while %d is the oldest", ErrOutOfOrder, p.from, p.seg.ackedTo)
		}
		last = p.seg
	}
	for i, p := range b.places {
		if p.to > p.seg.ackedTo {
			p.seg.ackedTo = p.to
			p.seg.acked++
			if p.seg.gone {
				q.counts.dropped--
				q.counts.total--
			}
		}
		if i+1 == len(b.places) || b.places[i+1].seg != p.seg {
			q.noteAck(p.seg)
		}
	}
	return nil
}

// noteAck writes down how far a segment is acknowledged; for one that is done, by removing it.
func (q *Queue) noteAck(seg *segment) {
	if seg.waiting() == 0 {
		q.removeDone()
	}
	switch {
	case seg.gone:
	case seg.inMemory() || !q.retryAt.IsZero() || !q.attached:
	default:
		err := q.prepare(pairBytes)
		if err == nil && !seg.gone {
			err = q.write(0, func(dst []byte, base int64) []byte {
				return appendPair(dst, base, kindAck, seg.id, uint64(seg.ackedTo))
			})
		}
		if err != nil {
			q.fail(err)
		}
	}
}
