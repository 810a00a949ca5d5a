package output

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// nesting is how the values of a type are nested: a list or a map has one element, a struct has a field for each name. A type that is
// not nested has neither.
type nesting struct {
	element *nesting
	names   []string
	fields  []nesting
}

// nestingOf reads the name of a DuckDB type, such as STRUCT("name" VARCHAR, celsius DOUBLE)[]. The names of its fields say in which order
// a value has them: the value itself is a Go map. A name that it cannot read gives a type without order.
func nestingOf(kind string) nesting {
	n, rest := readNesting(kind)
	if rest != "" {
		return nesting{}
	}
	return n
}

func readNesting(s string) (n nesting, rest string) {
	if inner, ok := strings.CutPrefix(s, "STRUCT("); ok {
		for {
			var name string
			name, inner = readName(inner)
			var field nesting
			field, inner = readNesting(inner)
			n.names, n.fields = append(n.names, name), append(n.fields, field)
			var more bool
			if inner, more = strings.CutPrefix(inner, ", "); !more {
				break
			}
		}
		rest, ok = strings.CutPrefix(inner, ")")
		if !ok {
			return nesting{}, s
		}
	} else if inner, ok := strings.CutPrefix(s, "MAP("); ok {
		_, inner = readNesting(inner)
		value, after := readNesting(strings.TrimPrefix(inner, ", "))
		n.element, rest = &value, strings.TrimPrefix(after, ")")
	} else {
		rest = afterPlain(s)
	}
	for strings.HasPrefix(rest, "[") {
		_, after, ok := strings.Cut(rest, "]")
		if !ok {
			return nesting{}, s
		}
		element := n
		n, rest = nesting{element: &element}, after
	}
	return n, rest
}

// readName reads the name of a field and the space after it. A quote within a quoted name is doubled.
func readName(s string) (name, rest string) {
	if !strings.HasPrefix(s, `"`) {
		name, rest, _ = strings.Cut(s, " ")
		return name, rest
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), strings.TrimPrefix(s[i+1:], " ")
	}
	return s, ""
}

// afterPlain returns what follows the name of a type that is not nested, such as DECIMAL(10,2).
func afterPlain(s string) string {
	depth := 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && strings.ContainsRune(",)[", c):
			return s[i:]
		}
	}
	return ""
}

// appendJSON appends a value as JSON, the fields of structs in the order of their type. Other objects have their keys in alphabetical
// order. Without nulls, members that are null are left out.
func appendJSON(dst []byte, v any, n nesting, nulls bool) ([]byte, error) {
	switch v := v.(type) {
	case []any:
		dst = append(dst, '[')
		for i, element := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			var err error
			if dst, err = appendJSON(dst, element, n.ofElement(), nulls); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		return appendObject(dst, v, n, nulls)
	}
	b, err := json.Marshal(v)
	return append(dst, b...), err
}

func appendObject(dst []byte, v map[string]any, n nesting, nulls bool) ([]byte, error) {
	keys := n.names
	if len(keys) != len(v) {
		keys = slices.Sorted(maps.Keys(v))
	}
	dst = append(dst, '{')
	first := true
	for i, key := range keys {
		value := v[key]
		if value == nil && !nulls {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		name, err := json.Marshal(key)
		if err != nil {
			return dst, err
		}
		dst = append(append(dst, name...), ':')
		of := n.ofElement()
		if n.names != nil && i < len(n.fields) {
			of = n.fields[i]
		}
		if dst, err = appendJSON(dst, value, of, nulls); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func (n nesting) ofElement() nesting {
	if n.element == nil {
		return nesting{}
	}
	return *n.element
}

// nestedText is a nested value as JSON, or as Go prints it if JSON cannot express it.
func nestedText(v any, n nesting, nulls bool) string {
	b, err := appendJSON(nil, v, n, nulls)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
