package rollup

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// folderTime is the form of the time in the name of a run's folder.
const folderTime = "20060102T150405Z"

// newFolder returns a new name for the folder of a period: the time when the run began, and a random text.
func newFolder(now time.Time) string { return now.UTC().Format(folderTime) + "-" + rand.Text()[:8] }

// timeOf reads the time from the name of a run's folder.
func timeOf(folder string) (at time.Time, ok bool) {
	text, _, found := strings.Cut(folder, "-")
	at, err := time.Parse(folderTime, text)
	return at, found && err == nil
}

// lastOf is the last folder of a location.
func lastOf(location string) string {
	location = strings.TrimSuffix(location, "/")
	return location[strings.LastIndexByte(location, '/')+1:]
}

// keep is how long a folder that nothing points at is kept. A run ends within 15 minutes, so nothing will point at an older folder that
// nothing points at now. A query that began before the partition changed may still read it; Athena stops a query after 30 minutes
// (Athena user guide, "Service Quotas": DML query timeout).
const keep = 2 * time.Hour

// kept returns the periods of days whose samples are gone, and whose rollup is in the bucket without a partition: the catalog is deleted
// with the stack, and the bucket stays. A period has several folders if the stack was deleted soon after a run: see [bestOf].
func (r *Roller) kept(ctx context.Context, rollup panels.Rollup, days []time.Time, hours map[time.Time]panels.Sources) ([]task, error) {
	objects, err := r.list(ctx, rollup.Prefix(), scope{days: days})
	if err != nil {
		return nil, err
	}
	partitions, err := r.partitions(ctx, rollup, scope{days: days})
	if err != nil {
		return nil, err
	}
	sampled := withSamples(rollup, hours)
	folders := map[time.Time]map[string]int64{} // bytes of each folder, by the period's begin
	for _, o := range objects {
		start, folder, ok := ownerOf(rollup, o.Key)
		_, own := timeOf(folder)
		if _, pointed := partitions[start]; ok && own && !pointed && !sampled[start] {
			if folders[start] == nil {
				folders[start] = map[string]int64{}
			}
			folders[start][folder] += o.Bytes
		}
	}
	var tasks []task
	for start, bytes := range folders {
		location := "s3://" + r.o.Bucket + "/" + rollup.Prefix() + rollup.Folder(start) + bestOf(bytes) + "/"
		tasks = append(tasks, task{panels.Due{Rollup: rollup, Start: start}, location})
	}
	return tasks, nil
}

// bestOf chooses one of a period's folders. bytes has their sizes. The newest folder is of the most samples, but it may lack rows because its
// run failed. Nothing in the bucket says so, so this is a guess: it is the newest folder that has at least nine tenths of the bytes of the
// largest one. Two whole folders can differ a little, because Athena spreads rows over files as it likes.
func bestOf(bytes map[string]int64) (folder string) {
	largest := slices.Max(slices.Collect(maps.Values(bytes)))
	for name, size := range bytes {
		if 10*size >= 9*largest {
			folder = max(folder, name) // a name begins with a time
		}
	}
	return folder
}

// withSamples are the periods that have samples, by their begin.
func withSamples(rollup panels.Rollup, hours map[time.Time]panels.Sources) map[time.Time]bool {
	periods := map[time.Time]bool{}
	for hour := range hours {
		periods[rollup.Start(hour)] = true
	}
	return periods
}

// sweep looks at the folders of these days, and removes those for which [isLeft] is true. It returns how many objects it has removed. If a
// period has neither samples nor a partition, its folders stay: nothing else has its rollup, see kept.
func (r *Roller) sweep(ctx context.Context, rollup panels.Rollup, days []time.Time, hours map[time.Time]panels.Sources, now time.Time) (removed int, err error) {
	objects, err := r.list(ctx, rollup.Prefix(), scopeOf(rollup, days))
	if err != nil {
		return 0, err
	}
	partitions, err := r.partitions(ctx, rollup, scopeOf(rollup, days))
	if err != nil {
		return 0, err
	}
	sampled := withSamples(rollup, hours)
	left := map[time.Time][]Object{} // by the period's begin
	for _, o := range objects {
		start, folder, ok := ownerOf(rollup, o.Key)
		if p, pointed := partitions[start]; ok && (pointed || sampled[start]) && isLeft(folder, p, pointed, now) {
			left[start] = append(left[start], o)
		}
	}
	var keys []string
	for start, objects := range left {
		// A removal cannot be undone, so ask the catalog about this one partition again.
		p, pointed, err := r.o.Catalog.Partition(ctx, rollup.TableOf(r.o.Table), rollup.Partition(start))
		if err != nil {
			return 0, err
		}
		for _, o := range objects {
			if _, folder, _ := ownerOf(rollup, o.Key); isLeft(folder, p, pointed, now) {
				keys = append(keys, o.Key)
			}
		}
	}
	if len(keys) == 0 {
		return 0, nil
	}
	return len(keys), r.o.Storage.Delete(ctx, keys)
}

// ownerOf returns the period and the run's folder that an object belongs to. ok is false if no run has made it.
func ownerOf(rollup panels.Rollup, key string) (start time.Time, folder string, ok bool) {
	parts, n := strings.Split(strings.TrimPrefix(key, rollup.Prefix()), "/"), len(rollup.PartitionKeys())
	if len(parts) < n+2 {
		return start, "", false
	}
	start, ok = rollup.StartOf(parts[:n])
	return start, parts[n], ok
}

// isLeft reports whether a folder can be removed. The run that wrote it must have begun at least two hours ago. The period must have no partition,
// or its partition must point at another folder, and not at that of a run which began within the last two hours. pointed says whether the period
// has a partition. p is that partition.
func isLeft(folder string, p Partition, pointed bool, now time.Time) bool {
	written, own := timeOf(folder)
	if !own || now.Sub(written) < keep {
		return false
	}
	if !pointed {
		return true
	}
	since, known := timeOf(lastOf(p.Location))
	return lastOf(p.Location) != folder && (!known || now.Sub(since) >= keep)
}
