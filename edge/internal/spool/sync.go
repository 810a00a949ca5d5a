package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// written sees to the durability of what was just written to a segment.
func (q *Queue) written(seg *segment) error {
	seg.dirty = true
	switch q.options.Sync {
	case SyncNever:
		return nil
	case SyncEvery:
		if err := seg.file.Sync(); err != nil {
			return fmt.Errorf("sync segment %d: %w", seg.id, err)
		}
		seg.dirty = false
		return q.syncDirectory()
	}
	now := time.Now()
	first, pause := q.writtenAt.IsZero(), now.Sub(q.writtenAt)
	q.writtenAt = now
	if q.syncTimer == nil {
		q.syncBy = now.Add(q.options.Sync)
		q.syncTimer = time.AfterFunc(q.options.Sync, q.syncActive)
	}
	if first || now.Add(pause).Before(q.syncBy) {
		return nil
	}
	// The next line is not expected before the sync, so it may as well be now: that saves waking up once more.
	q.syncTimer.Reset(0)
	return nil
}

// syncActive makes durable what waits for it. A disk takes its time over this; meanwhile lines can be appended.
func (q *Queue) syncActive() {
	q.mu.Lock()
	q.syncTimer = nil
	var file File
	if seg := q.active; seg != nil && seg.dirty {
		seg.dirty = false
		file = seg.file
	}
	err := q.syncDirectory()
	q.mu.Unlock()
	if file != nil {
		// Closed meanwhile: then it was synced before, see seal.
		if e := file.Sync(); e != nil && !errors.Is(e, fs.ErrClosed) {
			err = errors.Join(fmt.Errorf("sync: %w", e), err)
		}
	}
	if err == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.fail(err)
	}
}

// syncSegment makes a segment durable that is about to be closed.
func (q *Queue) syncSegment(seg *segment) {
	if !seg.dirty {
		return
	}
	seg.dirty = false
	if err := seg.file.Sync(); err != nil {
		q.disk.Failed(fmt.Errorf("sync segment %d: %w", seg.id, err))
	}
}

// syncDirectory makes durable which files there are.
func (q *Queue) syncDirectory() error {
	if !q.syncDir {
		return nil
	}
	q.syncDir = false
	if err := q.options.FS.Sync(); err != nil {
		return fmt.Errorf("sync the directory: %w", err)
	}
	return nil
}
