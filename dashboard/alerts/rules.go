package alerts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// MaxRules is the size of the largest document, in bytes: that of the value of a standard parameter in SSM. See
// https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html.
const MaxRules = 4096

// ParseRules reads the document [record.ParameterRules], in which an operator changes rules for some hosts. It is JSON:
//
//	{"overrides": [
//	  {"problems": ["CPU"], "hosts": {"role": ["worker"]}, "warn": 95, "for": "30m"},
//	  {"problems": ["Silent"], "hosts": {"env": ["dev"]}, "mute": {"until": "2026-12-24T08:00:00Z", "reason": "switched off at night"}}
//	]}
//
// An override holds for the hosts that match each of the keys host (patterns of names, in which * stands for any text), env, role and tags,
// and that match no pattern of except. Without hosts it holds for all hosts. The error says all that is wrong, each with its path in the
// document and with what would be right. It refuses two overrides that give one host two thresholds.
func ParseRules(text []byte) (panels.RuleChanges, error) {
	p := &parser{}
	if len(text) > MaxRules {
		p.wrong("", "the document has %d bytes; a standard parameter of SSM holds %d", len(text), MaxRules)
	} else if root, ok := p.tree(text); ok {
		p.document(root)
	}
	if err := errors.Join(p.errs...); err != nil {
		return panels.RuleChanges{}, err
	}
	return p.rules, nil
}

// parser reads a document and collects what is wrong with it.
type parser struct {
	rules panels.RuleChanges
	from  []string // for each override of rules, its path in the document
	errs  []error
}

// wrong notes a mistake once: an override of several problems reads the same values for each of them.
func (p *parser) wrong(path, format string, args ...any) {
	at := record.ParameterRules + ": "
	if path != "" {
		at += path + ": "
	}
	err := fmt.Errorf("%s"+format, append([]any{at}, args...)...) // a key in the path can have a %
	if !slices.ContainsFunc(p.errs, func(known error) bool { return known.Error() == err.Error() }) {
		p.errs = append(p.errs, err)
	}
}

func (p *parser) document(root node) {
	fields, _ := p.object(root, "overrides")
	list, ok := fields["overrides"]
	if !ok {
		return
	}
	for _, n := range p.list(list) {
		p.override(n)
	}
	if len(p.errs) == 0 { // otherwise some overrides are missing
		p.contradictions()
	}
}

// The keys of an override.
var (
	limitKeys    = []string{"warn", "critical", "clear", "usual"}
	overrideKeys = append([]string{"problems", "hosts", "for", "mute"}, limitKeys...)
)

func (p *parser) override(n node) {
	fields, ok := p.object(n, overrideKeys...)
	if !ok {
		return
	}
	var o panels.Override
	if hosts, ok := fields["hosts"]; ok {
		o.Hosts = p.hosts(hosts)
	}
	if mute, ok := fields["mute"]; ok {
		p.mute(mute, &o)
	}
	rules := p.rulesNamed(fields["problems"])
	length, isLong := fields["for"]
	limits := slices.ContainsFunc(limitKeys, func(key string) bool { _, ok := fields[key]; return ok })
	_, isMuted := fields["mute"]
	_, isNamed := fields["problems"]
	switch {
	case !limits && !isLong && !isMuted:
		p.wrong(n.path, "changes nothing; give %s, for or mute", strings.Join(limitKeys, ", "))
	case !isNamed && (limits || isLong):
		p.wrong(n.path, "does not say which rules it changes; add for example \"problems\": [\"CPU\"]")
		return
	}
	for _, rule := range rules {
		one := o
		one.Problems = []string{rule.Name}
		if isLong {
			one.For = p.length(length, rule)
		}
		if limits {
			one.Limits = p.limits(fields, n.path, rule)
		}
		if isLong || limits {
			p.add(one, n.path)
		}
	}
	if !isLong && !limits {
		for _, rule := range rules {
			o.Problems = append(o.Problems, rule.Name)
		}
		p.add(o, n.path)
	}
}

func (p *parser) add(o panels.Override, path string) {
	p.rules.Overrides, p.from = append(p.rules.Overrides, o), append(p.from, path)
}

// rulesNamed are the rules that a list names, or all rules if there is no list.
func (p *parser) rulesNamed(n node) (chosen []panels.Rule) {
	all := panels.AllRules()
	if n.path == "" {
		return all
	}
	for _, one := range p.texts(n) {
		i := slices.IndexFunc(all, func(rule panels.Rule) bool { return rule.Name == one.value })
		switch {
		case i < 0:
			var names []string
			for _, rule := range all {
				names = append(names, rule.Name)
			}
			p.wrong(one.path, "there is no problem %q; use one of %s", one.value, strings.Join(names, ", "))
		case slices.ContainsFunc(chosen, func(rule panels.Rule) bool { return rule.Name == one.value }):
			p.wrong(one.path, "%q is named twice", one.value)
		default:
			chosen = append(chosen, all[i])
		}
	}
	return chosen
}

// limits reads the thresholds of an override of a rule. Those that it does not name are the rule's own.
func (p *parser) limits(fields map[string]node, path string, rule panels.Rule) *panels.Limits {
	if !rule.HasThresholds() {
		p.wrong(path, "%q has no thresholds; leave out %s", rule.Name, strings.Join(limitKeys, ", "))
		return nil
	}
	l, right := rule.Limits, true
	values := map[string]*float64{"warn": &l.Warn, "critical": &l.Critical, "clear": &l.Clear, "usual": &l.Usual}
	for _, key := range limitKeys {
		n, ok := fields[key]
		switch {
		case !ok:
		case key == "usual" && rule.Usual == 0:
			p.wrong(n.path, "%q does not know what is usual; leave it out", rule.Name)
			right = false
		default:
			if *values[key], ok = p.amount(n, rule.Unit); !ok {
				right = false
			}
		}
	}
	if !right {
		return nil
	}
	switch {
	case rule.Falls() && (l.Critical > l.Warn || l.Warn >= l.Clear):
		p.wrong(path, "%s would begin at less than %s, be critical at less than %s and end at more than %s; want critical <= warn < clear, give all three",
			rule.Name, spoken(l.Warn, rule.Unit), spoken(l.Critical, rule.Unit), spoken(l.Clear, rule.Unit))
	case !rule.Falls() && (l.Critical < l.Warn || l.Warn <= l.Clear):
		p.wrong(path, "%s would begin at %s, be critical at %s and end below %s; want clear < warn <= critical, give all three",
			rule.Name, spoken(l.Warn, rule.Unit), spoken(l.Critical, rule.Unit), spoken(l.Clear, rule.Unit))
	}
	return &l
}

// Bounds of the time for which a value has to be high, and for which a host has to be silent. A problem ends by the mean over five minutes,
// so a shorter time makes no sense. The values of two hours are read, and the newest samples of 13.
const (
	minFor       = 5 * time.Minute
	maxFor       = time.Hour
	maxSilentFor = 12 * time.Hour
)

// length reads for how long.
func (p *parser) length(n node, rule panels.Rule) time.Duration {
	most := maxFor
	switch {
	case rule.Name == panels.Silent:
		most = maxSilentFor
	case rule.Column == "":
		p.wrong(n.path, "the time of %q cannot be changed; leave it out", rule.Name)
		return 0
	}
	text, _ := n.value.(string)
	d, err := time.ParseDuration(text)
	if err != nil || d < minFor || d > most || d%time.Minute != 0 {
		p.wrong(n.path, "%s is not whole minutes from %s to %s; use for example \"15m\"", n, spokenTime(minFor), spokenTime(most))
	}
	return d
}

// mute reads until when problems are muted, and why.
func (p *parser) mute(n node, o *panels.Override) {
	fields, ok := p.object(n, "until", "reason")
	if !ok {
		return
	}
	if until, ok := fields["until"]; !ok {
		p.wrong(n.path, "lacks until, the time when it ends; use for example \"2026-12-24T08:00:00Z\"")
	} else {
		text, _ := until.value.(string)
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.Year() < 2000 {
			p.wrong(until.path, "%s is not a time with a zone; use for example \"2026-12-24T08:00:00Z\"", until)
		}
		o.MuteUntil = t.UTC()
	}
	if reason, ok := fields["reason"]; !ok {
		p.wrong(n.path, "lacks reason; say why, so that others know")
	} else {
		o.Reason = p.text(reason)
	}
}

// hosts reads which hosts an override is for.
func (p *parser) hosts(n node) (h panels.Hosts) {
	fields, ok := p.object(n, "host", "env", "role", "tags", "except")
	if !ok {
		return h
	}
	texts := map[string]*[]string{"host": &h.Names, "env": &h.Envs, "role": &h.Roles, "except": &h.Except}
	for _, key := range []string{"host", "env", "role", "except"} {
		if list, ok := fields[key]; ok {
			*texts[key] = valuesOf(p.texts(list))
		}
	}
	if tags, ok := fields["tags"]; ok {
		values, _ := p.object(tags)
		h.Tags = map[string][]string{}
		for _, key := range slices.Sorted(maps.Keys(values)) {
			h.Tags[key] = valuesOf(p.texts(values[key]))
		}
		if len(values) == 0 {
			p.wrong(tags.path, "names no tag; use for example {\"team\": [\"core\"]}")
		}
	}
	return h
}
