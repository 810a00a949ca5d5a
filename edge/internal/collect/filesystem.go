package collect

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	psdisk "github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// filesystem collects the fill of the fullest local filesystem.
type filesystem struct {
	root  string
	usage func(ctx context.Context, path string) (*psdisk.UsageStat, error)

	mounts   []string
	listedAt time.Duration
	last     usage // of lookedAt, where there is one
	known    bool
	lookedAt time.Duration
	pending  chan answer // the answer of a look that took too long, nil where none is outstanding
}

// usage is the fill of one filesystem, as df shows it.
type usage struct {
	usedPct record.Float
	free    uint64 // bytes available to unprivileged users
}

type answer struct {
	fullest usage
	err     error
}

const (
	// lookAfter is when the filesystems are looked at again. They fill slowly, and on some machines there are dozens.
	lookAfter = 15 * time.Second
	// listAfter is when the mounts are listed again; on a container host that list is long.
	listAfter = time.Minute
	// lookTimeout bounds the look at all filesystems: one on a dying disk may never answer.
	lookTimeout = time.Second
)

func newFilesystem(roots Roots) *filesystem {
	return &filesystem{root: roots.Root, usage: psdisk.UsageWithContext}
}

func (f *filesystem) Collect(ctx context.Context, at Moment, s *record.Sample) error {
	if !f.known || at.Mono-f.lookedAt >= lookAfter {
		f.known = false
		last, err := f.look(ctx, at)
		if err != nil {
			return err
		}
		f.last, f.known, f.lookedAt = last, true, at.Mono
	}
	s.DiskUsedPct, s.DiskFreeBytes = f.last.usedPct, record.Some(int64(f.last.free))
	return nil
}

// look returns the fill of the fullest filesystem now.
func (f *filesystem) look(ctx context.Context, at Moment) (fullest usage, err error) {
	select {
	case <-f.pending: // late, and of another time than this sample
		f.pending = nil
	default:
		if f.pending != nil {
			return usage{}, errors.New("a filesystem does not answer")
		}
	}
	if f.mounts == nil || at.Mono-f.listedAt >= listAfter {
		partitions, err := psdisk.PartitionsWithContext(ctx, false)
		if err != nil {
			return usage{}, fmt.Errorf("list mounts: %w", err)
		}
		f.mounts, f.listedAt = localMounts(partitions, f.root), at.Mono
	}
	// A call that hangs in the kernel cannot be stopped, only left behind; there is at most one such.
	result := make(chan answer, 1)
	go func(mounts []string) {
		fullest, err := f.fullest(ctx, mounts)
		result <- answer{fullest, err}
	}(f.mounts)
	timeout := time.NewTimer(lookTimeout)
	defer timeout.Stop()
	select {
	case a := <-result:
		return a.fullest, a.err
	case <-timeout.C:
		f.pending = result
		return usage{}, fmt.Errorf("a filesystem did not answer within %v", lookTimeout)
	}
}

// fullest looks at each mount. A mount that fails is passed over as long as another answers.
func (f *filesystem) fullest(ctx context.Context, mounts []string) (fullest usage, err error) {
	found := false
	for _, path := range mounts {
		u, e := f.usage(ctx, path)
		if e != nil {
			err = fmt.Errorf("usage of %s: %w", path, e)
			continue
		}
		pct, ok := usedPercent(u.Used, u.Free).Get()
		if ok && (!found || pct > fullest.usedPct.Or(0)) {
			fullest, found = usage{record.Some(pct), u.Free}, true
		}
	}
	switch {
	case found:
		return fullest, nil
	case err == nil:
		err = errors.New("no filesystem has a size")
	}
	return fullest, err
}

// usedPercent is what df shows: space in use of the space that unprivileged users can come to use.
func usedPercent(used, free uint64) record.Float { return percent(float64(used), float64(used+free)) }

// imageTypes are read-only by format and full by design.
var imageTypes = []string{"squashfs", "iso9660", "erofs", "cramfs", "udf", "cd9660", "cdfs"}

// localMounts returns one mount point of each local filesystem, below root; the root itself where there is none, as in a
// container, whose overlay is no filesystem of its own.
func localMounts(partitions []psdisk.PartitionStat, root string) []string {
	mounts := []string{}
	bound := map[string]int{} // place in mounts of a device that is known by a bind mount only
	seen := map[string]bool{}
	for _, p := range partitions {
		if slices.Contains(imageTypes, p.Fstype) {
			continue
		}
		path := p.Mountpoint
		if runtime.GOOS == "linux" {
			path = filepath.Join(root, path)
		}
		bind := slices.Contains(p.Opts, "bind")
		at, onlyBound := bound[p.Device]
		switch {
		case !seen[p.Device]:
			seen[p.Device] = true
			if bind {
				bound[p.Device] = len(mounts)
			}
			mounts = append(mounts, path)
		case onlyBound && !bind:
			mounts[at] = path
			delete(bound, p.Device)
		}
	}
	if len(mounts) == 0 {
		mounts = append(mounts, root)
	}
	return mounts
}
