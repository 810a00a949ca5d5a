package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// survey is what reading all segments finds, besides the state of the journal.
type survey struct {
	begun   bool     // whether a record or a state was found
	gaps    []span   // records that are missing
	tail    bool     // whether the journal ends with damage
	damaged []string // paths of the damaged segments
}

// lost returns how many accepted records are lost. A missing record that was delivered before is not lost.
func (s *survey) lost(delivered uint64) (n int64) {
	for _, g := range s.gaps {
		if first := max(g.first, delivered+1); g.last >= first {
			n += int64(g.last - first + 1)
		}
	}
	if s.tail {
		n++
	}
	return n
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
		s.last = j.state.Accepted
	}
	if len(j.segments) == 0 {
		err = j.begin(1)
	}
	return found, err
}

// surveySegment reads one segment. It cuts off a torn end of the newest segment: the journal never acknowledged these records.
func (j *Journal) surveySegment(found *survey, s *segment, newest bool) error {
	r, whole := s.reader(), true
	if begin, err := r.bytes(0, int64(len(earlierMagic))); err == nil && string(begin) == earlierMagic {
		return errEarlier
	}
	for f, err := range r.frames(0) {
		if err != nil {
			return err
		}
		if f.kind == damageKind && newest && f.end == s.size {
			torn, err := r.torn(f.at)
			if err != nil {
				return err
			}
			if torn {
				s.size = f.at
				if err := errors.Join(s.file.Truncate(s.size), s.file.Sync()); err != nil {
					return err
				}
				break
			}
		}
		whole = j.surveyFrame(found, s, f) && whole
	}
	if !whole {
		found.damaged = append(found.damaged, s.path)
	}
	return nil
}

// surveyFrame adds a frame to the survey and to the state of the journal. It reports whether the frame is whole.
func (j *Journal) surveyFrame(found *survey, s *segment, f frame) bool {
	found.tail = f.kind == damageKind
	next := j.state
	switch f.kind {
	case recordKind:
		next.Accepted, next.AcceptedBytes = f.seq, f.before+f.end-f.at-headerBytes
		found.missing(j.state.Accepted+1, f.seq-1)
		found.begun = true
		if f.data == nil {
			found.missing(f.seq, f.seq)
		}
		s.mark(mark{f.seq, f.at})
	case stateKind:
		next = state{}
		if f.data == nil || json.Unmarshal(f.data, &next) != nil {
			return false
		}
		found.missing(j.state.Accepted+1, next.Accepted)
		found.begun = true
	default:
		return false
	}
	j.state = next
	return f.data != nil
}

// missing notes that records are not there. What came before the first frame is not known.
func (s *survey) missing(first, last uint64) {
	if s.begun && first <= last {
		s.gaps = append(s.gaps, span{first, last})
	}
}

// rewrite writes the records that are whole and not delivered into a new journal, which then replaces this one.
func (j *Journal) rewrite(found *survey) error {
	dir := j.dir + newSuffix
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := j.copyTo(dir); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	intact := map[string]bool{}
	for _, s := range j.segments {
		intact[filepath.Base(s.path)] = !slices.Contains(found.damaged, s.path)
	}
	if err := closeSegments(j.segments); err != nil {
		return err
	}
	aside := j.dir + damagedSuffix + time.Now().UTC().Format("20060102T150405.000000000")
	j.damage = Damage{Records: found.lost(j.state.Delivered), SetAside: aside}
	j.segments, j.state = nil, state{}
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
func (j *Journal) copyTo(dir string) (err error) {
	to := &Journal{dir: dir, state: state{Accepted: j.state.Delivered, Delivered: j.state.Delivered, Moves: j.state.Moves}}
	defer func() { err = errors.Join(err, closeSegments(to.segments)) }()
	if err := to.begin(1); err != nil {
		return err
	}
	var group []*request
	size := 0
	for _, s := range j.segments {
		for f, err := range s.reader().frames(0) {
			if err != nil {
				return err
			}
			if f.kind != recordKind || f.data == nil || f.seq <= j.state.Delivered {
				continue
			}
			group = append(group, &request{arrival: time.UnixMilli(f.arrival), records: [][]byte{bytes.Clone(f.data)}})
			if size += len(f.data); size >= maxGroupBytes {
				if err := to.writeGroup(group); err != nil {
					return err
				}
				group, size = nil, 0
			}
		}
	}
	return to.writeGroup(group)
}
