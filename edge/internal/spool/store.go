package spool

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

const (
	// segmentCount is the number of segments into which the size limit is divided, unless a segment would then be smaller or larger than the
	// bounds below. The memory is divided in the same way, without bounds. A full spool drops the oldest segment.
	segmentCount                     = 16
	minSegmentBytes, maxSegmentBytes = 64 << 10, 4 << 20
)

// store is the segments of a queue, on disk (disk.go) and in memory (memory.go). It is not safe for concurrent use:
// Queue.mu guards it.
type store struct {
	fs           FS
	maxBytes     int64
	segmentBytes int64
	syncEach     bool // sync after each line
	syncNever    bool
	log          *slog.Logger
	writing      *retry.State
	reading      *retry.State
	keeping      *retry.State // fails while lines are dropped

	lock     Lock // nil if the directory is not locked
	attached bool // the files of the directory are known
	// replaced says that the directory or its lock was removed or replaced after its files were read. Then attach gives up the segments whose
	// files are gone.
	replaced bool
	segs     []*segment // oldest first
	active   *segment   // the last of segs; if nil, the next line begins a new one
	notes    *notes     // states that attach read from the files
	nextID   uint64
	aside    []FileInfo // files that were set aside, oldest first
	litter   []FileInfo // files to remove
	vacated  []FileInfo // files whose lines leave took into memory. They are removed when these lines are in other files.
	buf      []byte     // the entry that is being written

	retryAt time.Time // when to try a failed disk again; zero while it works
	okAt    time.Time // when to report that the disk works again; else zero
	checkAt time.Time // when to check next whether the directory still exists
	syncDir bool      // files may have been created or removed since the directory was last synced
	// atRisk says that states may be on no disk: a sync of a segment failed, the newest segment of another process could not be resumed and
	// synced, or the newest segment was moved to memory. No file is removed until there is a new segment, which begins with all states and
	// is synced at once.
	atRisk bool

	rejected rejects
	counts   counts
	noted    int64 // counts.lost as last written to a file
}

// counts count from the start of the process, except lost.
type counts struct {
	dropped  int64
	damaged  int64 // without the unreadable lines of segments that are still in the queue
	aside    int64
	rejected int64
	lost     int64 // dropped and damaged since the spool was first used
}

func newStore(o Options) store {
	return store{
		fs: o.FS, maxBytes: o.MaxBytes, segmentBytes: min(max(o.MaxBytes/segmentCount, minSegmentBytes), maxSegmentBytes),
		syncEach: o.Sync == SyncEvery, syncNever: o.Sync == SyncNever, log: o.Log,
		writing: retry.NewState(o.Log, "spooling to disk"), reading: retry.NewState(o.Log, "reading the spool"),
		keeping: retry.NewState(o.Log, "keeping every sample in the spool"),
		nextID:  1,
	}
}

// append writes a line to the disk, or to memory while the disk fails.
func (s *store) append(line []byte) {
	s.checkDirectory()
	if s.writable() == nil {
		err := s.prepare(int64(headBytes + len(line)))
		if err == nil {
			err = s.writeLine(line)
		}
		if err == nil {
			return
		}
		s.fail(err)
	}
	s.remember(line)
}

func (s *store) stats() Stats {
	st := Stats{
		Bytes: s.diskBytes(), Segments: int64(len(s.segs)), Dropped: s.counts.dropped, Damaged: s.counts.damaged,
		SetAside: s.counts.aside, Rejected: s.counts.rejected, Lost: s.counts.lost,
	}
	for _, seg := range s.segs {
		st.Lines += int64(seg.waiting())
		st.Damaged += int64(seg.unreadable)
		st.Lost += int64(seg.unreadable)
		if seg.inMemory() {
			st.MemoryLines += int64(seg.waiting())
		}
	}
	return st
}

// split ends the active segment and makes all lines backlog.
func (s *store) split() {
	s.seal()
	for _, seg := range s.segs {
		seg.backlog = true
	}
}

// close writes the lines in memory to the disk if it can, syncs the files and unlocks the directory. It returns how many lines are
// lost.
func (s *store) close() (lost int, err error) {
	if !s.retryAt.IsZero() {
		s.retryAt = time.Now() // try a failed disk again at once
	}
	err = s.writable()
	s.seal()
	if err == nil {
		err = s.syncDirectory()
	}
	for _, seg := range s.segs {
		if seg.inMemory() {
			lost += seg.waiting()
		}
	}
	if s.lock != nil {
		if e := s.lock.Close(); err == nil {
			err = e
		}
	}
	return lost, err
}

// giveUp removes a segment from the queue because its lines will not be delivered. It adds the number of lines that wait to *as. The
// caller has already added it to counts.lost.
func (s *store) giveUp(seg *segment, as *int64) {
	*as += int64(seg.waiting())
	s.counts.damaged += int64(seg.unreadable)
	seg.unreadable, seg.lostAs = 0, as
	s.detach(seg)
}

// passOver counts the damaged lines of a segment in which no other line waits, and writes the count down. If it returns false, it could
// not write. Then the segment must stay, so that a later start neither forgets the count nor counts twice.
func (s *store) passOver(seg *segment) bool {
	if seg.inMemory() { // there is no file that a later start could count again
		s.counts.damaged += int64(seg.unreadable)
		s.counts.lost += int64(seg.unreadable)
		seg.acked, seg.unreadable = seg.lines, 0
		return true
	}
	if seg.unreadable == 0 && s.counts.lost == s.noted {
		return true
	}
	if s.active == nil || s.active.file == nil || s.diskBytes()+s.beginBytes()+stateBytes > s.maxBytes {
		return false
	}
	if s.writeState(state{segment: seg.id, acked: seg.lines, lines: seg.lines}, seg.unreadable) != nil {
		return false
	}
	s.counts.damaged += int64(seg.unreadable)
	seg.acked, seg.unreadable = seg.lines, 0
	return true
}

// removeDone removes the segments in which no line waits. The newest file stays, because it holds the states of the
// others. The next file will begin with a copy of them.
func (s *store) removeDone() {
	newest := true
	for i := len(s.segs) - 1; i >= 0; i-- {
		seg := s.segs[i]
		done := !seg.unknown && seg.waiting() == 0 && seg != s.active && (!newest && !s.atRisk || seg.inMemory())
		if done && s.passOver(seg) {
			s.remove(seg)
			continue
		}
		newest = newest && seg.inMemory()
	}
	if s.diskBytes() < s.maxBytes/2 && s.memory() < memoryBytes/2 {
		s.keeping.OK()
	}
}

// remove removes a segment from the queue and its file from the disk. If the file cannot be removed, sweep tries again. If the process
// ends before it succeeds, lines may arrive twice.
func (s *store) remove(seg *segment) {
	s.detach(seg)
	info := FileInfo{segmentName(seg.id), seg.disk}
	switch {
	case seg.id == 0:
	case seg.damaged:
		s.setAside(info)
	default:
		s.litter = append(s.litter, info)
		s.sweep()
	}
}

// detach removes a segment from the queue.
func (s *store) detach(seg *segment) {
	if i := slices.Index(s.segs, seg); i >= 0 {
		s.segs = slices.Delete(s.segs, i, i+1)
	}
	if s.active == seg {
		s.active = nil
	}
	if seg.file != nil {
		seg.file.Close()
		seg.file = nil
	}
}

// sweep removes the files that are not needed any more. If the states cannot be made durable, it removes none.
func (s *store) sweep() {
	if len(s.litter) == 0 || s.atRisk {
		return
	}
	if err := s.syncStates(); err != nil {
		s.trouble(err)
		return
	}
	kept := s.litter[:0]
	for _, f := range s.litter {
		if err := s.fs.Remove(f.Name); err != nil {
			s.trouble(fmt.Errorf("remove %s: %w", f.Name, err))
			kept = append(kept, f)
			continue
		}
		s.syncDir = true
	}
	s.litter = kept
}
