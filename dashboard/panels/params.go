package panels

import (
	"errors"
	"fmt"
	"time"
)

// Params are what a viewer chooses.
type Params struct {
	Range  Range
	Bucket time.Duration // width of a time bucket
	Host   string        // the one host, environment or role to show; empty means all
	Env    string
	Role   string
	// TagKey and TagValue choose the hosts with that tag. An empty key means all.
	TagKey, TagValue string
	// Process is the one process to show, as panels name it: with its unit. Empty means all.
	Process string
	// Metric is the column of one of [Metrics]; empty means the first.
	Metric string
	// Offset is how far the viewer's clock is ahead of UTC, until the first of Changes.
	Offset time.Duration
	// Changes are when the clock changes because daylight saving begins or ends, in order.
	Changes []ClockChange
	Series  int // how many lines a chart shows at most
	// Few is how many hosts may each have a line in a chart: see the kinds [Fleet] and [HostRows]. 0 means [FewHosts].
	Few int
	// Picked are hosts that panels of kind [Fleet] draw even if they are not among the worst.
	Picked []string
	Delay  time.Duration // how long samples take to arrive
	Rules  RuleChanges   // what an operator changed in the rules about problems
	// A query about problems knows all hosts that sent samples since KnownSince, even if that is before the range. The zero time stands for
	// the begin of the range.
	KnownSince time.Time
	// Together says that other panels of the page are asked at the same time. What several of them read (see [Panel.Together],
	// [Panel.OfHost], [statement.kept] and [statement.readings]) is then made once for all, if the engine can keep it.
	Together bool
	// Once reads samples_once in place of samples: a sample that was delivered twice counts once.
	Once bool
}

// The sizes of panels that show a fleet.
const (
	FewHosts   = 20 // with more hosts, a chart shows the fleet as a whole, and not lines of the first hosts
	MaxPicked  = 8  // hosts that a viewer may pick
	worstHosts = 5  // hosts whose lines are over the band of the fleet
	hostRows   = 40 // rows of a heat map of hosts over time
)

// Median is the name that rows about the whole fleet have in place of a host's. Their value is the median, low and high are the
// ends of the band.
const Median = "(median)"

// slots is the greatest number of slots in a time range of up to 120 days. In a longer one each slot is a day.
const slots = 120

// MaxSpan is the longest time range.
const MaxSpan = 400 * 24 * time.Hour

// Validate returns all that is wrong with the parameters, as one joined error.
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
	problems = append(problems, p.checkClock())
	if len(p.Picked) > MaxPicked {
		problems = append(problems, fmt.Errorf("%d hosts are picked: at most %d can be", len(p.Picked), MaxPicked))
	}
	if p.Delay < 0 {
		problems = append(problems, errors.New("the delay must not be negative"))
	}
	return errors.Join(problems...)
}

// slotFor is the width of a slot, a coarse time bucket, in a time range of this length.
func slotFor(span time.Duration) time.Duration { return max(bucketFor(span, slots), minSlot) }

// minSlot is the least width of a slot. In a narrower one, a mean would be of too few samples.
const minSlot = 15 * time.Second

// bucketSteps are the widths of time buckets that read well on an axis.
var bucketSteps = []time.Duration{
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second, 6 * time.Second, 10 * time.Second, 15 * time.Second,
	30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

// BucketFor returns a width at which the range has at most n buckets. The widest bucket is a day, so a very long range can have
// more than n.
func BucketFor(r Range, n int) time.Duration { return bucketFor(r.To.Sub(r.From), n) }

// MaxBuckets is the greatest number of time buckets that a viewer may choose.
const MaxBuckets = 2000

// BucketsFor is how many time buckets a panel has at most. A query about each host in each bucket takes longer the more hosts there are,
// and the band and the totals of a large fleet are smooth. Panels with equal lists in Together have equal buckets, which they share.
func BucketsFor(p Panel, hosts int, oneHost bool) int {
	switch {
	case len(p.Together) == 0 || oneHost:
	case hosts > 2000:
		return 50
	case hosts > 200:
		return 100
	}
	return MaxBuckets
}

func bucketFor(span time.Duration, n int) time.Duration {
	for _, step := range bucketSteps {
		if span <= step*time.Duration(n) {
			return step
		}
	}
	return 24 * time.Hour
}
