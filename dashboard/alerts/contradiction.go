package alerts

import (
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// contradictions refuses two overrides that set different values of one rule for a host that may exist. Two that mute are not a
// contradiction: the later end holds.
func (p *parser) contradictions() {
	for j, b := range p.rules.Overrides {
		for i, a := range p.rules.Overrides[:j] {
			if !slices.ContainsFunc(a.Problems, func(name string) bool { return slices.Contains(b.Problems, name) }) || disjoint(a.Hosts, b.Hosts) {
				continue
			}
			const remedy = "; let their hosts differ, for example by \"except\""
			if a.Limits != nil && b.Limits != nil && *a.Limits != *b.Limits {
				p.wrong(p.from[j], "gives hosts other thresholds of %q than %s gives them%s", b.Problems[0], p.from[i], remedy)
			}
			if a.For > 0 && b.For > 0 && a.For != b.For {
				p.wrong(p.from[j], "gives hosts another time of %q than %s gives them%s", b.Problems[0], p.from[i], remedy)
			}
		}
	}
}

// disjoint says whether it is sure that no host matches both. A host has one name, one environment, one role and one value of a tag.
func disjoint(a, b panels.Hosts) bool {
	apart := func(a, b []string) bool {
		return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
	}
	if apart(a.Envs, b.Envs) || apart(a.Roles, b.Roles) || excluded(a.Names, b.Except) || excluded(b.Names, a.Except) {
		return true
	}
	for key := range a.Tags {
		if apart(a.Tags[key], b.Tags[key]) {
			return true
		}
	}
	return len(a.Names) > 0 && len(b.Names) > 0 && !slices.ContainsFunc(a.Names, func(one string) bool {
		return slices.ContainsFunc(b.Names, func(other string) bool { return meet(one, other) })
	})
}

// excluded says whether each of the patterns is within one of except.
func excluded(patterns, except []string) bool {
	return len(patterns) > 0 && !slices.ContainsFunc(patterns, func(pattern string) bool {
		return !slices.ContainsFunc(except, func(e string) bool { return covers(e, pattern) })
	})
}

// meet says whether a text matches both patterns, in which * stands for any text.
func meet(a, b string) bool {
	// reach[j] says whether the part of a that was looked at and b[:j] can match the same text.
	reach := make([]bool, len(b)+1)
	for i := range len(a) + 1 {
		next := make([]bool, len(b)+1)
		for j := range len(b) + 1 {
			switch {
			case i == 0 && j == 0:
				next[j] = true
			case i > 0 && a[i-1] == '*' && (reach[j] || j > 0 && next[j-1]), j > 0 && b[j-1] == '*' && (next[j-1] || i > 0 && reach[j]):
				next[j] = true
			case i > 0 && j > 0 && a[i-1] == b[j-1] && reach[j-1]:
				next[j] = true
			}
		}
		reach = next
	}
	return reach[len(b)]
}

// covers says whether the pattern wide matches whatever the pattern narrow matches: each * of narrow is within a * of wide.
func covers(wide, narrow string) bool {
	reach := make([]bool, len(narrow)+1)
	for i := range len(wide) + 1 {
		next := make([]bool, len(narrow)+1)
		for j := range len(narrow) + 1 {
			switch {
			case i == 0:
				next[j] = j == 0
			case wide[i-1] == '*':
				next[j] = reach[j] || j > 0 && next[j-1]
			default:
				next[j] = j > 0 && wide[i-1] == narrow[j-1] && reach[j-1]
			}
		}
		reach = next
	}
	return reach[len(narrow)]
}
