// Package journal keeps the records that the local Firehose accepted until they are delivered: a bounded, durable queue.
//
// A record is on disk before Append returns. A commit removes records and, in the same write, notes the files of their objects. If the
// process is killed, an accepted record is therefore not lost and not delivered twice. Each record has a checksum. Open reads the
// whole journal. It keeps the whole records, counts the damaged ones, and sets the damaged files aside.
//
// The journal has a format of its own. An earlier one was a bbolt database, which does not have checksums over its pages: a flipped bit
// changed a record or caused a panic.
package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// ErrFull means that the journal has no room for a record. It gets room when records are delivered.
var ErrFull = errors.New("the journal is full")

// ErrNotThere means that a record is not in the journal: it was delivered, it was never accepted, or it is damaged.
var ErrNotThere = errors.New("the record is not in the journal")

// ErrBroken means that a write failed and that its bytes, or its file, could not be removed. The next Open decides whether they count.
var ErrBroken = errors.New("a write failed and could not be undone; start the stack again")

var (
	errInUse   = errors.New("another process has it open; stop that process, or use another directory")
	errEarlier = errors.New("an earlier build wrote it; run that build to deliver the records in it, or remove the directory to drop them")
)

// Entry is a record in the journal.
type Entry struct {
	Seq     uint64 // 1, 2, 3 …
	Arrival time.Time
	Data    []byte

	before int64 // bytes of all records before it
}

// Move is a file that was written under a staging name and has to be moved to its final name.
type Move struct{ Staged, Final string }

// Damage describes the damage that Open found.
type Damage struct {
	// Records is how many accepted records are lost, as far as the rest of the journal says it. The count begins at the first record whose
	// header is whole, or at the first whole state. If the journal ends with damage, one record is counted for it, however many it held. If its
	// end is cut off, nothing tells that from a write that a crash cut short, and the records there are not counted.
	Records int64
	// SetAside is the directory that holds the damaged files, empty if there is no damage.
	SetAside string
}

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	dir      string
	maxBytes int64
	lock     *os.File
	damage   Damage

	requests chan *request // for the writer
	closing  chan struct{} // closed by Close
	close    sync.Once     // closes closing
	stopped  chan struct{} // closed when the writer has ended
	spare    []byte        // memory for the writer's next group

	mu       sync.Mutex // guards the fields below
	segments []*segment // oldest first; the writer appends to the last one
	state    state
}

// state is what a journal holds. The writer notes it at the beginning of each segment and with each commit.
type state struct {
	Accepted       uint64 // sequence number of the last record accepted
	Delivered      uint64 // sequence number of the last record delivered
	AcceptedBytes  int64  // of all records accepted
	DeliveredBytes int64
	Moves          []Move // committed, but not done yet
}

// pending returns the bytes of the records that are not delivered.
func (s state) pending() int64 { return s.AcceptedBytes - s.DeliveredBytes }

// Open opens the journal in a directory, or creates it. maxBytes bounds the bytes of the records that wait for delivery. Open fails if
// another process has the journal open.
func Open(dir string, maxBytes int64) (_ *Journal, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open journal %s: %w", dir, err)
		}
	}()
	lock, err := durable.Lock(dir + ".lock")
	if errors.Is(err, durable.ErrLocked) {
		err = errInUse
	}
	if err != nil {
		return nil, err
	}
	j := &Journal{
		dir: dir, maxBytes: maxBytes, lock: lock,
		requests: make(chan *request), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, closeSegments(j.segments), lock.Close())
	}
	go j.write()
	return j, nil
}

// Damage returns the damage that Open found.
func (j *Journal) Damage() Damage { return j.damage }

// Append adds records that arrived together. They are durable when it returns. If it fails, none of them is in the journal, except after
// [ErrBroken]. If the process dies meanwhile, some of them may be.
func (j *Journal) Append(arrival time.Time, records [][]byte) error {
	if len(records) == 0 {
		return nil
	}
	if err := j.do(&request{arrival: arrival, records: records}); err != nil {
		return fmt.Errorf("append to journal %s: %w", j.dir, err)
	}
	return nil
}

// Commit notes that all records up to a sequence number are delivered, and that these files have to be moved to their final names. It
// writes both or neither. After [ErrBroken] it is unknown which.
func (j *Journal) Commit(upto uint64, moves []Move) error {
	freed, err := j.bytesUpto(upto)
	if err == nil {
		err = j.do(&request{commit: func(s *state) {
			s.Delivered, s.DeliveredBytes, s.Moves = max(s.Delivered, upto), max(s.DeliveredBytes, freed), moves
		}})
	}
	if err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.dir, err)
	}
	return nil
}

// MovesDone notes that all moves are done.
func (j *Journal) MovesDone() error {
	if err := j.do(&request{commit: func(s *state) { s.Moves = nil }}); err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.dir, err)
	}
	return nil
}

// Moves returns the moves that were committed and are not done yet.
func (j *Journal) Moves() []Move {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.Moves
}

// State describes the content of a journal.
type State struct {
	Delivered uint64 // sequence number of the last record delivered
	Last      uint64 // sequence number of the last record accepted
	Bytes     int64  // of records not delivered
}

// State returns the current state.
func (j *Journal) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.state
	return State{Delivered: s.Delivered, Last: s.Accepted, Bytes: s.pending()}
}

// Close closes the journal. It first finishes the requests that the writer has. Later ones fail.
func (j *Journal) Close() (err error) {
	j.close.Do(func() {
		close(j.closing)
		<-j.stopped
		err = errors.Join(closeSegments(j.segments), j.lock.Close())
	})
	return err
}
