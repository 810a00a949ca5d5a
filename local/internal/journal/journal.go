// Package journal keeps the records that the local Firehose accepted until they are delivered: a bounded, durable queue.
//
// A record is on disk before Append returns. It leaves with the commit that also notes the objects it became. A killed process
// therefore neither loses an accepted record nor delivers it into a second object. Every record has a checksum. Open reads
// all of the journal; it keeps what is whole, counts what is not, and sets the damaged files aside.
//
// The journal is its own format and not a database: bbolt, which it was before, has no checksums over its pages, and a
// flipped bit became another record or a panic.
package journal

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// ErrFull says that the journal holds as much as it may. It empties as records are delivered.
var ErrFull = errors.New("the journal is full")

// ErrNotThere says that a record is not in the journal: it was delivered, never accepted, or found damaged.
var ErrNotThere = errors.New("the record is not there")

// ErrBroken says that a write failed and what it wrote could not be taken back. Whether it counts is known at the next Open.
var ErrBroken = errors.New("a write failed and could not be taken back; start again to go on")

var errInUse = errors.New("another process has it open")

// Entry is a record in the journal.
type Entry struct {
	Seq     uint64 // 1, 2, 3 …
	Arrival time.Time
	Data    []byte
}

// Move is a file that was written under a staging name and belongs under its final name.
type Move struct{ Staged, Final string }

// Damage is what Open found damaged.
type Damage struct {
	// Records is how many accepted records are lost. It is exact unless the header of the very last batch is damaged; that
	// batch counts as one record then.
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

	requests chan *request // of the writer
	stopped  chan struct{} // closed when the writer has ended
	closing  sync.RWMutex  // held for reading while a request is handed to the writer; guards closed
	closed   bool

	mu        sync.Mutex // guards what follows
	segments  []*segment // oldest first; the writer appends to the last one
	delivered uint64     // sequence number of the last record delivered
	last      uint64     // sequence number of the last record accepted
	total     int64      // bytes of all records that the segments' marks know of
	freed     int64      // of these, bytes of the records delivered
	reserved  int64      // bytes of appends under way
	moves     []Move     // committed and not yet done
}

// Open opens or creates the journal in a directory. maxBytes bounds the bytes of the records that wait for delivery. It
// refuses a journal that another process has open.
func Open(dir string, maxBytes int64) (_ *Journal, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open journal %s: %w", dir, err)
		}
	}()
	lockFile, err := os.OpenFile(dir+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(lockFile); err != nil {
		return nil, errors.Join(err, lockFile.Close())
	}
	j := &Journal{
		dir: dir, maxBytes: maxBytes, lock: lockFile,
		requests: make(chan *request, maxGroup), stopped: make(chan struct{}),
	}
	if err := j.recover(); err != nil {
		return nil, errors.Join(err, closeSegments(j.segments), lockFile.Close())
	}
	go j.write()
	return j, nil
}

// Damage returns what Open found damaged.
func (j *Journal) Damage() Damage { return j.damage }

// Append adds records that arrived together and returns once they are durable. It adds all or none.
func (j *Journal) Append(arrival time.Time, records [][]byte) error {
	if len(records) == 0 {
		return nil
	}
	var size int64
	for _, r := range records {
		size += int64(len(r))
	}
	j.mu.Lock()
	if j.pendingLocked()+j.reserved+size > j.maxBytes {
		j.mu.Unlock()
		return ErrFull
	}
	j.reserved += size // so that concurrent appends keep the bound
	j.mu.Unlock()
	err := j.do(&request{arrival: arrival, records: records, size: size})
	if err != nil {
		return fmt.Errorf("append to journal %s: %w", j.dir, err)
	}
	return nil
}

// Commit notes that all records up to a sequence number are delivered, into files that still have to be moved to their
// final names. Both happen or neither; on [ErrBroken] it is not known which.
func (j *Journal) Commit(upto uint64, moves []Move) error {
	freed, err := j.bytesUpto(upto)
	if err == nil {
		err = j.do(&request{commit: true, delivered: upto, freed: freed, moves: moves})
	}
	if err == nil {
		err = j.dropDelivered()
	}
	if err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.dir, err)
	}
	return nil
}

// MovesDone forgets all moves.
func (j *Journal) MovesDone() error {
	j.mu.Lock()
	done := &request{commit: true, delivered: j.delivered, freed: j.freed}
	j.mu.Unlock()
	if err := j.do(done); err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.dir, err)
	}
	return nil
}

// Moves returns the moves that were committed and not yet done.
func (j *Journal) Moves() []Move {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.moves
}

// State is what a journal holds.
type State struct {
	Delivered uint64 // sequence number of the last record delivered
	Last      uint64 // sequence number of the last record accepted
	Bytes     int64  // of records not delivered
}

// State returns what the journal holds now.
func (j *Journal) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	return State{Delivered: j.delivered, Last: j.last, Bytes: j.pendingLocked()}
}

func (j *Journal) pendingLocked() int64 { return j.total - j.freed }

// Close closes the journal. An append that did not return yet fails.
func (j *Journal) Close() error {
	j.closing.Lock()
	if j.closed {
		j.closing.Unlock()
		return nil
	}
	j.closed = true
	close(j.requests)
	j.closing.Unlock()
	<-j.stopped
	j.mu.Lock()
	defer j.mu.Unlock()
	return errors.Join(closeSegments(j.segments), j.lock.Close())
}
