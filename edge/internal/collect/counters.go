package collect

import "github.com/metrics-dashboard/metrics-dashboard/record"

// counters are the monotonic counters of one device, of which a subject uses as many as it needs.
type counters [8]uint64

// device is one device's counters.
type device struct {
	name     string
	counters counters
}

// difference returns cur-prev by counter; ok is false where any went backwards, which a reset and a wrap both do.
func difference(prev, cur counters) (diff counters, ok bool) {
	for i := range cur {
		if cur[i] < prev[i] {
			return counters{}, false
		}
		diff[i] = cur[i] - prev[i]
	}
	return diff, true
}

// differences returns the difference of each device that is in both readings. A device that came or went contributes
// nothing: all it ever counted is not this interval's. ok is false where no device is in both, or where one went
// backwards, because a sum without it would be too low unnoticed.
func differences(prev, cur map[string]counters) (diffs []counters, ok bool) {
	for name, c := range cur {
		p, known := prev[name]
		if !known {
			continue
		}
		d, forward := difference(p, c)
		if !forward {
			return nil, false
		}
		diffs = append(diffs, d)
	}
	return diffs, len(diffs) > 0
}

// sum adds up the counters of all devices.
func sum(diffs []counters) (total counters) {
	for _, d := range diffs {
		for i, v := range d {
			total[i] += v
		}
	}
	return total
}

// perSecond makes a rate of a difference.
func perSecond(diff uint64, seconds float64) record.Float {
	return record.Some(float64(diff) / seconds)
}

// percent returns part of whole in 0..100; absent where there is no whole. Counters of one file are not read at one
// instant, so that a part can exceed its whole by a tick.
func percent(part, whole float64) record.Float {
	if !(whole > 0) {
		return record.Float{}
	}
	return record.Some(min(100, max(0, 100*part/whole)))
}
