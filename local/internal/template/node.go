package template

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// node is a place in the template. Its value is resolved when it is read. Reading one of a wrong type notes a problem and
// gives the zero value, so that reading goes on and all problems are found.
type node struct {
	r    *reader
	path string
	raw  any
}

// value resolves the node. It is nil where there is none, where it is AWS::NoValue, or where it could not be resolved.
func (n node) value() any { return n.r.resolve(n.path, n.raw) }

// exists says whether the node has a value.
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

// object checks that the node is an object with none but the named members. The reasons of what is refused by name come
// first; any other member is refused as unknown.
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
		switch reason, is := refused[name]; {
		case slices.Contains(known, name) || !child.exists():
		case is:
			child.problem("%s", reason)
		default:
			child.problem("not supported by the local stack; known here: %s", strings.Join(known, ", "))
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

// text returns a string; CloudFormation takes numbers and booleans as their text.
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

// required returns a string that must be there.
func (n node) required() string {
	if n.raw == nil {
		n.problem("required, and missing")
		return ""
	}
	return n.text()
}

// number returns a number, or fallback where there is none; ok is false where it is not one.
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

// between returns a number within bounds, the reason naming why they are so.
func (n node) between(fallback, low, high float64, reason string) float64 {
	v, ok := n.number(fallback)
	if ok && (v < low || v > high) {
		n.problem("%s is outside %s to %s%s", trimFloat(v), trimFloat(low), trimFloat(high), reason)
		return fallback
	}
	return v
}

// whole is between for whole numbers.
func (n node) whole(fallback, low, high int, reason string) int {
	v := n.between(float64(fallback), float64(low), float64(high), reason)
	if v != math.Trunc(v) {
		n.wrong("a whole number")
		return fallback
	}
	return int(v)
}

// boolean returns a boolean, or fallback where there is none.
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

// only notes a problem where the node has another value than those allowed.
func (n node) only(reason string, allowed ...string) {
	if v := n.text(); n.exists() && !slices.Contains(allowed, v) {
		n.problem("%q: %s", v, reason)
	}
}

func (n node) problem(format string, args ...any) { n.r.problem(n.path, format, args...) }

// wrong notes a value of another type than wanted, once: a value that could not be resolved has its problem already.
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
