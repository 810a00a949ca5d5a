package journal

import (
	"bytes"
	"fmt"
	"iter"
	"time"
)

// Read returns records that are not delivered, in order, beginning with sequence number from. It returns at most maxBytes of data, but at
// least one record if there is one. The data of a record that was damaged since Open are nil.
func (j *Journal) Read(from uint64, maxBytes int) ([]Entry, error) {
	var entries []Entry
	size := 0
	for e, err := range j.entries(from) {
		if err != nil {
			return nil, fmt.Errorf("read journal %s: %w", j.dir, err)
		}
		if len(entries) > 0 && size+len(e.Data) > maxBytes {
			break
		}
		size += len(e.Data)
		e.Data = bytes.Clone(e.Data)
		entries = append(entries, e)
	}
	return entries, nil
}

// Get returns one record that is not delivered. It fails with [ErrNotThere] if there is no such record, or if the record was damaged
// since Open.
func (j *Journal) Get(seq uint64) (Entry, error) {
	for e, err := range j.entries(seq) {
		if err != nil {
			return Entry{}, fmt.Errorf("read journal %s: record %d: %w", j.dir, seq, err)
		}
		if e.Seq == seq && e.Data != nil {
			e.Data = bytes.Clone(e.Data)
			return e, nil
		}
		break
	}
	return Entry{}, fmt.Errorf("read journal %s: record %d: %w", j.dir, seq, ErrNotThere)
}

// bytesUpto returns the bytes of all records up to a sequence number, counted as in state.AcceptedBytes. A record whose header was
// damaged since Open counts as one of those up to it.
func (j *Journal) bytesUpto(upto uint64) (int64, error) {
	// Read it before the loop: a record that is appended meanwhile is not one of those up to it.
	j.mu.Lock()
	all := j.state.AcceptedBytes
	j.mu.Unlock()
	for e, err := range j.entries(upto + 1) {
		if err != nil || !e.Arrival.IsZero() {
			return e.before, err
		}
	}
	return all, nil
}

// entries returns the records that are not delivered, beginning with a sequence number. The data of a damaged record are nil. If its
// header is damaged, its arrival is zero. The data are valid until the next entry.
func (j *Journal) entries(from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		j.mu.Lock()
		next, last := max(from, j.state.Delivered+1), j.state.Accepted
		var readers []*reader
		start := int64(0)
		for _, s := range j.segments {
			if s.last < next {
				continue
			}
			if len(readers) == 0 {
				start = s.searchFrom(next)
			}
			readers = append(readers, s.reader())
		}
		j.mu.Unlock()
		for _, r := range readers {
			for f, err := range r.frames(start) {
				if err != nil {
					yield(Entry{}, err)
					return
				}
				if f.kind != recordKind || f.seq < next {
					continue
				}
				for ; next < f.seq; next++ {
					if !yield(Entry{Seq: next}, nil) {
						return
					}
				}
				if !yield(Entry{Seq: next, Arrival: time.UnixMilli(f.arrival), Data: f.data, before: f.before}, nil) {
					return
				}
				next++
			}
			start = 0
		}
		for ; next <= last; next++ {
			if !yield(Entry{Seq: next}, nil) {
				return
			}
		}
	}
}
