package panels

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rules are the rules of [AllProblems] with what an operator changed for some hosts. The zero value changes nothing.
//
// If two overrides set the same thing for one host, the result is one of both; a caller has to refuse that beforehand (see package
// alerts).
type Rules struct{ Overrides []Override }

// Override changes some rules for some hosts.
type Override struct {
	Problems []string // names, which must exist
	Hosts    Hosts
	Limits   *Limits       // replace those of the rule; nil leaves them
	For      time.Duration // replaces that of the rule; 0 leaves it. A host is silent only after that time.
	// MuteUntil is the time until which nobody wants to hear of these problems, and Reason says why. The zero time mutes nothing.
	MuteUntil time.Time
	Reason    string
}

// Hosts chooses hosts. A host has to match each field that is not empty. It matches a field if it matches one of its values.
type Hosts struct {
	Names  []string // patterns, in which * stands for any text
	Envs   []string
	Roles  []string
	Tags   map[string][]string
	Except []string // patterns of names; hosts that match one are not chosen
}

// ruleRows are the rules as rows for a VALUES list: name, unit, thresholds, how long, and what counts as busy.
func ruleRows() string {
	var rows []string
	for _, p := range AllProblems() {
		usual := "CAST(NULL AS double)"
		if p.Usual > 0 {
			usual = double(p.Usual)
		}
		rows = append(rows, "("+strings.Join([]string{
			LiteralOf(p.Name), LiteralOf(string(p.Unit)), double(p.Warn), double(p.Critical), double(p.Clear), whole(p.For), usual,
		}, ", ")+")")
	}
	return strings.Join(rows, ",\n    ")
}

// overrideRows are the overrides as rows for a VALUES list: which override, the problem, and what it sets. NULL leaves the rule as it is.
func (r Rules) overrideRows() string {
	null := func(t string) string { return "CAST(NULL AS " + t + ")" }
	var rows []string
	for i, o := range r.Overrides {
		for _, problem := range o.Problems {
			set := []string{null("double"), null("double"), null("double"), null("bigint"), null("double"), null("double"), null("varchar")}
			if o.Limits != nil {
				set[0], set[1], set[2] = double(o.Limits.Warn), double(o.Limits.Critical), double(o.Limits.Clear)
				if o.Limits.Usual > 0 {
					set[4] = double(o.Limits.Usual)
				}
			}
			if o.For > 0 {
				set[3] = whole(o.For)
			}
			if !o.MuteUntil.IsZero() {
				set[5], set[6] = double(unix(o.MuteUntil)), LiteralOf(o.Reason)
			}
			rows = append(rows, "("+strings.Join(append([]string{strconv.Itoa(i), LiteralOf(problem)}, set...), ", ")+")")
		}
	}
	return strings.Join(rows, ",\n    ")
}

// byTag says whether an override chooses hosts by their tags.
func (r Rules) byTag() bool {
	return slices.ContainsFunc(r.Overrides, func(o Override) bool { return len(o.Hosts.Tags) > 0 })
}

// lengths are the times for which values have to be high, in seconds, each once.
func (r Rules) lengths() (list []string) {
	all := map[time.Duration]bool{}
	for _, p := range minuteProblems() {
		all[p.For] = true
	}
	for _, o := range r.Overrides {
		all[o.For] = true
	}
	delete(all, 0)
	for d := range all {
		list = append(list, whole(d))
	}
	slices.Sort(list)
	return list
}

// condition is the SQL that is true for the chosen hosts, over the columns host, env, node_role and tags. It calls text with each text
// of the operator, in order; text returns the SQL for it.
func (h Hosts) condition(text func(string) string) string {
	var all []string
	anyOf := func(values []string, one func(string) string) string {
		var list []string
		for _, v := range values {
			list = append(list, one(v))
		}
		return "(" + strings.Join(list, " OR ") + ")"
	}
	add := func(values []string, one func(string) string) {
		if len(values) > 0 {
			all = append(all, anyOf(values, one))
		}
	}
	add(h.Names, func(v string) string { return like("host", v, text) })
	add(h.Envs, func(v string) string { return "env = " + text(v) })
	add(h.Roles, func(v string) string { return "node_role = " + text(v) })
	for _, key := range slices.Sorted(maps.Keys(h.Tags)) {
		add(h.Tags[key], func(v string) string {
			return "CASE WHEN contains(map_keys(tags), " + text(key) + ") THEN tags[" + text(key) + "] END = " + text(v)
		})
	}
	if len(h.Except) > 0 {
		all = append(all, "NOT "+anyOf(h.Except, func(v string) string { return like("host", v, text) }))
	}
	if len(all) == 0 {
		return "true"
	}
	return strings.Join(all, " AND ")
}

// like compares a column with a pattern in which * stands for any text.
func like(column, pattern string, text func(string) string) string {
	return column + " LIKE " + text(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`).Replace(pattern)) + ` ESCAPE '\'`
}

// double writes a number as a double: both engines take 0.5 for a decimal.
func double(v float64) string { return number(v) + "e0" }
