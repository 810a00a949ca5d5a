package panels

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RuleChanges are what an operator changed in the rules of [AllRules] for some hosts. The zero value changes nothing.
//
// If two overrides mute the same problem of a host, the one that ends last counts. If two set another thing differently, it is not defined
// which of them counts. A caller has to refuse that beforehand (see package alerts).
type RuleChanges struct{ Overrides []Override }

// Override changes some rules for some hosts.
type Override struct {
	Problems []string // names, which must exist
	Hosts    Hosts
	Limits   *Limits       // replace those of the rule; nil leaves them
	For      time.Duration // replaces that of the rule; 0 leaves it. For the rule [Silent], a host is silent only after that time.
	// MuteUntil is the time until which nobody wants to hear of these problems, and Reason says why. The zero time mutes nothing.
	MuteUntil time.Time
	Reason    string
}

// Hosts chooses hosts. A host has to match each field that is not empty, and each tag. It matches a field or a tag if it matches one of its
// values.
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
	for _, rule := range AllRules() {
		if rule.Name == SharedName { // its value is 2 while several machines send, and else 1
			rule.Thresholds, rule.Clear = Thresholds{Warn: 2, Critical: 2}, 2
		}
		usual := "CAST(NULL AS double)"
		if rule.Usual > 0 {
			usual = double(rule.Usual)
		}
		rows = append(rows, "("+strings.Join([]string{
			LiteralOf(rule.Name), LiteralOf(string(rule.Unit)), double(rule.Warn), double(rule.Critical), double(rule.Clear), wholeSeconds(rule.For), usual,
		}, ", ")+")")
	}
	return strings.Join(rows, ",\n    ")
}

// effective is the SQL of a column of the rules for a host, with what an operator changed. The columns chosen_0 and so on say which overrides
// are about the host: see [RuleChanges.chosen].
func (r RuleChanges) effective(column, now string) string {
	value := func(o Override) string {
		switch l := o.Limits; {
		case column == "warn" && l != nil:
			return double(l.Warn)
		case column == "critical" && l != nil:
			return double(l.Critical)
		case column == "clear" && l != nil:
			return double(l.Clear)
		case column == "usual" && l != nil && l.Usual >= neverUsual:
			return "CAST(NULL AS double)"
		case column == "usual" && l != nil && l.Usual > 0:
			return double(l.Usual)
		case column == "for_s" && o.For > 0:
			return wholeSeconds(o.For)
		case column == "muted_until" && !o.MuteUntil.IsZero():
			return double(unix(o.MuteUntil))
		case column == "mute_reason" && !o.MuteUntil.IsZero():
			return LiteralOf(o.Reason)
		}
		return ""
	}
	mutes := column == "muted_until" || column == "mute_reason"
	order := make([]int, len(r.Overrides))
	for i := range order {
		order[i] = i
	}
	if mutes { // the one that ends last counts
		slices.SortStableFunc(order, func(a, b int) int { return r.Overrides[b].MuteUntil.Compare(r.Overrides[a].MuteUntil) })
	}
	var choices strings.Builder
	for _, i := range order {
		o := r.Overrides[i]
		v := value(o)
		if v == "" {
			continue
		}
		var names []string
		for _, problem := range o.Problems {
			names = append(names, LiteralOf(problem))
		}
		choices.WriteString(" WHEN chosen_" + strconv.Itoa(i) + " AND problem IN (" + strings.Join(names, ", ") + ")")
		if mutes {
			choices.WriteString(" AND " + double(unix(o.MuteUntil)) + " > " + now)
		}
		choices.WriteString(" THEN " + v)
	}
	otherwise := map[string]string{"muted_until": "CAST(NULL AS double)", "mute_reason": "CAST(NULL AS varchar)"}[column]
	otherwise = cmp.Or(otherwise, column)
	if choices.Len() == 0 {
		return otherwise
	}
	return "CASE" + choices.String() + " ELSE " + otherwise + " END"
}

// latestClear is the greatest Clear of the forecast over all hosts, in seconds, and a little more, because a rounding error must not leave
// out a host. If a filesystem needs more time than that until it is full, its forecast is over.
func (r RuleChanges) latestClear() float64 {
	most := forecast.Clear
	for _, o := range r.Overrides {
		if o.Limits != nil && slices.Contains(o.Problems, DiskFullSoon) {
			most = max(most, o.Limits.Clear)
		}
	}
	return 1.01 * most
}

// chosen is a relation with hosts, and a column for each override that says whether it is about the host. The relation has the columns
// host, env and node_role, and tags if an override needs them.
func (r RuleChanges) chosen(relation string) string {
	if len(r.Overrides) == 0 {
		return relation
	}
	var columns strings.Builder
	for i, o := range r.Overrides {
		columns.WriteString(", coalesce(" + o.Hosts.condition() + ", false) AS chosen_" + strconv.Itoa(i))
	}
	return "(SELECT *" + columns.String() + " FROM " + relation + ")"
}

// byTag says whether an override chooses hosts by their tags.
func (r RuleChanges) byTag() bool {
	return slices.ContainsFunc(r.Overrides, func(o Override) bool { return len(o.Hosts.Tags) > 0 })
}

// lengths are the times for which values have to be high, in seconds, each once.
func (r RuleChanges) lengths() (list []string) {
	all := map[time.Duration]bool{}
	for _, rule := range AllRules() {
		all[rule.For] = true
	}
	for _, o := range r.Overrides {
		all[o.For] = true
	}
	delete(all, 0)
	for d := range all {
		list = append(list, wholeSeconds(d))
	}
	slices.Sort(list)
	return list
}

// condition is the SQL that is true for the chosen hosts, over the columns host, env, node_role and tags. The texts of the operator are
// literals: Athena takes parameters only in WHERE.
func (h Hosts) condition() string {
	text := func(s string) string { return LiteralOf(s) }
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
		add(h.Tags[key], func(v string) string { return tagIs(key, v, text) })
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
