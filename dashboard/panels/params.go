package panels

import (
	"errors"
	"fmt"
	"time"
)

// Params are what a viewer chooses. They become the parameters of a panel's SQL:
//
//	:from :to               time range, Unix seconds, :from included, :to not
//	:from_hour :to_hour     the same as yyyymmddhh, both included, against year || month || day || hour
//	:year_from … :day_to    bounds of each partition key alone, both included (see partitionBounds)
//	:bucket                 width of a time bucket in seconds
//	:slot                   width of a coarser bucket in seconds, of which a range has about [slots]
//	:shown                  begin of the range as it was chosen, without what a panel reads before it
//	:host :env :role        the one host, environment or role to show, '' for all
//	:tag :tag_value         the tag to show and its value; a key of '' for all
//	:metric :slight         the column to show, and the smallest difference in it that may count as unusual
//	:offset                 how far the viewer's clock is ahead of UTC, in seconds
//	:series                 how many hosts a chart shows at most
//	:delay                  how long samples take to arrive, in seconds
type Params struct {
	Range  Range
	Bucket time.Duration
	Host   string
	Env    string
	Role   string
	// TagKey and TagValue choose the hosts with that tag. An empty key means all.
	TagKey, TagValue string
	// Metric is the column of one of [Metrics]; empty means the first.
	Metric string
	// Offset is how far the viewer's clock is ahead of UTC. It is one for the whole range: where daylight saving begins
	// or ends within, hours before that are an hour off.
	Offset time.Duration
	Series int
	Delay  time.Duration
	// Once reads the view samples_once in place of samples: a sample that was delivered twice counts once.
	Once bool

	shown time.Time
}

// slots is how many slots a range falls into at most.
const slots = 120

// MaxSpan is the longest time range.
const MaxSpan = 400 * 24 * time.Hour

// Validate says what is wrong with the parameters, all of it.
func (p Params) Validate() error {
	var problems []error
	span := p.Range.To.Sub(p.Range.From)
	if span <= 0 {
		problems = append(problems, errors.New("the time range must end after it begins"))
	}
	if span > MaxSpan {
		problems = append(problems, fmt.Errorf("the time range is longer than %d days", int(MaxSpan.Hours()/24)))
	}
	if y := p.Range.From.UTC().Year(); y < 1970 || p.Range.To.UTC().Year() > 9999 {
		problems = append(problems, errors.New("the time range must lie in the years 1970 to 9999"))
	}
	if p.Bucket <= 0 {
		problems = append(problems, errors.New("the bucket must be longer than 0"))
	}
	if p.Series <= 0 {
		problems = append(problems, errors.New("at least one series must be shown"))
	}
	if _, ok := MetricOf(p.Metric); !ok {
		problems = append(problems, fmt.Errorf("there is no metric %q: want one of %s", p.Metric, metricNames()))
	}
	if p.Offset < -24*time.Hour || p.Offset > 24*time.Hour {
		problems = append(problems, errors.New("the offset must lie within a day of UTC"))
	}
	if p.Delay < 0 {
		problems = append(problems, errors.New("the delay must not be negative"))
	}
	return errors.Join(problems...)
}

// values are the parameters by name.
func (p Params) values() map[string]any {
	from, to := p.Range.From.UTC(), p.Range.To.UTC()
	last := to.Add(-time.Millisecond) // the range ends before To; ts has millisecond precision
	if last.Before(from) {
		last = from
	}
	metric, _ := MetricOf(p.Metric)
	shown := p.shown
	if shown.IsZero() {
		shown = from
	}
	v := map[string]any{
		"shown":     seconds(shown),
		"env":       p.Env,
		"role":      p.Role,
		"tag":       p.TagKey,
		"tag_value": p.TagValue,
		"metric":    metric.Column,
		"slight":    metric.Least,
		"offset":    p.Offset.Seconds(),
		"from":      seconds(from),
		"to":        seconds(to),
		"from_hour": from.Format("2006010215"),
		"to_hour":   last.Format("2006010215"),
		"bucket":    p.Bucket.Seconds(),
		"host":      p.Host,
		"series":    int64(p.Series),
		"delay":     p.Delay.Seconds(),
	}
	for name, value := range partitionBounds(from, last) {
		v[name] = value
	}
	return v
}

// slotFor is the width of a coarse bucket in a time range of that length.
func slotFor(span time.Duration) time.Duration { return max(bucketFor(span, slots), minSlot) }

// minSlot leaves a mean over some samples in each slot.
const minSlot = 15 * time.Second

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// partitionBounds gives bounds for each partition key alone. They are only as narrow as a range over a single key can be
// (a range from May to July bounds the month, one from December to January does not) but they are what a catalog can look
// up, whereas the exact bound on the concatenated keys must be evaluated for each partition.
func partitionBounds(from, last time.Time) map[string]any {
	v := map[string]any{"year_from": from.Format("2006"), "year_to": last.Format("2006")}
	bound := func(key, layout, lowest, highest string, same bool) {
		v[key+"_from"], v[key+"_to"] = lowest, highest
		if same {
			v[key+"_from"], v[key+"_to"] = from.Format(layout), last.Format(layout)
		}
	}
	sameYear := from.Year() == last.Year()
	sameMonth := sameYear && from.Month() == last.Month()
	sameDay := sameMonth && from.Day() == last.Day()
	bound("month", "01", "01", "12", sameYear)
	bound("day", "02", "01", "31", sameMonth)
	bound("hour", "15", "00", "23", sameDay)
	return v
}

// bucketSteps are the widths of time buckets that read well on an axis.
var bucketSteps = []time.Duration{
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 6 * time.Second, 10 * time.Second, 15 * time.Second,
	30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// BucketFor returns the width of a bucket, so that the range falls into at most n of them, or somewhat more where not even
// the widest is wide enough.
func BucketFor(r Range, n int) time.Duration { return bucketFor(r.To.Sub(r.From), n) }

func bucketFor(span time.Duration, n int) time.Duration {
	for _, step := range bucketSteps {
		if span <= step*time.Duration(n) {
			return step
		}
	}
	return 24 * time.Hour
}
