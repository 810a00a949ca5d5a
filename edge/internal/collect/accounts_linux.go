package collect

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// accounts are the users of /etc/passwd. The operating system's own look-up would need cgo, and may ask a server.
type accounts struct {
	path   string
	names  map[int64]string
	readAt time.Duration
}

func newAccounts(etc string) *accounts { return &accounts{path: filepath.Join(etc, "passwd")} }

// name returns the name of a user, or its number if the file does not have it. It reads the file again after a while.
func (a *accounts) name(uid int64, at Moment) string {
	if a.names == nil || at.Mono-a.readAt >= identityAfter {
		a.names, a.readAt = map[int64]string{}, at.Mono
		data, _ := os.ReadFile(a.path) // without it users have numbers
		for line := range strings.Lines(string(data)) {
			fields := strings.SplitN(line, ":", 4)
			if len(fields) < 4 {
				continue
			}
			id, err := strconv.ParseInt(fields[2], 10, 64)
			if _, twice := a.names[id]; err == nil && !twice {
				a.names[id] = strings.Clone(fields[0])
			}
		}
	}
	if name, known := a.names[uid]; known {
		return text(name)
	}
	return strconv.FormatInt(uid, 10)
}
