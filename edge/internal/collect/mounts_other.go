//go:build !linux

package collect

import (
	"context"
	"slices"

	psdisk "github.com/shirou/gopsutil/v3/disk"
)

// listMounts returns the mounts. It lists network drives and the like only if the filter includes mounts by name.
func listMounts(ctx context.Context, _ Roots, f Filter) ([]mount, error) {
	partitions, err := psdisk.PartitionsWithContext(ctx, f.Include != nil)
	mounts := make([]mount, 0, len(partitions))
	for _, p := range partitions {
		mounts = append(mounts, mount{
			point: p.Mountpoint, path: p.Mountpoint, device: p.Device, source: p.Device, kind: p.Fstype, local: true,
			bind: slices.Contains(p.Opts, "bind"), readOnly: slices.Contains(p.Opts, "ro"),
		})
	}
	return mounts, err
}
