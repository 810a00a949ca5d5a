package template

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// node is a place in the template. Its value is resolved when it is read. If the value has a wrong type, reading it notes a problem and
// returns the zero value. Reading goes on, so that all problems are found.
type node struct {
	r    *reader
	path string
	raw  any
}

// value resolves the node. It returns nil if the template has no value here, if the value is AWS::NoValue, or if it cannot be resolved.
func (n node) value() any { return n.r.resolve(n.path, n.raw) }

// exists reports whether the node has a value.
func (n node) exists() bool {
	if n.raw == nil {
		return false
	}
	return n.value() != nil
}

// field returns a member of an object.
func (n node) field(name string) node {
	child := node{r: n.r, path: n.path + "." + name}
	if m, ok := n.value().(map[string]any); ok {
		child.raw = m[name]
	}
	return child
}

// object checks that the node is an object whose members are all known. refused has reasons for some members that are not; the others
// are refused as unsupported. It returns false if the node is not an object.
func (n node) object(known []string, refused map[string]string) bool {
	if n.raw == nil {
		return false
	}
	m, ok := n.value().(map[string]any)
	if !ok {
		n.wrong("an object")
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		child := n.field(name)
		switch reason, isRefused := refused[name]; {
		case slices.Contains(known, name) || !child.exists():
		case isRefused:
			child.problem("%s", reason)
		default:
			child.problem("the local stack does not support it; it supports %s", strings.Join(known, ", "))
		}
	}
	return true
}

// items returns the elements of a list.
func (n node) items() []node {
	if n.raw == nil {
		return nil
	}
	var items []node
	switch list := n.value().(type) {
	case nil:
	case []any:
		for i, item := range list {
			items = append(items, node{n.r, n.path + "[" + strconv.Itoa(i) + "]", item})
		}
	default:
		n.wrong("a list")
	}
	return items
}

// text returns a string. Like CloudFormation it accepts a number or a boolean as its text.
func (n node) text() string {
	if n.raw == nil {
		return ""
	}
	v := n.value()
	s, ok := scalar(v)
	if !ok && v != nil {
		n.wrong("a string")
	}
	return s
}

// required returns a string and notes a problem if it is missing.
func (n node) required() string {
	if n.raw == nil {
		n.problem("is required")
		return ""
	}
	return n.text()
}

// number returns a number, or fallback if there is no value; ok is false if the value is not a number.
func (n node) number(fallback float64) (_ float64, ok bool) {
	if !n.exists() {
		return fallback, true
	}
	v, err := jsonscan.ParseFloat([]byte(n.text()))
	if err != nil {
		n.wrong("a number")
		return fallback, false
	}
	return v, true
}

// between returns a number within bounds. The message for other numbers ends in unitAndReason: the unit, and why the bounds are so.
func (n node) between(fallback, low, high float64, unitAndReason string) float64 {
	v, ok := n.number(fallback)
	if ok && (v < low || v > high) {
		n.problem("%s is outside %s to %s%s", trimFloat(v), trimFloat(low), trimFloat(high), unitAndReason)
		return fallback
	}
	return v
}

// whole is [node.between] for whole numbers.
func (n node) whole(fallback, low, high int, unitAndReason string) int {
	v := n.between(float64(fallback), float64(low), float64(high), unitAndReason)
	if v != math.Trunc(v) {
		n.wrong("a whole number")
		return fallback
	}
	return int(v)
}

// boolean returns a boolean, or fallback if there is no value.
func (n node) boolean(fallback bool) bool {
	if !n.exists() {
		return fallback
	}
	v, err := strconv.ParseBool(n.text())
	if err != nil {
		n.wrong("true or false")
		return fallback
	}
	return v
}

// only notes a problem if the node has another value than those allowed.
func (n node) only(reason string, allowed ...string) {
	if v := n.text(); n.exists() && !slices.Contains(allowed, v) {
		n.problem("%q: %s", v, reason)
	}
}

func (n node) problem(format string, args ...any) { n.r.problem(n.path, format, args...) }

// wrong notes that a value has another type than wanted. A value that could not be resolved has its problem already.
func (n node) wrong(want string) {
	if n.value() == nil {
		return
	}
	n.problem("want %s, have %s", want, describe(n.value()))
}

func describe(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return strconv.Quote(v)
	}
	s, _ := scalar(v)
	return s
}

// scalar returns the text of a string, a number or a boolean.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return trimFloat(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

func trimFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
