package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// Read returns records that are not delivered, in order, beginning with sequence number from. It returns at most maxBytes of data, but at
// least one record if there is one. The data of a record that was damaged since Open are nil.
func (j *Journal) Read(from uint64, maxBytes int) ([]Entry, error) {
	var entries []Entry
	size := 0
	err := j.walk(from, func(e Entry) bool {
		if len(entries) > 0 && size+len(e.Data) > maxBytes {
			return false
		}
		size += len(e.Data)
		e.Data = bytes.Clone(e.Data)
		entries = append(entries, e)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.dir, err)
	}
	return entries, nil
}

// Get returns one record that is not delivered. It fails with [ErrNotThere] if there is no such record, or if the record was damaged
// since Open.
func (j *Journal) Get(seq uint64) (found Entry, err error) {
	err = j.walk(seq, func(e Entry) bool {
		if e.Seq == seq && e.Data != nil {
			found = e
			found.Data = bytes.Clone(e.Data)
		}
		return false
	})
	if err == nil && found.Seq == 0 {
		err = ErrNotThere
	}
	if err != nil {
		return Entry{}, fmt.Errorf("read journal %s: record %d: %w", j.dir, seq, err)
	}
	return found, nil
}

// bytesUpto returns the bytes of all records up to a sequence number, counted as in Journal.total.
func (j *Journal) bytesUpto(upto uint64) (int64, error) {
	j.mu.Lock()
	if upto >= j.last {
		defer j.mu.Unlock()
		return j.total, nil
	}
	j.mu.Unlock()
	var sum int64
	err := j.frames(upto, func(_ *reader, f frame, before int64) (bool, error) {
		sum = before
		for i := range f.parts() {
			if f.seq+uint64(i) > upto {
				return false, nil
			}
			length, _ := f.part(i)
			sum += length
		}
		return true, nil
	})
	return sum, err
}

// firstLocked returns the bytes of all records before the oldest one in the segments.
func (j *Journal) firstLocked() int64 {
	for _, s := range j.segments {
		if len(s.marks) > 0 {
			return s.marks[0].bytes
		}
	}
	return j.total
}

// walk calls visit for the records that are not delivered, beginning with a sequence number, until visit returns false. The data of a
// damaged record are nil.
func (j *Journal) walk(from uint64, visit func(Entry) bool) error {
	state := j.State()
	next := max(from, state.Delivered+1) // the record to visit
	more := true
	damaged := func(until uint64) { // visits records whose batch cannot be found because its header is damaged
		for ; more && next < until; next++ {
			more = visit(Entry{Seq: next})
		}
	}
	err := j.frames(next, func(r *reader, f frame, _ int64) (bool, error) {
		damaged(f.seq)
		if !more {
			return false, nil
		}
		err := r.each(f, func(i int, data []byte) bool {
			if f.seq+uint64(i) == next {
				next++
				more = visit(Entry{Seq: next - 1, Arrival: time.UnixMilli(int64(f.stamp)), Data: data})
			}
			return more
		})
		return more, err
	})
	if err == nil {
		damaged(state.Last + 1)
	}
	return err
}

// frames calls visit for batches, beginning with the one that holds the record seq, until visit returns false. before is the bytes of all
// records before the batch.
func (j *Journal) frames(seq uint64, visit func(r *reader, f frame, before int64) (bool, error)) error {
	j.mu.Lock()
	var segments []*segment
	var sizes []int64
	for _, s := range j.segments {
		segments, sizes = append(segments, s), append(sizes, s.size)
	}
	first, start := 0, mark{bytes: j.firstLocked()}
	for i, s := range segments {
		if m, ok := s.before(seq); ok {
			first, start = i, m
		}
	}
	before := start.bytes
	j.mu.Unlock()
	for i, s := range segments[first:] {
		r := &reader{file: s.file, size: sizes[first+i], salt: s.salt}
		at := int64(0)
		if i == 0 {
			at = start.at
		}
		for {
			f, _, _, err := r.next(at)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
			at = f.end
			if f.kind != batchKind || f.doubtful {
				continue
			}
			size := f.dataBytes()
			more, err := true, error(nil)
			if f.seq+uint64(f.parts()) > seq {
				more, err = visit(r, f, before)
			}
			if err != nil || !more {
				return err
			}
			before += size
		}
	}
	return nil
}
