package template

import (
	"regexp"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// maxParameter is how long the value of a standard parameter may be. Source: SSM API reference, PutParameter.
const maxParameter = 4096

var parameterName = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// parameters reads the SSM parameters.
func (r *reader) parameters() map[string]spec.Parameter {
	parameters := make(map[string]spec.Parameter)
	for _, id := range r.ofType(typeParameter) {
		n := r.properties(id)
		n.object([]string{"AllowedPattern", "DataType", "Description", "Name", "Policies", "Tags", "Tier", "Type", "Value"}, nil)
		n.field("Type").only("CloudFormation makes String and StringList parameters only", "String", "StringList")
		p := spec.Parameter{
			Name:        r.name(id),
			Type:        n.field("Type").required(),
			Value:       n.field("Value").required(),
			Description: n.field("Description").text(),
		}
		if n.field("Value").exists() && (p.Value == "" || len(p.Value) > maxParameter) {
			n.field("Value").problem("a value has 1 to %d characters, this one %d", maxParameter, len(p.Value))
		}
		if !parameterName.MatchString(p.Name) {
			n.field("Name").problem("%q is no name of a parameter: letters, digits, _ . - and /", p.Name)
		}
		if _, twice := parameters[p.Name]; twice {
			n.field("Name").problem("a second parameter of the name %s", p.Name)
		}
		parameters[p.Name] = p
	}
	return parameters
}
