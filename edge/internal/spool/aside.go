package spool

import (
	"fmt"
	"log/slog"
)

// Limits for the segments that were set aside. The last one stays even if it exceeds them, until its room is needed.
const (
	maxAside   = 4 // segments
	asideShare = 4 // they take at most a quarter of the size limit
)

// setAside renames the file of a damaged segment, so that a person can look at it. It removes older ones if there are too many.
func (s *store) setAside(info FileInfo) {
	s.counts.aside++
	kept := info.Name + corruptSuffix
	err := s.syncStates()
	if err == nil {
		err = s.fs.Rename(info.Name, kept)
	}
	if err != nil {
		s.trouble(fmt.Errorf("set %s aside: %w", info.Name, err))
		kept = info.Name
	} else {
		s.log.Warn("a damaged segment is set aside", slog.String("file", kept))
	}
	s.syncDir = true
	s.aside = append(s.aside, FileInfo{kept, info.Size})
	for len(s.aside) > 1 && (len(s.aside) > maxAside || s.asideBytes() > s.maxBytes/asideShare) {
		s.removeAside("only few are kept")
	}
}

// removeAside removes the oldest file that was set aside. Its lost lines are counted already.
func (s *store) removeAside(reason string) {
	s.log.Warn("a segment that was set aside is removed", slog.String("file", s.aside[0].Name), slog.String("reason", reason))
	s.litter = append(s.litter, s.aside[0])
	s.aside = s.aside[1:]
	s.sweep()
}

func (s *store) asideBytes() (sum int64) {
	for _, f := range s.aside {
		sum += f.Size
	}
	return sum
}
