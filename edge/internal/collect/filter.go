package collect

import (
	"regexp"
	"time"
)

// Filter chooses devices by their names.
type Filter struct {
	Include *regexp.Regexp // replaces the default choice
	Exclude *regexp.Regexp // removes devices from the choice
}

// chooser decides which devices count. It reads sysfs when a device first appears, not at each reading.
type chooser struct {
	filter Filter
	// real reports whether a device is hardware whose traffic no other device counts.
	real func(name string) bool
	// fallback chooses by name alone if no device is real, as in a container.
	fallback func(names []string) []string

	seen     map[string]bool
	lookedAt time.Duration
}

// recheckAfter is the age at which sysfs is read again: a device may be enslaved after it appeared.
const recheckAfter = time.Minute

// choose returns the devices that count, by their own names.
func (c *chooser) choose(at Moment, all []device) map[string]device {
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.label()
	}
	chosen := c.chooseNames(at, names)
	counted := make(map[string]device, len(chosen))
	for _, d := range all {
		if len(chosen) > 0 && chosen[0] == d.label() { // both lists have the same order
			counted[d.name], chosen = d, chosen[1:]
		}
	}
	return counted
}

// chooseNames returns the names that count, in the order of names.
func (c *chooser) chooseNames(at Moment, names []string) []string {
	if c.seen == nil || at.Mono-c.lookedAt >= recheckAfter {
		c.seen, c.lookedAt = make(map[string]bool, len(names)), at.Mono
	}
	chosen := make([]string, 0, len(names))
	for _, name := range names {
		if c.isReal(name) {
			chosen = append(chosen, name)
		}
	}
	if len(chosen) == 0 && c.filter.Include == nil {
		chosen = c.fallback(names)
	}
	kept := chosen[:0]
	for _, name := range chosen {
		if c.filter.Exclude == nil || !c.filter.Exclude.MatchString(name) {
			kept = append(kept, name)
		}
	}
	return kept
}

func (c *chooser) isReal(name string) bool {
	if c.filter.Include != nil {
		return c.filter.Include.MatchString(name)
	}
	is, known := c.seen[name]
	if !known {
		is = c.real(name)
		c.seen[name] = is
	}
	return is
}
