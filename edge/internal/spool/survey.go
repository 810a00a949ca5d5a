package spool

import (
	"errors"
	"io"
	"time"
)

// survey is what reading a segment's file found.
type survey struct {
	version int       // of the format; 0 if there is no header
	created time.Time // zero if the header does not say
	header  error     // nil, errHeader or errVersion
	lines   int       // lines of the segment, according to its entries
	whole   int       // lines that can be read
	good    int64     // offset of the tail
	torn    bool      // the tail is an entry that was being written when the process or the machine stopped
	places  int       // damaged runs of bytes
}

// surveySegment reads a segment and calls the function each with its good entries, also if the header is damaged: entries have checksums of
// their own. An error comes from the file system or from the function, and does not mean damage.
func surveySegment(fs FS, id uint64, info FileInfo, each func(entry) error) (v survey, err error) {
	f, err := fs.Open(info.Name, ReadOnly)
	if err != nil {
		return v, err
	}
	defer f.Close()
	header := make([]byte, headerBytes)
	n, err := f.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return v, err
	}
	v.version, v.created = headerFields(header[:n])
	if v.header = checkHeader(header[:n], id); errors.Is(v.header, errVersion) {
		return v, nil
	}
	s := newScanner(f, headerBytes, info.Size)
	for {
		e, err := s.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return v, err
		}
		if e.kind == kindLine {
			v.whole++
		}
		if err := each(e); err != nil {
			return v, err
		}
	}
	places := s.places
	if err := s.endTail(); err != nil {
		return v, err
	}
	v.lines, v.good, v.places = s.lines, s.good, s.places
	v.torn = s.good < info.Size && s.places == places
	return v, nil
}

// notes are the states in the segments that were read.
type notes struct {
	acked map[uint64]int
	lines map[uint64]int // only of segments that are complete
	lost  int64
}

func newNotes() *notes { return &notes{acked: map[uint64]int{}, lines: map[uint64]int{}} }

// add notes an entry, if it is a state. Entries come in the order in which they were written.
func (n *notes) add(e entry) {
	s, ok := parseState(e.payload)
	if e.kind != kindState || !ok {
		return
	}
	n.acked[s.segment] = max(n.acked[s.segment], s.acked)
	n.lines[s.segment] = max(n.lines[s.segment], s.lines)
	n.lost = s.lost
}

// lineCount returns how many lines a segment has. The number comes from a newer segment if one has it, otherwise from the segment's own
// entries.
func (n *notes) lineCount(id uint64, v survey) int {
	if known := n.lines[id]; known > 0 {
		return known
	}
	return v.lines
}
