package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Names beside the journal's directory.
const (
	newSuffix     = ".new"      // a journal that Open is writing
	damagedSuffix = ".damaged-" // the files of a damaged journal; the time follows
)

// recover reads the whole journal. If there is damage, it writes the whole records into a new journal and sets the damaged files aside.
// An error of the operating system is not damage: Open then fails, and nothing changes.
func (j *Journal) recover() error {
	if err := j.settle(); err != nil {
		return err
	}
	s, err := j.survey()
	if err != nil || len(s.damaged) == 0 {
		return err
	}
	if err := j.rewrite(s); err != nil {
		return fmt.Errorf("copy the whole records of the damaged journal into a new one: %w", err)
	}
	j.damage.Records = s.lost()
	again, err := j.survey()
	if err == nil && len(again.damaged) > 0 {
		err = errors.New("the journal that was just written is damaged; check the disk and the memory of this machine")
	}
	return err
}

// settle finishes the work of an Open that died, and makes the directory if it does not exist.
func (j *Journal) settle() error {
	_, err := os.Stat(j.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.Rename(j.dir+newSuffix, j.dir); errors.Is(err, fs.ErrNotExist) {
			err = os.Mkdir(j.dir, 0o700)
		}
	}
	return errors.Join(err, os.RemoveAll(j.dir+newSuffix), durable.SyncDir(filepath.Dir(j.dir)))
}

// span is a range of sequence numbers, both ends included.
type span struct{ first, last uint64 }

// survey is the result of reading all segments.
type survey struct {
	delivered uint64
	moves     []Move
	next      uint64   // sequence number of the next record; 0 before the first one
	gaps      []span   // records that are missing
	tail      bool     // whether a batch of unknown length at the end is damaged
	damaged   []string // paths of the damaged segments
}

// accepted is the sequence number of the last record accepted.
func (s *survey) accepted() uint64 { return s.next - min(s.next, 1) }

// lost returns how many accepted records are lost. A missing record that was delivered before is not lost.
func (s *survey) lost() (n int64) {
	for _, g := range s.gaps {
		if first := max(g.first, s.delivered+1); g.last >= first {
			n += int64(g.last - first + 1)
		}
	}
	if s.tail {
		n++
	}
	return n
}

func (s *survey) gap(first, last uint64) {
	if first <= last {
		s.gaps = append(s.gaps, span{first, last})
	}
}

// survey opens the segments, checks all frames in them, and sets the fields of the journal accordingly.
func (j *Journal) survey() (*survey, error) {
	var err error
	if j.segments, err = openSegments(j.dir); err != nil {
		return nil, err
	}
	found := &survey{}
	for i, s := range j.segments {
		if err := j.surveySegment(found, s, i == len(j.segments)-1); err != nil {
			return nil, fmt.Errorf("read %s: %w", s.path, err)
		}
		s.last = found.accepted()
	}
	j.last, j.delivered, j.moves = max(found.accepted(), found.delivered), found.delivered, found.moves
	if len(j.segments) == 0 {
		first, err := j.begin(j.dir, 1, 0, 0, nil)
		if err != nil {
			return nil, err
		}
		j.segments = append(j.segments, first)
	}
	j.freed, err = j.bytesUpto(j.delivered)
	return found, err
}

// surveySegment reads one segment. It cuts off a torn end of the newest segment: the journal never acknowledged these records.
func (j *Journal) surveySegment(found *survey, s *segment, newest bool) error {
	r := s.reader()
	damaged := false
	for at := int64(0); ; {
		f, skipped, torn, err := r.next(at)
		end := errors.Is(err, io.EOF)
		switch {
		case err != nil && !end:
			return err
		case end && skipped > 0 && torn && newest:
			if err := errors.Join(s.file.Truncate(at), s.file.Sync()); err != nil {
				return err
			}
			s.size = at
		case skipped > 0:
			damaged = true
			found.tail = end && newest
		}
		if end {
			break
		}
		whole, err := j.surveyFrame(found, s, r, f)
		if err != nil {
			return err
		}
		damaged = damaged || !whole || f.doubtful
		at = f.end
	}
	if damaged {
		found.damaged = append(found.damaged, s.path)
	}
	return nil
}

// surveyFrame adds a frame to the survey. It reports whether all parts of the frame are whole.
func (j *Journal) surveyFrame(found *survey, s *segment, r *reader, f frame) (whole bool, err error) {
	whole = true
	if f.kind == stateKind {
		var names []string
		err = r.each(f, func(_ int, data []byte) bool {
			whole = whole && data != nil
			names = append(names, string(data))
			return true
		})
		if err != nil || !whole || f.parts()%2 != 0 {
			return false, err
		}
		found.delivered = f.stamp
		found.moves = nil
		for pair := range slices.Chunk(names, 2) {
			found.moves = append(found.moves, Move{pair[0], pair[1]})
		}
		if found.next != 0 {
			found.gap(found.next, f.seq)
		}
		found.next = max(found.next, f.seq+1)
		return true, nil
	}
	seq := found.firstOf(f)
	if found.next != 0 {
		found.gap(found.next, seq-1)
	}
	s.mark(mark{seq: seq, at: f.at, bytes: j.total})
	err = r.each(f, func(i int, data []byte) bool {
		if data == nil {
			whole = false
			found.gap(seq+uint64(i), seq+uint64(i))
		}
		return true
	})
	j.total += f.dataBytes()
	found.next = seq + uint64(f.parts())
	return whole, err
}

// firstOf returns the sequence number of the first record of a batch. If the header is damaged, its number may be wrong; the record then
// gets the number after the last one.
func (s *survey) firstOf(f frame) uint64 {
	if f.doubtful {
		return max(s.next, 1)
	}
	return f.seq
}

// rewrite writes the records that are whole and not delivered into a new journal, which then replaces this one.
func (j *Journal) rewrite(found *survey) error {
	dir := j.dir + newSuffix
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := j.copyTo(dir, found); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	intact := map[string]bool{}
	for _, s := range j.segments {
		intact[filepath.Base(s.path)] = !slices.Contains(found.damaged, s.path)
	}
	if err := closeSegments(j.segments); err != nil {
		return err
	}
	j.segments, j.total, j.freed = nil, 0, 0
	aside := j.dir + damagedSuffix + time.Now().UTC().Format("20060102T150405.000000000")
	j.damage.SetAside = aside
	if err := errors.Join(os.Rename(j.dir, aside), os.Rename(dir, j.dir), durable.SyncDir(filepath.Dir(j.dir))); err != nil {
		return err
	}
	for name, whole := range intact { // the new journal has all their records
		if whole {
			if err := os.Remove(filepath.Join(aside, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyTo writes the new journal of rewrite. Records get new sequence numbers.
func (j *Journal) copyTo(dir string, found *survey) error {
	out, err := j.begin(dir, 1, found.delivered, found.delivered, found.moves)
	if err != nil {
		return err
	}
	defer func() { _ = out.file.Close() }() // it is synced
	next, last := uint64(0), found.delivered
	for _, s := range j.segments {
		r := s.reader()
		for at := int64(0); ; {
			f, _, _, err := r.next(at)
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
			at = f.end
			if f.kind == stateKind {
				next = max(next, f.seq+1)
				continue
			}
			first := f.seq
			if f.doubtful {
				first = max(next, 1)
			}
			next = first + uint64(f.parts())
			var records [][]byte
			err = r.each(f, func(i int, data []byte) bool {
				if data != nil && first+uint64(i) > found.delivered {
					records = append(records, bytes.Clone(data))
				}
				return true
			})
			if err != nil {
				return err
			}
			if len(records) == 0 {
				continue
			}
			arrival := f.stamp
			if f.doubtful {
				arrival = uint64(time.Now().UnixMilli())
			}
			if out.size >= segmentBytes {
				full := out
				if out, err = j.begin(dir, full.number+1, last, found.delivered, found.moves); err != nil {
					return errors.Join(err, full.file.Close())
				}
				if err := full.file.Close(); err != nil {
					return err
				}
			}
			buf := appendFrame(nil, out.salt, header{kind: batchKind, seq: last + 1, stamp: arrival}, records)
			if err := writeSynced(out, buf); err != nil {
				return err
			}
			out.size += int64(len(buf))
			last += uint64(len(records))
		}
	}
	return nil
}
