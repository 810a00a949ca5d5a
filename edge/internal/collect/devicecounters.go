package collect

import (
	"errors"
	"time"
)

// deviceCounters follows the counters of the devices that a subject chooses, from sample to sample and from details to details.
type deviceCounters struct {
	kind    string // such as interface
	base    base
	last    map[string]device
	choices chooser
	details *details
	earlier earlier
}

func newDeviceCounters(kind string, interval time.Duration, choices chooser, d *details) deviceCounters {
	return deviceCounters{kind: kind, base: base{interval: interval}, choices: choices, details: d}
}

// follow returns what the chosen devices did since the last reading, nothing if there is no valid difference. It fails if there is no
// device to count. If details are due, it calls list with the devices first.
func (d *deviceCounters) follow(at Moment, all []device, list func(map[string]device)) (changes []change, seconds float64, err error) {
	cur := d.choices.choose(at, all)
	last := d.last
	d.last = cur
	if d.details.due {
		list(cur)
		d.earlier.keep(d.details, cur)
	}
	seconds, ok := d.base.advance(at)
	switch {
	case len(cur) == 0:
		return nil, 0, errors.New("no " + d.kind + " to count")
	case !ok:
		return nil, 0, nil
	}
	return differences(last, cur), seconds, nil
}
