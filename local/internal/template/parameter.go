package template

import (
	"regexp"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// maxParameter is how many characters the value of a standard parameter may have. Source: SSM API reference, PutParameter.
const maxParameter = 4096

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// ssmParameters reads the SSM parameters, by name.
func (r *reader) ssmParameters() map[string]spec.Parameter {
	parameters := make(map[string]spec.Parameter)
	for _, id := range r.ofType(typeParameter) {
		n := r.properties(id)
		n.object([]string{"AllowedPattern", "DataType", "Description", "Name", "Policies", "Tags", "Tier", "Type", "Value"}, nil)
		n.field("Type").only("want String or StringList; CloudFormation does not create other types", "String", "StringList")
		p := spec.Parameter{
			Name:        r.name(id),
			Type:        n.field("Type").required(),
			Value:       n.field("Value").required(),
			Description: n.field("Description").text(),
		}
		if n.field("Value").exists() && (p.Value == "" || len(p.Value) > maxParameter) {
			n.field("Value").problem("has %d characters, want 1 to %d", len(p.Value), maxParameter)
		}
		if !parameterName.MatchString(p.Name) {
			n.field("Name").problem("%q is not a name of an SSM parameter; want letters, digits, _ . - and /", p.Name)
		}
		if _, taken := parameters[p.Name]; taken {
			n.field("Name").problem("another resource has the name %s already", p.Name)
		}
		parameters[p.Name] = p
	}
	return parameters
}
