package collect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// listMounts returns the mounts, in the order in which they were mounted.
func listMounts(_ context.Context, roots Roots, _ Filter) ([]mount, error) {
	kinds, err := deviceTypes(filepath.Join(roots.Proc, "filesystems"))
	if err != nil {
		return nil, err
	}
	// A service may see other mounts than the machine: with ProtectSystem=strict it sees all of them read-only. Process 1 sees the
	// machine's own.
	own := false
	text, err := os.ReadFile(filepath.Join(roots.Proc, "1", "mountinfo"))
	if err != nil {
		own = true
		var also error
		if text, also = os.ReadFile(filepath.Join(roots.Proc, "self", "mountinfo")); also != nil {
			return nil, errors.Join(err, also)
		}
	}
	return parseMounts(string(text), roots.Root, kinds, own)
}

// deviceTypes returns the types of filesystems that are on devices (proc_filesystems(5)). ZFS is one of them, but the file does not
// say so.
func deviceTypes(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	kinds := []string{"zfs"}
	for line := range strings.Lines(string(text)) {
		if kind, ok := strings.CutPrefix(line, "\t"); ok {
			kinds = append(kinds, strings.TrimSpace(kind))
		}
	}
	return kinds, err
}

// parseMounts reads mountinfo (proc_pid_mountinfo(5)), whose lines are
//
//	36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
//	id parent device root point options [more …] - type source options-of-the-filesystem
//
// This process reaches the mount points below root. own says that the options of the mounts hold for this process, and perhaps not
// for the machine.
func parseMounts(text, root string, kinds []string, own bool) ([]mount, error) {
	var mounts []mount
	type place struct {
		parent string
		waits  bool // an automounter waits at this mount
	}
	places := map[string]place{} // by id
	var ids []string
	for line := range strings.Lines(text) {
		of, filesystem, ok := strings.Cut(line, " - ")
		a, b := strings.Fields(of), strings.Fields(filesystem)
		if !ok || len(a) < 6 || len(b) < 3 {
			return nil, fmt.Errorf("list mounts: %q is cut short", line)
		}
		kind, _, _ := strings.Cut(b[0], ".") // the kernel's type of fuseblk.ntfs is fuseblk
		point := unescape(a[4])
		m := mount{
			point: point, path: filepath.Join(root, point), device: a[2], source: unescape(b[1]), kind: b[0], bind: a[3] != "/",
			// The machine's root always counts: also an overlay, as in a container or on an image-based system, and a network
			// filesystem.
			local:    slices.Contains(kinds, kind) || point == "/",
			readOnly: hasOption(b[2], "ro") || !own && hasOption(a[5], "ro"),
		}
		places[a[0]] = place{a[1], kind == "autofs"}
		mounts, ids = append(mounts, m), append(ids, a[0])
	}
	for i, id := range ids {
		// The walk ends at the topmost mount: it is its own parent, or its parent is not in the list.
		for at, steps := places[id], 0; !mounts[i].automatic && steps < len(ids); steps++ {
			parent := places[at.parent]
			mounts[i].automatic, at = parent.waits, parent
		}
	}
	return mounts, nil
}

func hasOption(list, option string) bool { return slices.Contains(strings.Split(list, ","), option) }

// unescape decodes a path of mountinfo. The kernel escapes blanks, tabs, line ends, backslashes and, before Linux 6, number signs:
// a blank is \040 (seq_path in fs/proc_namespace.c). It escapes nothing else, not even quotes.
func unescape(path string) string {
	if !strings.Contains(path, `\`) {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '\\' && i+3 < len(path) {
			if code, err := strconv.ParseUint(path[i+1:i+4], 8, 8); err == nil {
				c = byte(code)
				i += 3
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}
