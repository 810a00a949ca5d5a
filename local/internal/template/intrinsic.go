package template

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// resolve applies the intrinsic function if v is one. It does not resolve functions inside v; they are resolved when they are read. The
// result is nil for AWS::NoValue, and if resolve noted a problem.
func (r *reader) resolve(path string, v any) any {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return v
	}
	for name, arg := range m {
		if name != "Ref" && name != "Condition" && !strings.HasPrefix(name, "Fn::") {
			return v
		}
		at := node{r: r, path: path + "." + name, raw: arg}
		switch name {
		case "Ref":
			return r.ref(path, at.text())
		case "Fn::GetAtt":
			return r.getAtt(path, at)
		case "Fn::Join":
			return r.join(at)
		case "Fn::Sub":
			return r.sub(path, at)
		case "Fn::Select":
			return r.selectItem(at)
		case "Fn::Split":
			return r.split(at)
		case "Fn::If":
			return r.choose(at)
		case "Fn::FindInMap":
			return r.findInMap(at)
		case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Condition":
			r.problem(path, "%s is allowed only in Conditions", name)
			return nil
		}
		r.problem(path, "the local stack does not know %s; it knows Ref, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, "+
			"Fn::Split, Fn::If and Fn::FindInMap", name)
	}
	return nil
}

// once runs f. If f is running for the same name already, the template refers to itself, and once notes a problem.
func (r *reader) once(path, name string, f func() any) any {
	if r.active[name] {
		r.problem(path, "%s refers to itself", name)
		return nil
	}
	r.active[name] = true
	defer delete(r.active, name)
	return f()
}

// ref resolves Ref: a pseudo parameter, a parameter or a resource.
func (r *reader) ref(path, name string) any {
	if v, ok := r.pseudo(name); ok {
		return v
	}
	if p, ok := r.Parameters[name]; ok {
		return r.parameterValue(path, name, p)
	}
	if _, ok := r.Resources[name]; ok {
		return r.once(path, "Ref of "+name, func() any { return r.physical(name).ref })
	}
	if name != "" {
		r.problem(path, "Ref of %q: the template does not have a resource or a parameter of that name", name)
	}
	return nil
}

func (r *reader) pseudo(name string) (any, bool) {
	switch name {
	case "AWS::Region":
		return r.opts.Region, true
	case "AWS::AccountId":
		return r.opts.AccountID, true
	case "AWS::Partition":
		return partition, true
	case "AWS::StackName":
		return r.opts.StackName, true
	case "AWS::URLSuffix":
		return "amazonaws.com", true
	case "AWS::StackId":
		return r.arn("cloudformation", "stack/"+r.opts.StackName+"/00000000-0000-0000-0000-000000000000"), true
	case "AWS::NoValue":
		return nil, true
	case "AWS::NotificationARNs":
		return []any{}, true
	}
	return nil, false
}

// parameterValue returns the value of a template parameter: a string, or a list of strings if the type is a list.
func (r *reader) parameterValue(path, name string, p templateParameter) any {
	value, given := r.opts.Parameters[name]
	switch {
	case given:
	case strings.HasPrefix(p.Type, "AWS::SSM::Parameter::"):
		r.problem(path, "the value of parameter %s is in SSM, and only a deployment reads it; give it with --parameter %s=<value>", name, name)
		return nil
	case p.Default == nil:
		r.problem(path, "parameter %s does not have a default; give its value with --parameter %s=<value>", name, name)
		return nil
	default:
		value, _ = scalar(p.Default)
	}
	if p.Type != "CommaDelimitedList" && !strings.HasPrefix(p.Type, "List<") {
		return value
	}
	items := []any{}
	for item := range strings.SplitSeq(value, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return items
}

// getAtt resolves Fn::GetAtt, of ["id", "attribute"] or "id.attribute".
func (r *reader) getAtt(path string, at node) any {
	var id, attribute string
	if s, ok := at.raw.(string); ok {
		id, attribute, _ = strings.Cut(s, ".")
	} else if args := at.items(); len(args) == 2 {
		id, attribute = args[0].text(), args[1].text()
	} else {
		at.problem(`want ["LogicalId", "Attribute"]`)
		return nil
	}
	return r.attribute(path, id, attribute)
}

func (r *reader) attribute(path, id, attribute string) any {
	res, ok := r.Resources[id]
	if !ok {
		r.problem(path, "Fn::GetAtt of %q: the template does not have a resource of that name", id)
		return nil
	}
	return r.once(path, "Fn::GetAtt of "+id+"."+attribute, func() any {
		v, ok := r.physical(id).attributes[attribute]
		if !ok {
			r.problem(path, "Fn::GetAtt of %s.%s: the local stack does not know the attribute %s of %s",
				id, attribute, attribute, res.Type)
			return nil
		}
		return v
	})
}

// join resolves Fn::Join: ["delimiter", [items]].
func (r *reader) join(at node) any {
	args := at.items()
	if len(args) != 2 {
		at.problem(`want ["delimiter", [values]]`)
		return nil
	}
	var parts []string
	for _, item := range args[1].items() {
		if !item.exists() {
			continue
		}
		parts = append(parts, item.text())
	}
	return strings.Join(parts, args[0].text())
}

// placeholder is ${Name}, ${Id.Attribute} or ${!Text} in Fn::Sub. The last one stands for the text ${Text}.
var placeholder = regexp.MustCompile(`\$\{[^}]*\}`)

// sub resolves Fn::Sub: "text" or ["text", {variables}].
func (r *reader) sub(path string, at node) any {
	text, variables := at, node{r: r, path: at.path + "[1]"}
	if _, isList := at.raw.([]any); isList {
		args := at.items()
		if len(args) != 2 {
			at.problem(`want "text" or ["text", {variables}]`)
			return nil
		}
		text, variables = args[0], args[1]
	}
	return placeholder.ReplaceAllStringFunc(text.text(), func(match string) string {
		name := strings.TrimSpace(match[2 : len(match)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if v := variables.field(name); v.raw != nil {
			return v.text()
		}
		var v any
		if id, attribute, ok := strings.Cut(name, "."); ok {
			v = r.attribute(path, id, attribute)
		} else {
			v = r.ref(path, name)
		}
		s, ok := scalar(v)
		if !ok && v != nil {
			r.problem(path, "${%s} is %s, not a string", name, describe(v))
		}
		return s
	})
}

// selectItem resolves Fn::Select: [index, [items]].
func (r *reader) selectItem(at node) any {
	args := at.items()
	if len(args) != 2 {
		at.problem("want [index, [values]]")
		return nil
	}
	items := args[1].items()
	i, err := strconv.Atoi(args[0].text())
	if err != nil || i < 0 || i >= len(items) {
		args[0].problem("index %q of a list of %d; want a whole number from 0 to %d", args[0].text(), len(items), len(items)-1)
		return nil
	}
	return items[i].value()
}

// split resolves Fn::Split: ["delimiter", "text"].
func (r *reader) split(at node) any {
	args := at.items()
	if len(args) != 2 || args[0].text() == "" {
		at.problem(`want ["delimiter", "text"]`)
		return nil
	}
	items := []any{}
	for part := range strings.SplitSeq(args[1].text(), args[0].text()) {
		items = append(items, part)
	}
	return items
}

// choose resolves Fn::If: ["Condition", then, else].
func (r *reader) choose(at node) any {
	args := at.items()
	if len(args) != 3 {
		at.problem(`want ["Condition", then, else]`)
		return nil
	}
	if r.condition(args[0].path, args[0].text()) {
		return args[1].value()
	}
	return args[2].value()
}

// findInMap resolves Fn::FindInMap: ["Map", "key", "key"].
func (r *reader) findInMap(at node) any {
	args := at.items()
	if len(args) != 3 {
		at.problem(`want ["Map", "key", "key"]`)
		return nil
	}
	v := node{r: r, path: at.path, raw: r.Mappings}
	for _, arg := range args {
		key := arg.text()
		m, _ := v.raw.(map[string]any)
		if _, ok := m[key]; !ok {
			arg.problem("Mappings do not have the key %q", key)
			return nil
		}
		v.raw = m[key]
	}
	return v.raw
}

// condition evaluates an entry of Conditions.
func (r *reader) condition(path, name string) bool {
	c, ok := r.Conditions[name]
	if !ok {
		r.problem(path, "condition %q is not in Conditions", name)
		return false
	}
	v, _ := r.once(path, "condition "+name, func() any { return r.evaluate("Conditions."+name, c) }).(bool)
	return v
}

// evaluate evaluates a condition function.
func (r *reader) evaluate(path string, v any) bool {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		r.problem(path, "want one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition")
		return false
	}
	name := slices.Collect(maps.Keys(m))[0]
	at := node{r: r, path: path + "." + name, raw: m[name]}
	if name == "Condition" {
		return r.condition(at.path, at.text())
	}
	args := at.items()
	is := func(n node) bool { return r.evaluate(n.path, n.raw) }
	switch {
	case name == "Fn::Equals" && len(args) == 2:
		return args[0].text() == args[1].text()
	case name == "Fn::And":
		return !slices.ContainsFunc(args, func(n node) bool { return !is(n) })
	case name == "Fn::Or":
		return slices.ContainsFunc(args, is)
	case name == "Fn::Not" && len(args) == 1:
		return !is(args[0])
	}
	r.problem(path, "%s with %d values is not a condition that the local stack knows", name, len(args))
	return false
}
