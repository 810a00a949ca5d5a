package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// resource is one resource of a template.
type resource struct {
	id         string
	properties map[string]any
	body       map[string]any
}

// ofType returns the resources of a type by id.
func ofType(t *testing.T, template map[string]any, kind string) []resource {
	t.Helper()
	var found []resource
	for id, body := range template["Resources"].(map[string]any) {
		body := body.(map[string]any)
		if body["Type"] == kind {
			properties, _ := body["Properties"].(map[string]any)
			found = append(found, resource{id, properties, body})
		}
	}
	slices.SortFunc(found, func(a, b resource) int { return strings.Compare(a.id, b.id) })
	return found
}

// one returns the only resource of a type.
func one(t *testing.T, template map[string]any, kind string) resource {
	t.Helper()
	found := ofType(t, template, kind)
	if len(found) != 1 {
		t.Fatalf("the template has %d resources of type %s, want 1", len(found), kind)
	}
	return found[0]
}

// called returns the only resource of a type whose id begins with id.
func called(t *testing.T, template map[string]any, kind, id string) resource {
	t.Helper()
	found := slices.DeleteFunc(ofType(t, template, kind), func(r resource) bool { return !strings.HasPrefix(r.id, id) })
	if len(found) != 1 {
		t.Fatalf("the template has %d resources %s of type %s, want 1", len(found), id, kind)
	}
	return found[0]
}

// at returns the part of a value at a path of keys (string) and indexes (int).
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for i, step := range path {
		switch step := step.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok || m[step] == nil {
				t.Fatalf("nothing at %v", path[:i+1])
			}
			v = m[step]
		case int:
			l, ok := v.([]any)
			if !ok || step >= len(l) {
				t.Fatalf("nothing at %v", path[:i+1])
			}
			v = l[step]
		}
	}
	return v
}

// show returns a value of a template as text. Functions are written as in Fn::Sub: ${Bucket.Arn}/errors/*.
func show(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return fmt.Sprint(v)
	}
	if ref, ok := m["Ref"]; ok {
		return fmt.Sprintf("${%v}", ref)
	}
	if sub, ok := m["Fn::Sub"].(string); ok {
		return sub
	}
	if get, ok := m["Fn::GetAtt"].([]any); ok {
		return fmt.Sprintf("${%v.%v}", get[0], get[1])
	}
	if join, ok := m["Fn::Join"].([]any); ok {
		var parts []string
		for _, part := range join[1].([]any) {
			parts = append(parts, show(part))
		}
		return strings.Join(parts, join[0].(string))
	}
	return fmt.Sprint(v)
}

// list shows the elements of a list, or a value that stands for a list of one.
func list(v any) []string {
	values, ok := v.([]any)
	if !ok {
		return []string{show(v)}
	}
	var shown []string
	for _, v := range values {
		shown = append(shown, show(v))
	}
	return shown
}

// references returns the ids that a value refers to.
func references(v any) []string {
	var ids []string
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			switch key {
			case "Ref":
				ids = append(ids, value.(string))
			case "Fn::GetAtt":
				ids = append(ids, value.([]any)[0].(string))
			default:
				ids = append(ids, references(value)...)
			}
		}
	case []any:
		for _, value := range v {
			ids = append(ids, references(value)...)
		}
	}
	return ids
}

// check fails the test if a value differs from the wanted one. It compares numbers as text, because JSON has one kind of number.
func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if show(got) != show(want) {
		t.Errorf("%s is %v, want %v", what, show(got), show(want))
	}
}
