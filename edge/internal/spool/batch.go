package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
)

// Lane is one of the two parts of a queue that are read apart.
type Lane int

// The lanes.
const (
	Fresh   Lane = iota // lines that came after the last Split; before the first Split since Open, all lines
	Backlog             // lines that waited at the last Split
)

// Batch has lines from the front of a lane. Nobody may change it.
type Batch struct {
	Lines     [][]byte
	positions []position
}

// position says where a line is in its segment.
type position struct {
	seg  *segment
	line int // number of the line
	// If damaged lines are directly before this one, first is the number of the first of them. Otherwise it is line. The damaged lines
	// count as lost when this line is acknowledged.
	first int
	id    uint64 // of the file, 0 for memory
	end   int64  // offset after the line in it
}

// Head returns a batch of the first n lines.
func (b Batch) Head(n int) Batch { return Batch{b.Lines[:n], b.positions[:n]} }

// Tail returns a batch of the lines after the first n.
func (b Batch) Tail(n int) Batch { return Batch{b.Lines[n:], b.positions[n:]} }

// add appends a line and subtracts its length from maxBytes. If the batch is not empty and the line is longer than maxBytes, it appends
// nothing. It returns false if the batch is full.
func (b *Batch) add(line []byte, p position, maxBytes *int) bool {
	if len(line) > *maxBytes && len(b.Lines) > 0 {
		*maxBytes = 0
		return false
	}
	*maxBytes -= len(line)
	b.Lines = append(b.Lines, bytes.Clone(line))
	b.positions = append(b.positions, p)
	return *maxBytes > 0
}

// read returns a batch. If a segment cannot be read, it goes on with the later ones. It returns an error only if the batch is empty.
func (s *store) read(lane Lane, maxLines, maxBytes int) (Batch, error) {
	var b Batch
	var firstErr error
	for _, seg := range slices.Clone(s.segs) { // reading may remove segments
		if len(b.Lines) == maxLines || maxBytes <= 0 {
			break
		}
		if seg.lostAs != nil || seg.backlog != (lane == Backlog) {
			continue
		}
		if err := s.readSegment(seg, &b, maxLines, &maxBytes); err != nil && firstErr == nil {
			firstErr = err
		}
	}
	failing := slices.ContainsFunc(s.segs, func(seg *segment) bool { return seg.failing })
	switch {
	case firstErr != nil:
		s.reading.Failed(firstErr)
	case !failing:
		s.reading.OK()
	}
	if len(b.Lines) > 0 {
		return b, nil
	}
	return b, firstErr
}

// readSegment adds lines of a segment to a batch.
func (s *store) readSegment(seg *segment, b *Batch, maxLines int, maxBytes *int) error {
	if seg.unknown {
		if err := s.learn(seg); err != nil {
			return s.readFailed(seg, err)
		}
	}
	if seg.waiting() == 0 {
		return nil
	}
	before, next := len(b.Lines), seg.acked
	err := seg.read(s.fs, func(e entry) bool {
		if len(b.Lines) == maxLines {
			return false
		}
		n := len(b.Lines)
		more := b.add(e.payload, position{seg, e.line, next, seg.id, e.end}, maxBytes)
		if len(b.Lines) > n {
			next = e.line + 1
		}
		return more
	})
	if err != nil && !errors.Is(err, io.EOF) {
		return s.readFailed(seg, err)
	}
	seg.failing = false
	damaged := next - seg.acked - (len(b.Lines) - before)
	if atEnd := err != nil; atEnd {
		damaged += seg.lines - next
	} else {
		damaged = max(damaged, seg.unreadable)
	}
	if damaged > seg.unreadable {
		s.log.Warn("a segment is damaged",
			slog.String("file", segmentName(seg.id)), slog.Int("samples_lost", damaged-seg.unreadable))
		seg.damaged = true
	}
	seg.unreadable = damaged
	if seg.waiting() == 0 {
		s.removeDone()
	}
	return nil
}

// readFailed notes an error of the file system. If the file does not exist, its samples are lost. After any other error they wait.
func (s *store) readFailed(seg *segment, err error) error {
	if errors.Is(err, fs.ErrNotExist) && !seg.inMemory() {
		s.vanish(seg)
		return nil
	}
	seg.failing = true
	if seg.unknown {
		return err
	}
	return fmt.Errorf("read segment %d: %w; its samples wait until it can be read", seg.id, err)
}

// ack notes that the lines of a batch were delivered.
func (s *store) ack(b Batch) error {
	var last *segment
	for _, p := range b.positions {
		if p.seg != last && p.first > p.seg.acked {
			return fmt.Errorf("%w: line %d while line %d is the oldest", ErrOutOfOrder, p.first, p.seg.acked)
		}
		last = p.seg
	}
	for i, p := range b.positions {
		s.ackLine(p)
		if i+1 == len(b.positions) || b.positions[i+1].seg != p.seg {
			s.noteAck(p.seg)
		}
	}
	return nil
}

func (s *store) ackLine(p position) {
	seg := p.seg
	if p.line < seg.acked {
		return
	}
	damaged := p.line - seg.acked
	seg.acked = p.line + 1
	if p.id == seg.id { // otherwise the lines have moved from memory to a file
		seg.readAt = p.end
	}
	if seg.lostAs != nil {
		*seg.lostAs-- // the line was counted as lost but has arrived
		s.counts.lost--
		return
	}
	seg.unreadable = max(0, seg.unreadable-damaged)
	s.counts.damaged += int64(damaged)
	s.counts.lost += int64(damaged)
}

// noteAck writes down how many lines of a segment are acknowledged. If that fails, the number is only in memory: if the process ends
// then, the lines arrive twice.
func (s *store) noteAck(seg *segment) {
	if seg.lostAs == nil && seg.waiting() == 0 {
		s.removeDone()
	}
	if seg.lostAs != nil || seg.inMemory() || !slices.Contains(s.segs, seg) || !s.retryAt.IsZero() || !s.attached {
		return
	}
	err := s.prepare(stateBytes)
	if err == nil && slices.Contains(s.segs, seg) {
		err = s.writeState(state{segment: seg.id, acked: seg.acked, lines: seg.lines}, 0)
	}
	if err != nil {
		s.fail(err)
	}
}
