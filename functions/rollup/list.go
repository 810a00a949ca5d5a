package rollup

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

const day = 24 * time.Hour

// days returns the days to look at, in UTC: those that an event names, or the last ones.
func (r *Roller) days(event Event, now time.Time) (days []time.Time, err error) {
	today := now.UTC().Truncate(day)
	from, to := today.AddDate(0, 0, -r.o.Days), today.AddDate(0, 0, 1)
	if event.From != "" || event.To != "" {
		if from, err = time.Parse(time.DateOnly, event.From); err == nil {
			to, err = time.Parse(time.DateOnly, event.To)
		}
		if err != nil || !from.Before(to) {
			return nil, fmt.Errorf(`roll up from %q to %q: want two days in order, such as {"from":"2026-01-01","to":"2026-02-01"}, or neither`, event.From, event.To)
		}
	}
	for d := from; d.Before(to); d = d.Add(day) {
		days = append(days, d)
	}
	return days, nil
}

// complete returns those of the days that have all of their samples. If another day were rolled up again, its rollup would lose samples. S3
// removes an object at the first midnight after its days have passed (Amazon S3 user guide, "Expiring objects"). Objects of a day may be
// written on the day before, by a machine whose clock is ahead ([record.MaxAhead]). So with a retention of 30 days, today and the 29 days
// before it are complete. With a retention of one day, yesterday counts as complete too: else it would never be rolled up.
func (r *Roller) complete(days []time.Time, now time.Time) []time.Time {
	if r.o.Retention == 0 {
		return days
	}
	first := now.UTC().Truncate(day).AddDate(0, 0, -max(r.o.Retention-1, 1))
	i := slices.IndexFunc(days, func(d time.Time) bool { return !d.Before(first) })
	if i < 0 {
		return nil
	}
	return days[i:]
}

// listsAtOnce is how many requests list objects at a time.
const listsAtOnce = 8

// hours returns the objects of samples of each hour of these days.
func (r *Roller) hours(ctx context.Context, days []time.Time) (map[time.Time]panels.Sources, error) {
	hours := map[time.Time]panels.Sources{}
	objects, err := r.list(ctx, r.o.Prefix, scope{days: days})
	for _, o := range objects {
		if hour, ok := hourOf(strings.TrimPrefix(o.Key, r.o.Prefix)); ok && o.Bytes > 0 {
			hours[hour] = hours[hour].And(panels.Sources{Objects: 1, Bytes: o.Bytes, Newest: o.Written})
		}
	}
	return hours, err
}

// scope is what a run looks at: some days, or all that there is.
type scope struct {
	days []time.Time
	all  bool
}

// scopeOf returns which days of a rollup a run looks at that was asked for some days. For a rollup that is made of another one, these are all
// days: a stack may have years of the other one and nothing of this one. They have few partitions and objects.
func scopeOf(rollup panels.Rollup, days []time.Time) scope {
	return scope{days: days, all: !isOfSamples(rollup)}
}

// list lists the objects below a prefix. Those of a day are below year=2026/month=02/day=28/.
func (r *Roller) list(ctx context.Context, prefix string, of scope) (objects []Object, err error) {
	if of.all {
		return r.o.Storage.List(ctx, prefix)
	}
	var (
		group sync.WaitGroup
		mu    sync.Mutex // guards objects and err
		free  = make(chan struct{}, listsAtOnce)
	)
	for _, d := range of.days {
		free <- struct{}{}
		group.Go(func() {
			list, failed := r.o.Storage.List(ctx, prefix+panels.Hours.Folder(d))
			<-free
			mu.Lock()
			defer mu.Unlock()
			objects = append(objects, list...)
			if err == nil {
				err = failed
			}
		})
	}
	group.Wait()
	return objects, err
}

// hourOf reads the hour from a key below the samples' prefix. A name that Athena skips is not of an hour.
func hourOf(key string) (hour time.Time, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) < 5 {
		return hour, false
	}
	for _, name := range parts[4:] {
		if name == "" || name[0] == '.' || name[0] == '_' {
			return hour, false
		}
	}
	return panels.Rollup{}.StartOf(parts[:4])
}

// partitions returns the partitions of a rollup, by the begin of their period: all, or those in the months of days.
func (r *Roller) partitions(ctx context.Context, rollup panels.Rollup, of scope) (map[time.Time]Partition, error) {
	var months [][2]string
	if !of.all {
		months = [][2]string{}
		for _, d := range of.days {
			m := [2]string{d.Format("2006"), d.Format("01")}
			if len(months) == 0 || months[len(months)-1] != m {
				months = append(months, m)
			}
		}
	}
	list, err := r.o.Catalog.Partitions(ctx, rollup.TableOf(r.o.Table), months)
	all := map[time.Time]Partition{}
	for _, p := range list {
		if start, ok := rollup.StartOf(p.Values); ok {
			all[start] = p
		}
	}
	return all, err
}

// sources returns what a rollup can be made of. If it is made of samples, these are the objects of hours. If it is made of another rollup,
// these are the objects of which the partitions of that rollup were made. The partition itself counts as one more object: the catalog may
// not say of which objects it was made.
func (r *Roller) sources(ctx context.Context, rollup panels.Rollup, hours map[time.Time]panels.Sources) (map[time.Time]panels.Sources, error) {
	if isOfSamples(rollup) {
		return hours, nil
	}
	partitions, err := r.partitions(ctx, rollup.From(), scope{all: true})
	sources := map[time.Time]panels.Sources{}
	for start, p := range partitions {
		sources[start] = r.sourcesOf(p).And(panels.Sources{Objects: 1})
	}
	return sources, err
}

// made returns, for each period that has a rollup, the objects that the rollup was made of, and when it was made. A key is the begin of the
// period. The days that it looks at are those of [scopeOf].
func (r *Roller) made(ctx context.Context, rollup panels.Rollup, days []time.Time) (map[time.Time]panels.Made, error) {
	partitions, err := r.partitions(ctx, rollup, scopeOf(rollup, days))
	made := map[time.Time]panels.Made{}
	for start, p := range partitions {
		at, _ := timeOf(lastOf(p.Location))
		made[start] = panels.Made{Sources: r.sourcesOf(p), At: at}
	}
	return made, err
}

// sourcesOf reads of which objects a partition's rollup was made. If somebody else made the partition, they are unknown, and so the
// period is due.
func (r *Roller) sourcesOf(p Partition) (s panels.Sources) {
	if err := s.UnmarshalText([]byte(p.Sources)); err != nil {
		r.o.Log.Warn("a partition does not say of which objects it was made", slog.String("location", p.Location), slog.Any("error", err))
		return panels.Sources{}
	}
	return s
}
