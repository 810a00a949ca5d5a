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

// listMounts returns what is mounted, in the order in which it was.
func listMounts(_ context.Context, roots Roots, _ Filter) ([]mount, error) {
	kinds, err := deviceTypes(filepath.Join(roots.Proc, "filesystems"))
	if err != nil {
		return nil, err
	}
	// A service may see other mounts than the machine: with ProtectSystem=strict in its unit it sees all of them read-only. The
	// machine's are those of process 1.
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

// deviceTypes returns the types of filesystems that are on devices (proc_filesystems(5)). ZFS manages its devices itself.
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
// What is mounted below root is the machine's. own says that the options of mounts are those of this process.
func parseMounts(text, root string, kinds []string, own bool) ([]mount, error) {
	var mounts []mount
	type place struct {
		parent string
		waits  bool // an automounter does there
	}
	places := map[string]place{} // by id
	var ids []string
	for line := range strings.Lines(text) {
		of, filesystem, ok := strings.Cut(line, " - ")
		a, b := strings.Fields(of), strings.Fields(filesystem)
		if !ok || len(a) < 6 || len(b) < 3 {
			return nil, fmt.Errorf("list mounts: %q is cut short", line)
		}
		kind, _, _ := strings.Cut(b[0], ".") // a FUSE filesystem tells its own kind behind the dot
		point := unescape(a[4])
		m := mount{
			point: point, path: filepath.Join(root, point), device: a[2], kind: b[0], bind: a[3] != "/",
			// The machine's root counts whatever it is made of: the overlay of a container or of a system that is an image, the
			// network.
			local:    slices.Contains(kinds, kind) || point == "/",
			readOnly: hasOption(b[2], "ro") || !own && hasOption(a[5], "ro"),
		}
		places[a[0]] = place{a[1], kind == "autofs"}
		mounts, ids = append(mounts, m), append(ids, a[0])
	}
	for i, id := range ids {
		// The topmost mount is its own parent, or has one that is not in the list.
		for at, steps := places[id], 0; !mounts[i].automatic && steps < len(ids); steps++ {
			parent := places[at.parent]
			mounts[i].automatic, at = parent.waits, parent
		}
	}
	return mounts, nil
}

func hasOption(list, option string) bool { return slices.Contains(strings.Split(list, ","), option) }

// unescape undoes what the kernel does to blanks, tabs, line ends, backslashes and, before Linux 6, number signs in a path:
// \040 for a blank (seq_path in fs/proc_namespace.c). Nothing else is escaped, a quote is not.
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
