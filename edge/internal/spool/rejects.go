package spool

import (
	"errors"
	"io/fs"
)

// rejects is the state of the files of rejected lines. The destination will never accept these lines; people may look at them. If the
// current file is full, it replaces the previous one.
type rejects struct {
	size, before int64
	known        bool // the current file existed when it was last used
}

// rejectedShare is the part of the size limit that each of the two files may take: a 64th.
const rejectedShare = 64

// forget notes which of the files do not exist any more.
func (r *rejects) forget(there map[string]bool) {
	if !there[rejectedName] {
		r.size, r.known = 0, false
	}
	if !there[rejectedBefore] {
		r.before = 0
	}
}

func (r *rejects) bytes() int64 { return r.size + r.before }

// growth returns how many bytes the files may still grow.
func (r *rejects) growth(maxBytes int64) int64 { return max(0, 2*maxBytes/rejectedShare-r.bytes()) }

// keepRejected appends text to the file of rejected lines and syncs it.
func (s *store) keepRejected(text []byte) error {
	r := &s.rejected
	most := s.maxBytes / rejectedShare
	if int64(len(text)) > most {
		text = text[:most] // in a small spool, a line may be longer than the file may be
	}
	if !s.attached {
		return errWaiting
	}
	if r.known && r.size+int64(len(text)) > most {
		switch err := s.fs.Rename(rejectedName, rejectedBefore); {
		case errors.Is(err, fs.ErrNotExist):
			*r = rejects{before: r.before} // somebody removed the current file
		case err != nil:
			return err
		default:
			*r = rejects{before: r.size}
			s.syncDir = true
		}
	}
	f, err := s.openRejected()
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(text, r.size); err != nil {
		return err
	}
	r.size += int64(len(text))
	if err := f.Sync(); err != nil {
		return err
	}
	return s.syncDirectory()
}

// openRejected opens the current file. If there is none, or somebody removed it, it makes a new one.
func (s *store) openRejected() (File, error) {
	r := &s.rejected
	if r.known {
		f, err := s.fs.Open(rejectedName, ReadWrite)
		if !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
		*r = rejects{before: r.before}
	}
	s.syncDir = true
	f, err := s.fs.Open(rejectedName, CreateNew)
	r.known = err == nil
	return f, err
}
