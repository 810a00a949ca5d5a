package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// filesystem collects how full the fullest local filesystem is, and the highest share of inodes in use on a filesystem.
type filesystem struct {
	roots    Roots
	filter   Filter
	details  *details
	asking   asking
	troubles troubles

	mounts   []mount
	listed   bool
	listedAt time.Duration
	last     fill // read at lookedAt; valid if known
	known    bool
	lookedAt time.Duration
}

// fill is the highest use of space and of inodes among the filesystems.
type fill struct {
	usedPct   record.Float
	free      uint64 // bytes available to unprivileged users
	mount     string
	inodesPct record.Float
}

const (
	// lookAfter is the age at which the filesystems are read again. They fill slowly, and some machines have dozens.
	lookAfter = 15 * time.Second
	// listAfter is the age at which the mounts are listed again. On a container host that list is long.
	listAfter = time.Minute
)

func newFilesystem(roots Roots, filter Filter, d *details, log *slog.Logger) *filesystem {
	return &filesystem{
		roots: roots, filter: filter, details: d, asking: asking{usage: psdisk.UsageWithContext}, troubles: troubles{log: log},
	}
}

func (f *filesystem) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	if !f.known || at.Mono-f.lookedAt >= lookAfter || f.details.due {
		f.known = false
		last, answers, err := f.look(ctx, at)
		if f.details.due {
			s.Filesystems = f.list(answers)
		}
		if err != nil {
			return err
		}
		f.last, f.known, f.lookedAt = last, true, at.Mono
	}
	s.DiskUsedPct, s.DiskFreeBytes, s.DiskUsedMount = f.last.usedPct, record.Some(int64(f.last.free)), f.last.mount
	s.InodesUsedPct = f.last.inodesPct
	return nil
}

// Health implements [troubled].
func (f *filesystem) Health() []*retry.State { return f.troubles.all() }

// look reads the filesystems. It leaves out those that do not answer or cannot be read, and notes them in troubles.
func (f *filesystem) look(ctx context.Context, at Moment) (fill, []answer, error) {
	fresh := false
	if !f.listed || at.Mono-f.listedAt >= listAfter {
		all, err := listMounts(ctx, f.roots, f.filter)
		if err != nil {
			return fill{}, nil, fmt.Errorf("list mounts: %w", err)
		}
		f.mounts, f.listed, f.listedAt, fresh = chooseMounts(all, f.filter), true, at.Mono, true
		f.troubles.keep(f.mounts)
	}
	if len(f.mounts) == 0 {
		return fill{}, nil, errors.New("no local filesystem that can be written; choose filesystems with --mount-include")
	}
	answers, whole := f.asking.ask(ctx, f.mounts)
	for _, a := range answers {
		switch {
		case a.err == nil:
			f.troubles.over(a.mount.point)
		case errors.Is(a.err, fs.ErrNotExist) && !fresh:
			f.listed = false // it may be unmounted
		case ctx.Err() == nil:
			f.troubles.failed(a.mount.point, hint(a.err))
		}
	}
	if !whole {
		return fill{}, answers, errors.New("several filesystems do not answer")
	}
	most, err := fullest(answers)
	return most, answers, err
}

// hint adds to an error what a person can do about it.
func hint(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: the collector's user may not enter a directory above it; leave it out with --mount-exclude, or let the user in", err)
	}
	return err
}

// fullest returns the highest use. It fails only if no filesystem gave an answer with a size.
func fullest(answers []answer) (most fill, err error) {
	err = errors.New("no filesystem has a size")
	for _, a := range answers {
		if a.err != nil {
			if !most.known() {
				err = fmt.Errorf("usage of %s: %w", a.mount.point, a.err)
			}
			continue
		}
		if pct, ok := usedPercent(a.usage).Get(); ok && (!most.known() || pct > most.usedPct.Or(0)) {
			most.usedPct, most.free, most.mount, err = record.Some(pct), a.usage.Free, a.mount.point, nil
		}
		if pct, ok := inodesPercent(a.usage).Get(); ok && pct >= most.inodesPct.Or(0) {
			most.inodesPct = record.Some(pct)
		}
	}
	return most, err
}

// list returns the details of the filesystems that have a size, the fullest first.
func (f *filesystem) list(answers []answer) []record.Filesystem {
	filesystems := make([]record.Filesystem, 0, len(answers))
	for _, a := range answers {
		if a.err != nil {
			continue
		}
		used, ok := usedPercent(a.usage).Get()
		if !ok {
			continue
		}
		filesystems = append(filesystems, record.Filesystem{
			Mount: text(a.mount.point), Device: text(a.mount.source), FSType: text(a.mount.kind),
			UsedPct: record.Some(used), FreeBytes: record.Some(int64(a.usage.Free)), TotalBytes: record.Some(int64(a.usage.Total)),
			InodesUsedPct: inodesPercent(a.usage),
		})
	}
	slices.SortFunc(filesystems, func(a, b record.Filesystem) int {
		return cmp.Or(cmp.Compare(b.UsedPct.Or(0), a.UsedPct.Or(0)), cmp.Compare(a.Mount, b.Mount))
	})
	return atMost(f.details, filesystems, record.MaxFilesystems, "filesystems")
}

func (f fill) known() bool { return f.mount != "" }

// usedPercent is what df shows: used space as a share of used space and space free for unprivileged users. It is absent if both
// are 0, or if a filesystem reports more used than it has.
func usedPercent(u *psdisk.UsageStat) record.Float {
	if u.Used > u.Total {
		return record.Float{}
	}
	return percent(float64(u.Used), float64(u.Used)+float64(u.Free))
}

// inodesPercent is what df -i shows. It is absent if the filesystem does not count inodes, as vfat and btrfs.
func inodesPercent(u *psdisk.UsageStat) record.Float {
	if u.InodesFree > u.InodesTotal {
		return record.Float{}
	}
	return percent(float64(u.InodesTotal-u.InodesFree), float64(u.InodesTotal))
}
