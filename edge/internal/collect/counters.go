package collect

import "github.com/metrics-dashboard/metrics-dashboard/record"

// counters are the monotonic counters of one device. Each subject uses as many as it needs.
type counters [8]uint64

// device is one device's counters.
type device struct {
	name     string
	as       string // the name that filters and samples use, if it is another one
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
	back backwards
}

// backwards is true for each counter that went backwards. A counter does so if it is reset or wraps. A single one may also flicker: kernels
// and drivers add up counters of several CPUs, or of firmware, without a lock. The counters beside it are still right.
type backwards [len(counters{})]bool

// difference returns cur-prev for each counter, 0 for one that went backwards.
func difference(prev, cur counters) (diff counters, back backwards) {
	for i := range cur {
		if cur[i] < prev[i] {
			back[i] = true
			continue
		}
		diff[i] = cur[i] - prev[i]
	}
	return diff, back
}

// differences returns the change of each device that is in both readings. A new device has none: its counters may be much older
// than this interval.
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

// sum adds up the changes of all devices. If a counter went backwards on one device, its sum is marked as well: without that
// device it would be too low, and nobody would notice.
func sum(changes []change) (total counters, back backwards) {
	for _, c := range changes {
		for i, v := range c.by {
			total[i] += v
			back[i] = back[i] || c.back[i]
		}
	}
	return total, back
}

// perSecond returns the rate of a difference.
func perSecond(diff uint64, seconds float64) record.Float {
	return record.Some(float64(diff) / seconds)
}

// rate returns the rate of one counter, absent if it went backwards.
func (c change) rate(i int, seconds float64) record.Float {
	if c.back[i] {
		return record.Float{}
	}
	return perSecond(c.by[i], seconds)
}

// percent returns part of whole in 0..100, absent if whole is not above 0. The kernel does not read the counters of one file at one
// instant, so part can exceed whole by a tick.
func percent(part, whole float64) record.Float {
	if !(whole > 0) {
		return record.Float{}
	}
	return record.Some(min(100, max(0, 100*part/whole)))
}
