package spool

// rejects is the state of the files of rejected lines, for people to look at: lines that are not samples, or that the destination refuses as
// invalid. If the current file is full, it replaces the previous one.
type rejects struct {
	size, before int64
}

// rejectedShare is the part of the size limit that each of the two files may take: a 64th.
const rejectedShare = 64

// update takes the state from a listing, because people may remove, empty or make the files at any time. It returns whether there is a
// current file.
func (r *rejects) update(files []FileInfo) (exists bool) {
	*r = rejects{}
	for _, f := range files {
		switch f.Name {
		case rejectedName:
			exists, r.size = true, f.Size
		case rejectedBefore:
			r.before = f.Size
		}
	}
	return exists
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
	files, err := s.fs.List()
	if err != nil {
		return err
	}
	exists := r.update(files)
	if exists && r.size+int64(len(text)) > most {
		if err := s.fs.Rename(rejectedName, rejectedBefore); err != nil {
			return err
		}
		*r, exists = rejects{before: r.size}, false
		s.syncDir = true
	}
	how := ReadWrite
	if !exists {
		how, s.syncDir = CreateNew, true
	}
	f, err := s.fs.Open(rejectedName, how)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(text, r.size); err != nil {
		_ = f.Truncate(r.size) // a part of a line would spoil the next one
		return err
	}
	r.size += int64(len(text))
	if err := f.Sync(); err != nil {
		return err
	}
	return s.syncDirectory()
}
