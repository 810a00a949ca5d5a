package panels

import (
	"strings"
	"time"
)

// Which table a query reads depends on how long its time range is: samples up to a day, minutes up to two weeks (two days if it reads lists
// of processes or units), hours up to 150 days (60 if it reads such lists), days beyond. If samples are not in a rollup yet, the query reads
// finer rows and rolls them up. So all its rows are of one kind, and the newest minute is there. Queries with variables do not roll up: see [scan.mixed].

const (
	// rawSpan is the longest time range that is read from samples.
	rawSpan = 24 * time.Hour
	// minuteSpan is the longest time range that is read from minutes if hours will do. In a longer one, each of a chart's 300 points
	// covers more than an hour, so minutes would draw the same picture from sixty times the rows.
	minuteSpan = 14 * 24 * time.Hour
	// listMinuteSpan is the same for a panel that reads lists of processes or units. A row of an hour summarizes all lists of the hour.
	listMinuteSpan = 2 * 24 * time.Hour
	// hourSpan is the longest time range that is read from hours if days will do. In a longer one, each time bucket of a chart is a day.
	hourSpan = 150 * 24 * time.Hour
	// listHourSpan is the same for a panel that reads lists of processes or units. A chart of a longer one has a point for each day.
	listHourSpan = 60 * 24 * time.Hour
	// onlyMinutesSpan is the longest time range of a panel that needs minutes.
	onlyMinutesSpan = 31 * 24 * time.Hour
)

// level is a rollup that a panel can be made of, and the length beyond which it takes that rollup.
type level struct {
	of     Rollup
	beyond time.Duration
}

// levels are the rollups that the panel can be made of, the finest first.
func (p Panel) levels() []level {
	list := []level{{Minutes, rawSpan}, {Hours, minuteSpan}, {Days, hourSpan}}
	if p.ReadsLists {
		list[1].beyond, list[2].beyond = listMinuteSpan, listHourSpan
	}
	switch p.Needs {
	case EachSample:
		return nil
	case MinuteRows:
		return list[:1]
	case HourRows:
		return list[:2]
	}
	return list
}

// grainOf returns the rollup whose buckets are the rows of a panel's time range of this length. ok is false if each sample is a row.
func grainOf(span time.Duration, p Panel) (r Rollup, ok bool) {
	for _, l := range p.levels() {
		if span > l.beyond {
			r, ok = l.of, true
		}
	}
	return r, ok
}

// Needs is the coarsest rows that a panel can be made of.
type Needs string

// What panels need. A panel that needs samples or minutes shows no more than the end of a time range that is too long for them, if
// the lake has rollups.
const (
	AnyRows    Needs = ""
	HourRows   Needs = "hours"   // days are too coarse
	MinuteRows Needs = "minutes" // hours are too coarse
	EachSample Needs = "samples" // no rollup has the columns or lists
)

// most is the longest time range for which there are such rows; 0 means any.
func (n Needs) most() time.Duration {
	switch n {
	case EachSample:
		return rawSpan
	case MinuteRows:
		return onlyMinutesSpan
	}
	return 0
}

// Part is a share of what a query reads: the rows of a relation in a time range.
type Part struct {
	Relation string // as SQL
	Of       Rollup // of the relation; the zero Rollup is the samples
	Range    Range
}

// Parts returns what an engine reads for a time range: rows of the rollup, and finer rows where it lacks some. No two parts have a sample
// in common. The parts of the rollup itself are first. If there are no parts, the lake has no rollups.
type Parts func(grain Rollup, r Range) ([]Part, error)

// WithRollups is the form for an engine that has rollups, too.
func (f Form) WithRollups(parts Parts) Form {
	f.parts = parts
	return f
}

// Without is the name of the relation of those rows of r whose periods are neither in the coarser rollup nor in a rollup between the two.
// The zero Rollup is the samples. Package lake has these relations as views.
func (r Rollup) Without(coarser Rollup) string { return r.Table() + "_without_" + coarser.Name }

// scan is what one read of the samples gets, as SQL.
type scan struct {
	grain Rollup // whose buckets are the rows; the zero Rollup if each sample is a row
	// mixed says that the rows of finer relations stay as they are: the query does not roll them up.
	mixed bool
	parts []part
}

// part is a [Part] with the condition that its rows are in its range.
type part struct {
	relation string
	of       Rollup
	inRange  string // see [inRange]
	filtered bool   // the relation has only the rows that a viewer chose: see [statement.ofOneHost]
}

// wide is the width of time buckets if a viewer chose width. It is a multiple of the width of a row, because a row must not lie in two
// buckets.
func (r scan) wide(width time.Duration) time.Duration {
	if of := r.grain.Bucket; of > 0 && width%of > 0 {
		return width - width%of + of
	}
	return width
}

// rolled reports whether the rows are buckets and not samples.
func (r scan) rolled() bool { return r.grain.Name != "" }

// choose returns the time range that a panel's query reads, and what it reads.
func (f Form) choose(p Panel, params Params) (Range, scan, error) {
	asked := params.Range.To.Sub(params.Range.From)
	span := p.Span(asked)
	over := func(span time.Duration) Range {
		return Range{From: params.Range.To.Add(-span - p.lead(asked)).UTC(), To: params.Range.To.UTC()}
	}
	if f.parts != nil && span > rawSpan {
		bounded := span
		if most := p.Needs.most(); most > 0 {
			bounded = min(span, most)
		}
		rows, ok := grainOf(bounded, p)
		if !ok { // the panel needs samples: ask only whether there are rollups
			rows = Minutes
		}
		r := over(bounded)
		r.From = r.From.Truncate(rows.Bucket) // all of the first bucket
		rolled, err := f.scan(rows, r, params.Once)
		switch {
		case err != nil:
			return r, scan{}, err
		case rolled.rolled() && ok:
			return r, rolled, nil
		case rolled.rolled():
			span = bounded
		}
	}
	r := over(span)
	chosen, err := f.scan(Rollup{}, r, params.Once)
	return r, chosen, err
}

// scan chooses what a query over r reads. once says that copies of samples do not count.
func (f Form) scan(grain Rollup, r Range, once bool) (scan, error) {
	if grain.Name == "" {
		return scan{parts: []part{{relation: f.relation(f.samples, once), inRange: InRange(r)}}}, nil
	}
	parts, err := f.parts(grain, Range{From: r.From.Truncate(grain.Bucket), To: r.To})
	if err != nil || len(parts) == 0 {
		return scan{}, err
	}
	all := scan{grain: grain}
	for _, p := range parts {
		one := part{relation: p.Relation, of: p.Of, inRange: inRange(p.Of, p.Range)}
		if p.Of.Name == "" {
			one.relation = f.relation(p.Relation, once)
		}
		all.parts = append(all.parts, one)
	}
	return all, nil
}

// relation is a relation of samples, or that of the same samples without copies.
func (f Form) relation(samples string, once bool) string {
	switch {
	case !once:
		return samples
	case samples == f.samples:
		return f.once
	}
	return "(" + OnceOf(samples) + ") AS once"
}

// InRange is the condition that samples are in a time range, in UTC, by partition and by time. Athena's partition projection uses the
// bounds of each key by itself. The bounds of a key are those of the range if the keys above it are the same at both ends. Otherwise they
// allow all values of the key: a range from May to July bounds the month, a range from December to January does not. The next condition is
// on all keys together and exact to the hour, the last one is on ts and exact.
func InRange(r Range) string { return inRange(Rollup{}, r) }

// inRange is the condition that rows of a rollup are in a time range. The zero Rollup is the samples. If SQL computes the ends of the range,
// [inComputedRange] writes the condition.
func inRange(of Rollup, r Range) string {
	from, last := r.From, r.To.Add(-time.Millisecond) // the range ends before To; ts has millisecond precision
	if last.Before(from) {
		last = from
	}
	between := func(keys, first, last string) string { return keys + " BETWEEN '" + first + "' AND '" + last + "'" }
	var conditions []string
	same, all := true, ""
	for _, key := range of.keys() {
		lowest, highest := key.lowest, key.highest
		if same {
			lowest, highest = from.Format(key.layout), last.Format(key.layout)
		}
		conditions = append(conditions, between(key.name, lowest, highest))
		all += key.layout
		same = from.Format(all) == last.Format(all)
	}
	return strings.Join(append(conditions,
		between(strings.Join(of.PartitionKeys(), " || "), from.Format(all), last.Format(all)),
		during(of.time(), r),
	), "\n      AND ")
}

// during is the condition that a time is in a range.
func during(time string, r Range) string {
	return time + " >= " + number(unix(r.From)) + " AND " + time + " < " + number(unix(r.To))
}

// time is the column with the time of a row: of a sample, or of the begin of a bucket.
func (r Rollup) time() string {
	if r.Name == "" {
		return "ts"
	}
	return "t"
}

// key is a partition key.
type key struct {
	name, layout, lowest, highest string
	format                        string // the layout as SQL functions take it
}

// keys are the keys of the partitions.
func (r Rollup) keys() []key {
	values := []key{{"", "2006", "", "", "%Y"}, {"", "01", "01", "12", "%m"}, {"", "02", "01", "31", "%d"}, {"", "15", "00", "23", "%H"}}
	names := r.PartitionKeys()
	for i, name := range names {
		values[i].name = name
	}
	return values[:len(names)]
}
