// Package template reads a synthesized CloudFormation template in JSON. It resolves the intrinsic functions and returns the description
// of the stack for the local stack: the delivery streams, their processor and table, and the SSM parameters.
//
// It is not a CloudFormation engine: it does not create resources, and it ignores resources that samples do not pass through. It
// refuses what it does not understand in the others, and names the place in the template. It also refuses what Firehose would refuse
// when it creates the stream: a template that works locally can be deployed.
package template

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

//go:embed default.json
var defaultTemplate []byte

// Default returns the built-in template: the CDK app's, synthesized with its defaults. `make golden` keeps it up to date.
func Default() []byte { return defaultTemplate }

// DefaultName is the default name of the stack, as in the CDK app.
const DefaultName = "MetricsDashboard"

// Options are the values that CloudFormation knows besides the template. The zero value is ready to use.
type Options struct {
	StackName string // default [DefaultName]
	Region    string // default us-east-1
	AccountID string // default 000000000000
	// Parameters are the values of template parameters. The others have the template's defaults.
	Parameters map[string]string
}

func (o Options) withDefaults() Options {
	if o.StackName == "" {
		o.StackName = DefaultName
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.AccountID == "" {
		o.AccountID = "000000000000"
	}
	return o
}

// Problems are all problems of a template, ordered by path.
type Problems []Problem

// Problem says what is wrong at one place of a template.
type Problem struct {
	Path   string // such as Resources.Stream.Properties.DeliveryStreamType
	Reason string
}

func (p Problem) String() string { return p.Path + ": " + p.Reason }

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// Read reads a template. The error is [Problems] if the template has resources that the local stack does not support or that AWS would
// refuse.
func Read(data []byte, opts Options) (spec.Stack, error) {
	opts = opts.withDefaults()
	var document document
	if err := json.Unmarshal(data, &document); err != nil {
		return spec.Stack{}, describeSyntax(data, err)
	}
	if len(document.Resources) == 0 {
		return spec.Stack{}, errors.New("not a CloudFormation template: Resources is missing or empty")
	}
	r := newReader(document, opts)
	s := spec.Stack{
		Name:       opts.StackName,
		Region:     opts.Region,
		AccountID:  opts.AccountID,
		Streams:    r.streams(),
		Parameters: r.ssmParameters(),
	}
	if len(s.Streams) == 0 && len(r.problems) == 0 {
		r.problem("Resources", "want at least one "+typeStream+"; the local stack runs delivery streams")
	}
	return s, r.err()
}

// describeSyntax returns an error that names the line of the syntax error. The usual reason is that the template is YAML.
func describeSyntax(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("not a CloudFormation template in JSON: %w", err)
	}
	before := data[:min(int(syntax.Offset), len(data))]
	return fmt.Errorf("not a CloudFormation template in JSON (a YAML template must be synthesized to JSON): line %d: %w",
		1+strings.Count(string(before), "\n"), err)
}

// document is the part of a template that is read.
type document struct {
	Parameters map[string]templateParameter
	Mappings   map[string]any
	Conditions map[string]any
	Resources  map[string]resource
}

// templateParameter is a parameter of the template, not of SSM.
type templateParameter struct {
	Type    string
	Default any
}

type resource struct {
	Type       string
	Condition  string
	Properties map[string]any
}

// The resource types that samples pass through, or that such a resource refers to.
const (
	typeStream    = "AWS::KinesisFirehose::DeliveryStream"
	typeFunction  = "AWS::Lambda::Function"
	typeBucket    = "AWS::S3::Bucket"
	typeDatabase  = "AWS::Glue::Database"
	typeTable     = "AWS::Glue::Table"
	typeParameter = "AWS::SSM::Parameter"
)

// reader resolves a document and collects its problems.
type reader struct {
	document
	opts     Options
	problems Problems
	// active holds the references that are being resolved, to find those that refer to themselves.
	active map[string]bool
}

func newReader(d document, opts Options) *reader {
	return &reader{document: d, opts: opts, active: make(map[string]bool)}
}

func (r *reader) problem(path, format string, args ...any) {
	p := Problem{path, fmt.Sprintf(format, args...)}
	// A value to which two places refer is resolved twice, and its problem is found twice.
	if !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return r.problems
}

// ofType returns the sorted logical ids of the resources of a type, without those whose condition is false.
func (r *reader) ofType(name string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.Resources)) {
		res := r.Resources[id]
		if res.Type == name && (res.Condition == "" || r.condition("Resources."+id+".Condition", res.Condition)) {
			ids = append(ids, id)
		}
	}
	return ids
}

// properties returns the properties of a resource.
func (r *reader) properties(id string) node {
	p := node{r: r, path: "Resources." + id + ".Properties"}
	if m := r.Resources[id].Properties; m != nil {
		p.raw = m
	}
	return p
}
