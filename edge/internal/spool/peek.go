package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Lane is one of the two places that a queue is read at.
type Lane int

// The lanes.
const (
	Fresh   Lane = iota // lines that came after the last Split
	Backlog             // lines that came before
)

// Batch is a run of lines from the front of a lane. It must not be changed.
type Batch struct {
	Lines  [][]byte
	places []place
}

// place is where a line is. It begins where the line before it ended.
type place struct {
	seg      *segment
	from, to int64
}

// Head returns the first n lines of the batch as a batch of their own.
func (b Batch) Head(n int) Batch { return Batch{b.Lines[:n], b.places[:n]} }

// Tail returns the lines after the first n as a batch of their own.
func (b Batch) Tail(n int) Batch { return Batch{b.Lines[n:], b.places[n:]} }

// Peek returns the lines at the front of a lane, at most maxLines of them and at most maxBytes in sum, but at least one. It
// returns the same lines again until they are acknowledged or pushed out. On Fresh it waits until there is a line; where
// the context ends or the queue is closed, it returns what there is, and where that is nothing, why. On Backlog it does not
// wait: a batch without lines says that there is none.
func (q *Queue) Peek(ctx context.Context, lane Lane, maxLines, maxBytes int) (Batch, error) {
	for {
		q.mu.Lock()
		b, err := q.read(lane, maxLines, maxBytes)
		closed, arrived := q.closed, q.arrived
		q.mu.Unlock()
		switch {
		case len(b.Lines) > 0, err != nil, lane == Backlog:
			return b, err
		case closed:
			return b, ErrClosed
		case !wait(ctx, arrived):
			return b, ctx.Err()
		}
	}
}

// read reads a batch. An error is returned only where nothing could be read.
func (q *Queue) read(lane Lane, maxLines, maxBytes int) (b Batch, err error) {
	for _, seg := range slices.Clone(q.segs) { // some may be removed on the way
		if len(b.Lines) == maxLines || maxBytes <= 0 {
			break
		}
		if seg.backlog != (lane == Backlog) || seg.waiting() == 0 {
			continue
		}
		n := len(b.Lines)
		maxBytes, err = q.readSegment(seg, &b, maxLines, maxBytes)
		switch {
		case err == nil:
			seg.failures = 0
		case len(b.Lines) > 0:
			return b, nil
		case seg.failures+1 < patience:
			seg.failures++
			return b, fmt.Errorf("read segment %d: %w", seg.id, err)
		default:
			q.setAside(seg, err)
			continue
		}
		// All of it was read, and something that was there is not any more.
		if missing := seg.waiting() - (len(b.Lines) - n); missing > 0 && len(b.Lines) < maxLines && maxBytes > 0 {
			seg.lines -= missing
			q.counts.damaged += int64(missing)
			q.counts.total += int64(missing)
			q.removeDone()
		}
	}
	return b, nil
}

// readSegment adds lines of a segment to a batch and returns how many bytes more it may have, 0 where it is full.
func (q *Queue) readSegment(seg *segment, b *Batch, maxLines, maxBytes int) (left int, err error) {
	src, closer, err := q.source(seg)
	if err != nil {
		return maxBytes, err
	}
	defer closer.Close()
	from := seg.ackedTo
	for s := newScanner(src, from, seg.size); len(b.Lines) < maxLines; {
		e, err := s.next()
		if errors.Is(err, io.EOF) {
			return maxBytes, nil
		}
		if err != nil {
			return maxBytes, err
		}
		if e.kind != kindLine {
			continue
		}
		if len(e.payload) > maxBytes && len(b.Lines) > 0 {
			return 0, nil
		}
		maxBytes -= len(e.payload)
		b.Lines = append(b.Lines, bytes.Clone(e.payload))
		b.places = append(b.places, place{seg, from, e.to})
		from = e.to
		if maxBytes <= 0 {
			return 0, nil
		}
	}
	return maxBytes, nil
}
