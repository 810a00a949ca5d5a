package spool

import (
	"fmt"
)

// rejects is the file of lines that the destination will never take: JSON lines for people to look at. It is bounded: when
// it is full it becomes the one before, which goes.
type rejects struct {
	size, before int64
	known        bool // whether the file is there, so that it need not be created
}

// rejectedShare is which part of the spool each of the two files may take.
const rejectedShare = 64

func (r *rejects) bytes() int64 { return r.size + r.before }

// reserve is by how much the files may still grow.
func (r *rejects) reserve(maxBytes int64) int64 { return max(0, 2*maxBytes/rejectedShare-r.bytes()) }

// Reject takes the lines of a batch out of the queue, as Ack does, and sets them aside in a file, counted. The reason goes
// to the log; the error says that the file could not be written.
func (q *Queue) Reject(b Batch) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.ack(b); err != nil {
		return err
	}
	q.counts.rejected += int64(len(b.Lines))
	var text []byte
	for _, l := range b.Lines {
		text = append(append(text, l...), '\n')
	}
	if err := q.keepRejected(text); err != nil {
		return fmt.Errorf("set %d samples aside: %w", len(b.Lines), err)
	}
	return nil
}

func (q *Queue) keepRejected(text []byte) error {
	r := &q.rejected
	most := q.options.MaxBytes / rejectedShare
	if int64(len(text)) > most {
		text = text[:most] // MaxLine is longer than the file of the smallest spool may be
	}
	if !q.attached {
		return errWaiting
	}
	if r.known && r.size+int64(len(text)) > most {
		if err := q.options.FS.Rename(rejectedName, rejectedBefore); err != nil {
			return err
		}
		*r = rejects{before: r.size}
	}
	f, err := q.options.FS.Open(rejectedName, !r.known)
	if err != nil {
		return err
	}
	defer f.Close()
	r.known = true
	if _, err := f.WriteAt(text, r.size); err != nil {
		return err
	}
	r.size += int64(len(text))
	return f.Sync()
}
