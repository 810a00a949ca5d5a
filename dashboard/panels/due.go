package panels

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sources describes objects, of samples or of another rollup: those that a rollup was made of, or those that it could be made of now. The
// description of the objects that a rollup was made of is kept beside the rollup.
type Sources struct {
	Objects int
	Bytes   int64
	Newest  time.Time // when the newest of the objects was written
}

// And returns the sources together with more objects.
func (s Sources) And(more Sources) Sources {
	s.Objects += more.Objects
	s.Bytes += more.Bytes
	s.Newest = later(s.Newest, more.Newest)
	return s
}

// LackedBy reports whether s has objects that a rollup may lack. The rollup was made of the objects that the argument made describes. The
// number of objects counts besides their times, because an object can appear later than its time says: S3 gives an upload of several parts the
// time when it began, and a file that is renamed keeps its time. Objects that were deleted do not make a rollup due: it would lose their samples.
func (s Sources) LackedBy(made Sources) bool {
	return s.Objects > made.Objects || s.Newest.After(made.Newest)
}

// MarshalText writes the sources as they are kept beside a rollup.
func (s Sources) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d %d %s", s.Objects, s.Bytes, s.Newest.UTC().Format(time.RFC3339Nano)), nil
}

// UnmarshalText reads what [Sources.MarshalText] wrote.
func (s *Sources) UnmarshalText(text []byte) error {
	var newest string
	if _, err := fmt.Sscanf(string(text), "%d %d %s", &s.Objects, &s.Bytes, &newest); err != nil {
		return fmt.Errorf("sources %q: want objects, bytes and a time: %w", text, err)
	}
	var err error
	s.Newest, err = time.Parse(time.RFC3339Nano, newest)
	return err
}

// SourcesKey is the name under which a rollup's sources are kept beside it.
const SourcesKey = "metrics_dashboard_sources"

// Made says how the rollup of a period was made.
type Made struct {
	Sources
	At time.Time // when it was made: the begin of its run, or the time of its file
}

// Schedule decides when a period is due.
type Schedule struct {
	Now time.Time
	// Settle is how long after its end a period is rolled up for the first time: most of its samples are there then.
	Settle time.Duration
	// Patience says how long a period with late samples waits after its last rollup: this share of its age, or of its length if that is
	// more. Without it, one host that sends late would make each hourly run read all samples of a day. 0 means no wait. It is less than 1.
	Patience float64
}

// pause returns how long after its last rollup a period waits. age is the age of the period when that rollup began. While the period waits it
// gets older: the pause is the share Patience of its age at the end of the pause.
func (s Schedule) pause(age, length time.Duration) time.Duration {
	return time.Duration(max(s.Patience*float64(length), s.Patience*float64(age)/(1-s.Patience)))
}

// Due is a period to roll up.
type Due struct {
	Rollup Rollup
	Start  time.Time // begin of the period, UTC
	Since  time.Time // the period has been due since then, or for longer
	Sources
}

// End is the end of the period.
func (d Due) End() time.Time { return d.Start.Add(d.Rollup.Period) }

// Due returns the periods that are due, in order of time: those that have ended and have samples that their rollup may lack. sources has
// what the rollup can be made of: for samples, a key is the begin of an hour; for another rollup, the begin of one of its periods. made has
// the rollups that exist; a key is the begin of a period.
//
// A period that has not ended is not due, however new its samples are. So a machine whose clock is a year ahead costs nothing for that
// year.
func (r Rollup) Due(sources map[time.Time]Sources, made map[time.Time]Made, schedule Schedule) []Due {
	periods := map[time.Time]Sources{}
	for at, s := range sources {
		start := r.Start(at)
		periods[start] = periods[start].And(s)
	}
	var list []Due
	for start, s := range periods {
		d := Due{Rollup: r, Start: start, Sources: s}
		m, rolled := made[start]
		age := schedule.Now.Sub(d.End())
		// An older object may have made the period due before the newest one did.
		d.Since = later(d.End().Add(schedule.Settle), s.Newest)
		switch {
		case s.Objects == 0 || age < schedule.Settle:
		case !rolled:
			list = append(list, d)
		case s.LackedBy(m.Sources):
			ready := m.At.Add(schedule.pause(m.At.Sub(d.End()), r.Period))
			switch {
			case schedule.Now.Before(m.At): // the clock was set back
				list = append(list, d)
			case !schedule.Now.Before(ready):
				d.Since = later(d.Since, ready)
				list = append(list, d)
			}
		}
	}
	slices.SortFunc(list, func(a, b Due) int { return a.Start.Compare(b.Start) })
	return list
}

// later returns the later one of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Partition returns the values of the partition of the period that begins at start, by the rollup's partition keys.
func (r Rollup) Partition(start time.Time) (values []string) {
	for _, key := range r.keys() {
		values = append(values, r.Start(start).Format(key.layout))
	}
	return values
}

// Folder is where the objects of a period are below [Rollup.Prefix]: year=2026/month=02/ and so on. It ends in a slash.
func (r Rollup) Folder(start time.Time) (folder string) {
	for i, value := range r.Partition(start) {
		folder += r.PartitionKeys()[i] + "=" + value + "/"
	}
	return folder
}

// StartOf is the begin of the period of a partition. The names are the values of its keys, or its folders, as in [Rollup.Folder]. ok is false
// if they name no period. The zero Rollup is the samples, whose periods are hours.
func (r Rollup) StartOf(names []string) (start time.Time, ok bool) {
	keys := r.keys()
	if len(names) != len(keys) {
		return time.Time{}, false
	}
	var layout, text string
	for i, key := range keys {
		layout, text = layout+key.layout+"/", text+strings.TrimPrefix(names[i], key.name+"=")+"/"
	}
	start, err := time.Parse(layout, text)
	return start, err == nil
}
