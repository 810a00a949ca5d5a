package collect

import "slices"

// mount is a place where a filesystem is mounted.
type mount struct {
	point  string // by its name on the machine
	path   string // where this process reaches it
	device string // equal for all mounts of one filesystem
	kind   string // type of the filesystem
	local  bool   // it is on a device of this machine, or holds the machine's root
	bind   bool   // it shows a part of the filesystem
	// readOnly says that nothing can be written, so that it cannot fill up, however full it is.
	readOnly bool
	// automatic says that an automounter made it, which takes it away again after a while in which nobody looked at it.
	automatic bool
}

// imageTypes are read-only by format and full by design.
var imageTypes = []string{"squashfs", "iso9660", "erofs", "cramfs", "romfs", "udf", "cd9660", "cdfs"}

// counts reports whether a mount is looked at: by default, one that can fill up and that looking at does not keep alive.
func (m mount) counts(f Filter) bool {
	switch {
	// To look at a place where an automounter waits makes it mount: statfs is one of the calls that does
	// (https://github.com/systemd/systemd/issues/18445).
	case m.kind == "autofs":
		return false
	case f.Exclude != nil && f.Exclude.MatchString(m.point):
		return false
	case f.Include != nil:
		return f.Include.MatchString(m.point)
	}
	return m.local && !m.readOnly && !m.automatic && !slices.Contains(imageTypes, m.kind)
}

// chooseMounts returns one mount of each filesystem to look at, of the whole filesystem where there is one.
func chooseMounts(all []mount, f Filter) []mount {
	var chosen []mount
	place := map[string]int{} // in chosen, by device
	for i, m := range all {
		// What is mounted over it later hides it.
		if !m.counts(f) || slices.ContainsFunc(all[i+1:], func(later mount) bool { return later.point == m.point }) {
			continue
		}
		at, known := place[m.device]
		switch {
		case !known:
			place[m.device] = len(chosen)
			chosen = append(chosen, m)
		case chosen[at].bind && !m.bind:
			chosen[at] = m
		}
	}
	return chosen
}
