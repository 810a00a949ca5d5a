package journal

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// segmentBytes is the size from which the writer begins a new segment. A segment is removed when all its records are delivered. On disk
// the journal is therefore about one segment larger than the records that wait.
const segmentBytes = 16 << 20

const segmentSuffix = ".log"

// segment is a file of the journal, <number>-<salt>.log.
type segment struct {
	file   *os.File
	path   string
	number uint64
	salt   uint32
	size   int64
	last   uint64 // sequence number of the last record accepted up to its end
	// marks are places from which a search for a record can begin, about one for each 64 KiB.
	marks []mark
}

// mark is the place of a record.
type mark struct {
	seq uint64
	at  int64 // offset in the segment
}

func (s *segment) mark(m mark) {
	if len(s.marks) == 0 || m.at-s.marks[len(s.marks)-1].at >= pieceBytes {
		s.marks = append(s.marks, m)
	}
}

// searchFrom returns an offset from which to search for a record: the last mark at or before the record, or else 0.
func (s *segment) searchFrom(seq uint64) (at int64) {
	for _, m := range s.marks {
		if m.seq > seq {
			break
		}
		at = m.at
	}
	return at
}

func (s *segment) reader() *reader { return &reader{file: s.file, size: s.size, salt: s.salt} }

// createSegment creates the file of a segment. Its name is durable only after [durable.SyncDir].
func createSegment(dir string, number uint64) (*segment, error) {
	s := &segment{number: number, salt: rand.Uint32()}
	s.path = filepath.Join(dir, fmt.Sprintf("%016d-%08x%s", number, s.salt, segmentSuffix))
	var err error
	s.file, err = os.OpenFile(s.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return s, err
}

// openSegments opens the segments of a directory, oldest first.
func openSegments(dir string) (segments []*segment, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeSegments(segments))
		}
	}()
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		base, ok := strings.CutSuffix(name.Name(), segmentSuffix)
		number, salt, found := strings.Cut(base, "-")
		n, numberErr := strconv.ParseUint(number, 10, 64)
		x, saltErr := strconv.ParseUint(salt, 16, 32)
		if !ok || !found || numberErr != nil || saltErr != nil {
			continue // not a segment
		}
		s := &segment{path: filepath.Join(dir, name.Name()), number: n, salt: uint32(x)}
		if s.file, err = os.OpenFile(s.path, os.O_RDWR, 0); err != nil {
			return segments, err
		}
		segments = append(segments, s)
		info, err := s.file.Stat()
		if err != nil {
			return segments, err
		}
		s.size = info.Size()
	}
	slices.SortFunc(segments, func(a, b *segment) int { return cmp.Compare(a.number, b.number) })
	return segments, nil
}

func closeSegments(segments []*segment) error {
	var errs []error
	for _, s := range segments {
		errs = append(errs, s.file.Close())
	}
	return errors.Join(errs...)
}
