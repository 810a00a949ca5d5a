package spool

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Segment is what an inspection finds of one segment file.
type Segment struct {
	Name    string
	Version int // of the format; 0 where there is no header
	Bytes   int64
	Created time.Time
	Lines   int
	Waiting int // lines that are not acknowledged
	Damaged int // places that are no entries, between entries that are
	Torn    int64
	Err     error // why the segment cannot be used; nil where it can
}

// Inspect reads a spool without changing it, also while a collector uses it: then it may show a moment that never was,
// with a torn tail. It calls line, which may be nil, with each line and whether it waits, oldest first; the line is valid
// during the call only. An error of line ends the inspection.
func Inspect(fs FS, line func(line []byte, waiting bool) error) ([]Segment, error) {
	files, err := fs.List()
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	f := found{acks: map[uint64]int64{}, drops: map[uint64]bool{}}
	var all []Segment
	for _, file := range files {
		id, ok := segmentID(strings.TrimSuffix(file.Name, corruptSuffix))
		if !ok {
			continue
		}
		s := Segment{Name: file.Name, Bytes: file.Size}
		s.Err = inspect(fs, id, &s, func(e entry) error { f.note(e); return nil })
		all = append(all, s)
	}
	for i := range all {
		s := &all[i]
		id, ok := segmentID(s.Name)
		if s.Err != nil || !ok {
			continue // of one that was set aside, nothing waits
		}
		s.Lines, s.Damaged = 0, 0
		if err := inspect(fs, id, s, func(e entry) error {
			if e.kind != kindLine {
				return nil
			}
			waiting := e.to > f.acks[id] && !f.drops[id]
			s.Lines++
			if waiting {
				s.Waiting++
			}
			if line == nil {
				return nil
			}
			return line(e.payload, waiting)
		}); err != nil {
			return all, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return all, nil
}

// inspect calls each with the entries of a segment.
func inspect(fs FS, id uint64, s *Segment, each func(entry) error) error {
	file, err := fs.Open(s.Name, false)
	if err != nil {
		return err
	}
	defer file.Close()
	header := make([]byte, headerBytes)
	n, err := file.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	s.Version, s.Created = headerFields(header[:n])
	if err := checkHeader(header[:n], id); err != nil {
		return err
	}
	scan := newScanner(file, headerBytes, s.Bytes)
	for {
		e, err := scan.next()
		if errors.Is(err, io.EOF) {
			s.Damaged, s.Torn = scan.damaged, s.Bytes-scan.good
			return nil
		}
		if err != nil {
			return err
		}
		if err := each(e); err != nil {
			return err
		}
	}
}
