package spool

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Segment is the result of inspecting one segment file.
type Segment struct {
	Name       string
	Version    int // of the format; 0 if there is no header
	Bytes      int64
	Created    time.Time
	Lines      int   // that can be read; 0 if the segment was set aside or is of another version
	Waiting    int   // lines that can be read and are not acknowledged
	Unreadable int   // lines that are not acknowledged and cannot be read
	Places     int   // damaged runs of bytes
	Torn       int64 // bytes of an unfinished entry at the end
	Header     error // what is wrong with the header; nil if it is good
	Err        error // why the file cannot be read; nil if it can
	Aside      bool  // it was set aside
}

// Damaged reports whether something in the segment is not as it was written, or the segment is of another version.
func (s Segment) Damaged() bool {
	return s.Unreadable > 0 || s.Places > 0 || s.Header != nil || s.Aside
}

// Inspect reads a spool without changing it. If a collector uses the spool meanwhile, parts of the result may be from different
// times, and the last entry may be unfinished. Inspect calls line, which may be nil, with each line that can be read and whether it
// waits, oldest first. It leaves out the lines of segments that were set aside.
// The line is valid only during the call. If line returns an error, the inspection ends with it.
func Inspect(fs FS, line func(line []byte, waiting bool) error) ([]Segment, error) {
	files, err := fs.List()
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	n := newNotes()
	var all []Segment
	surveys := map[string]survey{}
	for _, file := range files {
		name, aside := strings.CutSuffix(file.Name, corruptSuffix)
		id, ok := segmentID(name)
		if !ok {
			continue
		}
		s := Segment{Name: file.Name, Bytes: file.Size, Aside: aside}
		v, err := surveySegment(fs, id, file, func(e entry) error {
			if !aside {
				n.add(e)
			}
			return nil
		})
		s.Version, s.Created, s.Header, s.Places, s.Err = v.version, v.created, v.header, v.places, err
		if v.torn {
			s.Torn = file.Size - v.good
		}
		if err == nil && !aside && !errors.Is(v.header, errVersion) {
			surveys[s.Name] = v
		}
		all = append(all, s)
	}
	for i := range all {
		s := &all[i]
		v, ok := surveys[s.Name]
		if !ok {
			continue
		}
		id, _ := segmentID(s.Name)
		lines := n.lineCount(id, v)
		acked := min(n.acked[id], lines)
		if _, err := surveySegment(fs, id, FileInfo{s.Name, s.Bytes}, func(e entry) error {
			if e.kind != kindLine || e.line >= lines {
				return nil
			}
			s.Lines++
			if e.line >= acked {
				s.Waiting++
			}
			if line == nil {
				return nil
			}
			return line(e.payload, e.line >= acked)
		}); err != nil {
			return all, fmt.Errorf("%s: %w", s.Name, err)
		}
		s.Unreadable = lines - acked - s.Waiting
	}
	return all, nil
}
