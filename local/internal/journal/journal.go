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

// ErrBroken means that a write failed and that its bytes could not be removed from the file. The next Open decides whether they count.
var ErrBroken = errors.New("a write failed and could not be undone; start the stack again")

var errInUse = errors.New("another process has it open; stop that process, or use another directory")

// Entry is a record in the journal.
type Entry struct {
	Seq     uint64 // 1, 2, 3 …
	Arrival time.Time
	Data    []byte
}

// Move is a file that was written under a staging name and has to be moved to its final name.
type Move struct{ Staged, Final string }

// Damage describes the damage that Open found.
type Damage struct {
	// Records is how many accepted records are lost. It is exact unless the header of the very last batch is damaged. That batch then
	// counts as one record.
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
	stopped  chan struct{} // closed when the writer has ended
	closing  sync.RWMutex  // guards closed; held for reading while a request is sent to the writer
	closed   bool

	mu        sync.Mutex // guards all fields below
	segments  []*segment // oldest first; the writer appends to the last one
	delivered uint64     // sequence number of the last record delivered
	last      uint64     // sequence number of the last record accepted
	total     int64      // bytes of all records since the oldest segment at Open
	freed     int64      // bytes of those that are delivered
	reserved  int64      // bytes of appends under way
	moves     []Move     // committed, but not done yet
}

// Open opens the journal in a directory, or creates it. maxBytes bounds the bytes of the records that wait for delivery. Open fails if
// another process has the journal open.
func Open(dir string, maxBytes int64) (_ *Journal, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("open journal %s: %w", dir, err)
		}
	}()
	lockFile, err := durable.Lock(dir + ".lock")
	if errors.Is(err, durable.ErrLocked) {
		err = errInUse
	}
	if err != nil {
		return nil, err
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

// Damage returns the damage that Open found.
func (j *Journal) Damage() Damage { return j.damage }

// Append adds records that arrived together. They are durable when it returns. It adds all of them or none.
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
	j.reserved += size // so that concurrent appends together keep the bound
	j.mu.Unlock()
	err := j.do(&request{arrival: arrival, records: records, size: size})
	if err != nil {
		return fmt.Errorf("append to journal %s: %w", j.dir, err)
	}
	return nil
}

// Commit notes that all records up to a sequence number are delivered, and that these files have to be moved to their final names. It
// writes both or neither. After [ErrBroken] it is unknown which.
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

// MovesDone notes that all moves are done.
func (j *Journal) MovesDone() error {
	j.mu.Lock()
	done := &request{commit: true, delivered: j.delivered, freed: j.freed}
	j.mu.Unlock()
	if err := j.do(done); err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.dir, err)
	}
	return nil
}

// Moves returns the moves that were committed and are not done yet.
func (j *Journal) Moves() []Move {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.moves
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
	return State{Delivered: j.delivered, Last: j.last, Bytes: j.pendingLocked()}
}

func (j *Journal) pendingLocked() int64 { return j.total - j.freed }

// Close closes the journal. It first finishes the requests that the writer has. Later ones fail.
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
