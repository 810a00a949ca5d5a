package collect

import "github.com/metrics-dashboard/metrics-dashboard/record"

// counters are the monotonic counters of one device, of which a subject uses as many as it needs.
type counters [8]uint64

// device is one device's counters.
type device struct {
	name     string
	as       string // the name it is chosen and known by; empty where that is its own
	counters counters
}

func (d device) label() string {
	if d.as != "" {
		return d.as
	}
	return d.name
}

// change is what one device did between two readings.
type change struct {
	name string
	by   counters
	back marks
}

// marks are counters that went backwards. A counter that is reset or wraps does, and a single one may flicker: kernels and
// drivers add up counters of several CPUs or of firmware without a lock. It says nothing of the counters beside it.
type marks [len(counters{})]bool

// difference returns cur-prev by counter, 0 where one went backwards.
func difference(prev, cur counters) (diff counters, back marks) {
	for i := range cur {
		if cur[i] < prev[i] {
			back[i] = true
			continue
		}
		diff[i] = cur[i] - prev[i]
	}
	return diff, back
}

// differences returns the change of each device that is in both readings. A device that came or went contributes nothing:
// all it ever counted is not this interval's.
func differences(prev, cur map[string]device) []change {
	var changes []change
	for name, c := range cur {
		if p, known := prev[name]; known {
			by, back := difference(p.counters, c.counters)
			changes = append(changes, change{c.label(), by, back})
		}
	}
	return changes
}

// sum adds up the changes of all devices. A counter that went backwards on any has no sum: without that device's part it
// would be too low unnoticed.
func sum(changes []change) (total counters, back marks) {
	for _, c := range changes {
		for i, v := range c.by {
			total[i] += v
			back[i] = back[i] || c.back[i]
		}
	}
	return total, back
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
