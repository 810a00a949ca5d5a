// Package journal keeps what the local Firehose accepted until it is delivered: a bounded, durable queue of records.
//
// A record is on disk before Append returns, and leaves with the commit that also notes the objects it became, so that a
// killed process neither loses an accepted record nor delivers it into a second object. The file is a bbolt database
// (MIT, maintained by the etcd project): its transactions are what a write-ahead log of our own would have to reinvent.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrFull says that the journal holds as much as it may. It empties as records are delivered.
var ErrFull = errors.New("journal is full")

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

var (
	recordsBucket = []byte("records") // sequence number of the first record → records, see encode
	movesBucket   = []byte("moves")   // staged file → final name
	metaBucket    = []byte("meta")
	deliveredKey  = []byte("delivered") // sequence number of the last record delivered
)

// Entry is a record in the journal.
type Entry struct {
	Seq     uint64 // 1, 2, 3 …
	Arrival time.Time
	Data    []byte
}

// Move is a file that was written under a staging name and belongs under its final name.
type Move struct{ Staged, Final string }

// Journal is an open journal. It is safe for concurrent use.
type Journal struct {
	db       *bolt.DB
	path     string
	maxBytes int64

	mu        sync.Mutex
	delivered uint64 // sequence number of the last record delivered
	last      uint64 // sequence number of the last record accepted
	bytes     int64  // of records not delivered
}

// Open opens or creates the journal at path. maxBytes bounds the record bytes that wait for delivery; the file is about as
// large as the most that ever waited. A journal that another process has open is refused.
func Open(path string, maxBytes int64) (*Journal, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout:      lockTimeout,
		FreelistType: bolt.FreelistMapType,
		// Committed transactions must survive a killed process and a lost power supply: NoSync stays off.
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open journal %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", path, err)
	}
	// Concurrent appends share a transaction; waiting longer than a write takes would slow down a single producer.
	db.MaxBatchDelay = time.Millisecond
	j := &Journal{db: db, path: path, maxBytes: maxBytes}
	if err := errors.Join(j.load(), SyncDir(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", path, err), db.Close())
	}
	return j, nil
}

// SyncDir makes the names in a directory durable: a file that was created or moved there is found after a power failure.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (j *Journal) load() error {
	return j.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{recordsBucket, movesBucket, metaBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		if v := tx.Bucket(metaBucket).Get(deliveredKey); v != nil {
			j.delivered = binary.BigEndian.Uint64(v)
		}
		j.last = j.delivered
		return tx.Bucket(recordsBucket).ForEach(func(key, value []byte) error {
			return each(key, value, func(e Entry) bool {
				j.last = max(j.last, e.Seq)
				if e.Seq > j.delivered {
					j.bytes += int64(len(e.Data))
				}
				return true
			})
		})
	})
}

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
	if j.bytes+size > j.maxBytes {
		j.mu.Unlock()
		return ErrFull
	}
	j.bytes += size // reserved, so that concurrent appends keep the bound
	j.mu.Unlock()

	value := encode(arrival, records)
	var last uint64
	err := j.db.Batch(func(tx *bolt.Tx) error {
		b := tx.Bucket(recordsBucket)
		b.FillPercent = 1 // keys only grow
		first := b.Sequence() + 1
		last = first + uint64(len(records)) - 1
		if err := b.SetSequence(last); err != nil {
			return err
		}
		return b.Put(binary.BigEndian.AppendUint64(nil, first), value)
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		j.bytes -= size
		return fmt.Errorf("append to journal %s: %w", j.path, err)
	}
	j.last = max(j.last, last)
	return nil
}

// Read returns records in order from sequence number from on, at least one where there is one, until maxBytes of data.
func (j *Journal) Read(from uint64, maxBytes int) ([]Entry, error) {
	var entries []Entry
	err := j.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(recordsBucket).Cursor()
		size, more := 0, true
		for key, value := seek(c, from); key != nil && more; key, value = c.Next() {
			err := each(key, value, func(e Entry) bool {
				if e.Seq < from {
					return true
				}
				if more = len(entries) == 0 || size+len(e.Data) <= maxBytes; !more {
					return false
				}
				size += len(e.Data)
				e.Data = append(make([]byte, 0, len(e.Data)), e.Data...) // the database's memory ends with the transaction
				entries = append(entries, e)
				return true
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	return entries, nil
}

// Get returns one record that is not delivered.
func (j *Journal) Get(seq uint64) (Entry, error) {
	entries, err := j.Read(seq, 0)
	if err != nil {
		return Entry{}, err
	}
	if len(entries) == 0 || entries[0].Seq != seq {
		return Entry{}, fmt.Errorf("read journal %s: record %d is not there", j.path, seq)
	}
	return entries[0], nil
}

// seek finds the batch that holds a sequence number, or the next one.
func seek(c *bolt.Cursor, seq uint64) (key, value []byte) {
	if key, value = c.Seek(binary.BigEndian.AppendUint64(nil, seq)); key != nil && binary.BigEndian.Uint64(key) == seq {
		return key, value
	}
	// The batch before may reach up to seq; one that does not is passed over by the reader.
	if key == nil {
		if key, value = c.Last(); key == nil {
			return nil, nil
		}
		return key, value
	}
	if key, value = c.Prev(); key == nil {
		return c.First()
	}
	return key, value
}

// Commit notes that all records up to a sequence number are delivered, into files that still have to be moved to their
// final names. Both happen or neither.
func (j *Journal) Commit(upto uint64, moves []Move) error {
	var freed int64
	err := j.db.Update(func(tx *bolt.Tx) error {
		freed = 0
		records := tx.Bucket(recordsBucket)
		c := records.Cursor()
		for key, value := c.First(); key != nil; key, value = c.First() {
			var last uint64
			err := each(key, value, func(e Entry) bool {
				if last = e.Seq; last > j.delivered && last <= upto {
					freed += int64(len(e.Data))
				}
				return last <= upto
			})
			if err != nil {
				return err
			}
			if last > upto {
				break
			}
			if err := c.Delete(); err != nil {
				return err
			}
		}
		m := tx.Bucket(movesBucket)
		for _, move := range moves {
			if err := m.Put([]byte(move.Staged), []byte(move.Final)); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(deliveredKey, binary.BigEndian.AppendUint64(nil, upto))
	})
	if err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.path, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.bytes -= freed
	j.delivered = upto
	return nil
}

// Moves returns the moves that were committed and not yet done.
func (j *Journal) Moves() ([]Move, error) {
	var moves []Move
	err := j.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(movesBucket).ForEach(func(k, v []byte) error {
			moves = append(moves, Move{Staged: string(k), Final: string(v)})
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", j.path, err)
	}
	return moves, nil
}

// MovesDone forgets all moves.
func (j *Journal) MovesDone() error {
	err := j.db.Update(func(tx *bolt.Tx) error {
		if err := tx.DeleteBucket(movesBucket); err != nil {
			return err
		}
		_, err := tx.CreateBucket(movesBucket)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit to journal %s: %w", j.path, err)
	}
	return nil
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
	return State{Delivered: j.delivered, Last: j.last, Bytes: j.bytes}
}

// Close closes the journal.
func (j *Journal) Close() error { return j.db.Close() }

// encode writes the records of one append: arrival in Unix milliseconds (8 bytes), then length (uvarint) and bytes of each.
func encode(arrival time.Time, records [][]byte) []byte {
	size := 8
	for _, r := range records {
		size += binary.MaxVarintLen32 + len(r)
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, size), uint64(arrival.UnixMilli()))
	for _, r := range records {
		b = append(binary.AppendUvarint(b, uint64(len(r))), r...)
	}
	return b
}

var errDamaged = errors.New("a batch of records is damaged")

// each gives the entries that encode wrote to f, in order, until f has enough. Their data are slices of value.
func each(key, value []byte, f func(Entry) bool) error {
	if len(key) != 8 || len(value) < 9 {
		return errDamaged
	}
	e := Entry{Seq: binary.BigEndian.Uint64(key), Arrival: time.UnixMilli(int64(binary.BigEndian.Uint64(value)))}
	for value = value[8:]; len(value) > 0; e.Seq++ {
		size, n := binary.Uvarint(value)
		if n <= 0 || size > uint64(len(value)-n) {
			return errDamaged
		}
		end := n + int(size)
		e.Data = value[n:end:end]
		if !f(e) {
			return nil
		}
		value = value[end:]
	}
	return nil
}
