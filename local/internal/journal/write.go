package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// request asks the writer to write records, or the state after a commit.
type request struct {
	arrival time.Time
	records [][]byte
	commit  func(*state) // changes the state

	done chan error
}

func (r *request) size() (bytes int64) {
	for _, record := range r.records {
		bytes += int64(len(record))
	}
	return bytes
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
	select {
	case j.requests <- r:
		return <-r.done
	case <-j.closing:
		return errClosed
	}
}

// write is the goroutine of the writer. After Open, only this goroutine changes the segments and the state.
func (j *Journal) write() {
	defer close(j.stopped)
	var broken error
	for {
		var group []*request
		select {
		case r := <-j.requests:
			group = j.gather(r)
		case <-j.closing:
			return
		}
		err := broken
		if err == nil && len(group) > 0 {
			err = j.writeGroup(group)
		}
		if errors.Is(err, ErrBroken) {
			broken = err
		}
		for _, r := range group {
			r.done <- err
		}
	}
}

// gather returns a request and those that wait behind it. It refuses the ones for which the journal has no room.
func (j *Journal) gather(r *request) (group []*request) {
	size := int64(0)
	for {
		n := r.size()
		if n > 0 && j.state.pending()+size+n > j.maxBytes {
			r.done <- ErrFull
		} else {
			group, size = append(group, r), size+n
		}
		if len(group) >= maxGroup || size >= maxGroupBytes {
			return group
		}
		select {
		case r = <-j.requests:
		default:
			return group
		}
	}
}

// writeGroup writes a group of requests and syncs once.
func (j *Journal) writeGroup(group []*request) error {
	s, err := j.room()
	if err != nil {
		return err
	}
	next, buf, marks := j.state, j.spare[:0], []mark(nil)
	for _, r := range group {
		if r.commit != nil {
			r.commit(&next)
			if buf, err = appendState(buf, s.salt, next); err != nil {
				return err
			}
		}
		for _, record := range r.records {
			next.Accepted++
			marks = append(marks, mark{next.Accepted, s.size + int64(len(buf))})
			buf = appendFrame(buf, s.salt, frame{
				kind: recordKind, seq: next.Accepted, arrival: r.arrival.UnixMilli(), before: next.AcceptedBytes, data: record,
			})
			next.AcceptedBytes += int64(len(record))
		}
	}
	if cap(buf) <= maxGroupBytes {
		j.spare = buf
	}
	if err := writeSynced(s, buf); err != nil {
		return undone(s, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, m := range marks {
		s.mark(m)
	}
	s.size += int64(len(buf))
	s.last = next.Accepted
	j.state = next
	j.dropDeliveredLocked()
	return nil
}

// appendState appends a state twice, so that a flipped bit damages only one of them.
func appendState(buf []byte, salt uint32, s state) ([]byte, error) {
	data, err := json.Marshal(s)
	for range 2 {
		buf = appendFrame(buf, salt, frame{kind: stateKind, data: data})
	}
	return buf, err
}

// writeSynced appends buf to a segment and syncs. If that fails, some of the bytes may be in the file.
func writeSynced(s *segment, buf []byte) error {
	_, err := s.file.WriteAt(buf, s.size)
	if err == nil {
		err = s.file.Sync()
	}
	return err
}

// undone removes what a failed write has appended to a segment. It returns the error of the write, and [ErrBroken] if the bytes may still be
// there.
func undone(s *segment, failed error) error {
	if err := errors.Join(s.file.Truncate(s.size), s.file.Sync()); err != nil {
		return fmt.Errorf("%w: %w; %w", ErrBroken, failed, err)
	}
	return failed
}

// room returns the segment to write to. It begins a new segment if the last one is full.
func (j *Journal) room() (*segment, error) {
	if last := j.segments[len(j.segments)-1]; last.size >= segmentBytes {
		if err := j.begin(last.number + 1); err != nil {
			return nil, fmt.Errorf("begin a segment: %w", err)
		}
	}
	return j.segments[len(j.segments)-1], nil
}

// begin creates a segment.
func (j *Journal) begin(number uint64) error {
	s, err := createSegment(j.dir, number)
	if err != nil {
		return err
	}
	return j.beginWith(s)
}

// beginWith writes the first frame of a new segment: the state, so that older segments can be removed. If that fails, it removes the file, or
// fails with [ErrBroken].
func (j *Journal) beginWith(s *segment) error {
	buf, err := appendState(nil, s.salt, j.state)
	if err := errors.Join(err, writeSynced(s, buf), durable.SyncDir(j.dir)); err != nil {
		err = errors.Join(err, s.file.Close())
		if left := os.Remove(s.path); left != nil {
			return fmt.Errorf("%w: %w; %w", ErrBroken, err, left)
		}
		return err
	}
	s.size, s.last = int64(len(buf)), j.state.Accepted
	j.mu.Lock()
	defer j.mu.Unlock()
	j.segments = append(j.segments, s)
	return nil
}

// dropDeliveredLocked removes the segments whose records are all delivered, except the last one, which the writer uses. If a file cannot
// be removed, the next Open reads it again, and the first write after that tries again to remove it.
func (j *Journal) dropDeliveredLocked() {
	for len(j.segments) > 1 && j.segments[0].last <= j.state.Delivered {
		s := j.segments[0]
		_ = errors.Join(s.file.Close(), os.Remove(s.path))
		j.segments = j.segments[1:]
	}
}
