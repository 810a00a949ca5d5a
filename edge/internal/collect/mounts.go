package collect

import "github.com/metrics-dashboard/metrics-dashboard/record/hardware"

// mount is a mounted filesystem.
type mount struct {
	point  string // the mount point, as the machine names it
	path   string // the mount point, as this process reaches it
	device string // equal for all mounts of one filesystem
	source string // what is mounted, such as /dev/sda1
	kind   string // type of the filesystem
	local  bool   // it is on a device of this machine, or is the machine's root
	bind   bool   // it shows only a part of the filesystem
	// readOnly says that nobody can write to it, so that it cannot fill up.
	readOnly bool
	// automatic says that an automounter mounted it. The automounter unmounts it if nobody uses it for a while.
	automatic bool
}

// counts reports whether a mount is read. By default it must be one that can fill up and that reading does not keep mounted.
func (m mount) counts(f Filter) bool {
	switch {
	// statfs on the mount point of an automounter makes it mount the filesystem
	// (https://github.com/systemd/systemd/issues/18445).
	case m.kind == "autofs":
		return false
	case f.Exclude != nil && f.Exclude.MatchString(m.point):
		return false
	case f.Include != nil:
		return f.Include.MatchString(m.point)
	}
	return m.local && !m.readOnly && !m.automatic && !hardware.IsImage(m.kind)
}

// chooseMounts returns one mount of each filesystem that counts. It prefers a mount of the whole filesystem.
func chooseMounts(all []mount, f Filter) []mount {
	var chosen []mount
	place := map[string]int{} // in chosen, by device
	top := map[string]int{}   // the last mount on each point: it hides the others
	for i, m := range all {
		top[m.point] = i
	}
	for i, m := range all {
		if !m.counts(f) || top[m.point] != i {
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
