package journal

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// request asks the writer to write either a batch of records, or the state after a commit.
type request struct {
	arrival time.Time
	records [][]byte
	size    int64 // bytes of the records

	commit    bool // whether it is a state; the next three fields belong to it
	delivered uint64
	freed     int64
	moves     []Move

	done chan error
}

// Requests that wait during a sync form a group. A group is written together and shares one sync.
const (
	maxGroup      = 256
	maxGroupBytes = 8 << 20
)

var errClosed = errors.New("the journal is closed")

// do sends a request to the writer and waits for the result.
func (j *Journal) do(r *request) error {
	r.done = make(chan error, 1)
	j.closing.RLock()
	if j.closed {
		j.closing.RUnlock()
		j.release(r)
		return errClosed
	}
	j.requests <- r
	j.closing.RUnlock()
	return <-r.done
}

// release gives the reserved bytes of a failed request back.
func (j *Journal) release(r *request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.reserved -= r.size
}

// write is the goroutine of the writer. After Open, only this goroutine writes to segments.
func (j *Journal) write() {
	defer close(j.stopped)
	var broken error
	var buf []byte
	for r := range j.requests {
		group, size := []*request{r}, r.size
	gather:
		for len(group) < maxGroup && size < maxGroupBytes {
			select {
			case r, ok := <-j.requests:
				if !ok {
					break gather
				}
				group, size = append(group, r), size+r.size
			default:
				break gather
			}
		}
		err := broken
		if err == nil {
			buf, err = j.writeGroup(buf[:0], group)
		}
		if errors.Is(err, ErrBroken) {
			broken = err
		}
		if cap(buf) > maxGroupBytes {
			buf = nil
		}
		for _, r := range group {
			if err != nil {
				j.release(r)
			}
			r.done <- err
		}
	}
}

// writeGroup writes a group of requests and syncs once. It returns buf, which may have grown.
func (j *Journal) writeGroup(buf []byte, group []*request) ([]byte, error) {
	s, err := j.room()
	if err != nil {
		return buf, err
	}
	j.mu.Lock() // the values stay valid after Unlock, because only this goroutine changes them
	last, delivered, total, freed, moves := j.last, j.delivered, j.total, j.freed, j.moves
	j.mu.Unlock()
	var marks []mark
	for _, r := range group {
		if r.commit {
			delivered, freed, moves = max(delivered, r.delivered), max(freed, r.freed), r.moves
			buf = appendState(buf, s.salt, last, delivered, moves)
			continue
		}
		marks = append(marks, mark{seq: last + 1, at: s.size + int64(len(buf)), bytes: total})
		buf = appendFrame(buf, s.salt, header{kind: batchKind, seq: last + 1, stamp: uint64(r.arrival.UnixMilli())}, r.records)
		last, total = last+uint64(len(r.records)), total+r.size
	}
	if err := writeSynced(s, buf); err != nil {
		return buf, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, m := range marks {
		s.mark(m)
	}
	for _, r := range group {
		j.reserved -= r.size
	}
	s.size += int64(len(buf))
	s.last = last
	j.last, j.delivered, j.total, j.freed, j.moves = last, delivered, total, freed, moves
	return buf, nil
}

// appendState appends a state twice, so that a flipped bit damages only one of them.
func appendState(buf []byte, salt uint32, last, delivered uint64, moves []Move) []byte {
	var names [][]byte
	for _, m := range moves {
		names = append(names, []byte(m.Staged), []byte(m.Final))
	}
	for range 2 {
		buf = appendFrame(buf, salt, header{kind: stateKind, seq: last, stamp: delivered}, names)
	}
	return buf
}

// writeSynced appends buf to a segment and syncs. If that fails, it removes the bytes again, or fails with [ErrBroken].
func writeSynced(s *segment, buf []byte) error {
	_, err := s.file.WriteAt(buf, s.size)
	if err == nil {
		err = s.file.Sync()
	}
	if err == nil {
		return nil
	}
	if back := errors.Join(s.file.Truncate(s.size), s.file.Sync()); back != nil {
		return fmt.Errorf("%w: %w; %w", ErrBroken, err, back)
	}
	return err
}

// room returns the segment to write to. It begins a new segment if the last one is full.
func (j *Journal) room() (*segment, error) {
	j.mu.Lock()
	s := j.segments[len(j.segments)-1]
	last, delivered, moves := j.last, j.delivered, j.moves
	j.mu.Unlock()
	if s.size < segmentBytes {
		return s, nil
	}
	next, err := j.begin(j.dir, s.number+1, last, delivered, moves)
	if err != nil {
		return nil, fmt.Errorf("begin a segment: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = append(j.segments, next)
	return next, nil
}

// begin creates a segment. Its first frame is the state, so that older segments can be removed.
func (j *Journal) begin(dir string, number, last, delivered uint64, moves []Move) (*segment, error) {
	s, err := createSegment(dir, number)
	if err != nil {
		return nil, err
	}
	state := appendState(nil, s.salt, last, delivered, moves)
	if err := errors.Join(writeSynced(s, state), durable.SyncDir(dir)); err != nil {
		return nil, errors.Join(err, s.file.Close(), os.Remove(s.path))
	}
	s.size, s.last = int64(len(state)), last
	return s, nil
}

// dropDelivered removes the segments whose records are all delivered, except the last one, which the writer uses.
func (j *Journal) dropDelivered() error {
	for {
		j.mu.Lock()
		s := j.segments[0]
		if len(j.segments) == 1 || s.last > j.delivered {
			j.mu.Unlock()
			return nil
		}
		j.segments = j.segments[1:]
		j.mu.Unlock()
		if err := errors.Join(s.file.Close(), os.Remove(s.path)); err != nil {
			return err
		}
	}
}
