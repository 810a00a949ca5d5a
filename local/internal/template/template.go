// Package template reads a synthesized CloudFormation template in JSON and says what it means for the local stack: the
// delivery streams, their processor and table, and the SSM parameters, with every intrinsic function resolved.
//
// It is not a CloudFormation engine: it creates nothing, and resources that no sample passes through are passed over. But
// what lies on the samples' path is either understood or refused by its path in the template, and what Firehose would
// refuse at creation is refused here, so that a template that works locally is one that deploys.
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

// Default is the template that cdk synth makes with no configuration; `make golden` keeps it up to date.
//
//go:embed default.json
var defaultTemplate []byte

// Default returns the template that is built in: the CDK app's, synthesized with its defaults.
func Default() []byte { return defaultTemplate }

// DefaultName is the stack's name where none is given, as in the CDK app.
const DefaultName = "MetricsDashboard"

// Options are what CloudFormation knows beside the template. The zero value is ready to use.
type Options struct {
	StackName string // default [DefaultName]
	Region    string // default us-east-1
	AccountID string // default 000000000000
	// Parameters are the values of template parameters; the template's defaults stand in for the others.
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

// Problems are all that is wrong with a template, in the order of its paths.
type Problems []Problem

// Problem is one thing that is wrong: where and what.
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

// Read reads a template. The error is [Problems] where the template is JSON but says something that the local stack does
// not know or that AWS would refuse.
func Read(data []byte, opts Options) (spec.Stack, error) {
	opts = opts.withDefaults()
	var document document
	if err := json.Unmarshal(data, &document); err != nil {
		return spec.Stack{}, describeSyntax(data, err)
	}
	if len(document.Resources) == 0 {
		return spec.Stack{}, errors.New("not a CloudFormation template: it has no Resources")
	}
	r := newReader(document, opts)
	s := spec.Stack{
		Name:       opts.StackName,
		Region:     opts.Region,
		AccountID:  opts.AccountID,
		Streams:    r.streams(),
		Parameters: r.parameters(),
	}
	if len(s.Streams) == 0 && len(r.problems) == 0 {
		r.problem("Resources", "no "+typeStream+" among them, so that there is nothing to run")
	}
	return s, r.err()
}

// describeSyntax says where in the text the JSON is broken. YAML is the usual reason.
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
	Parameters map[string]parameter
	Mappings   map[string]any
	Conditions map[string]any
	Resources  map[string]resource
}

type parameter struct {
	Type    string
	Default any
}

type resource struct {
	Type       string
	Condition  string
	Properties map[string]any
}

// The resource types on the samples' path.
const (
	typeStream    = "AWS::KinesisFirehose::DeliveryStream"
	typeFunction  = "AWS::Lambda::Function"
	typeBucket    = "AWS::S3::Bucket"
	typeDatabase  = "AWS::Glue::Database"
	typeTable     = "AWS::Glue::Table"
	typeParameter = "AWS::SSM::Parameter"
)

// reader resolves a document and collects what is wrong with it.
type reader struct {
	document
	opts     Options
	problems Problems
	// active are the names, conditions and attributes being resolved, to find those that refer to themselves.
	active map[string]bool
}

func newReader(d document, opts Options) *reader {
	return &reader{document: d, opts: opts, active: make(map[string]bool)}
}

func (r *reader) problem(path, format string, args ...any) {
	p := Problem{path, fmt.Sprintf(format, args...)}
	// A value that two places refer to is resolved twice.
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

// ofType returns the logical ids of the existing resources of a type, sorted.
func (r *reader) ofType(name string) []string {
	var ids []string
	for _, id := range slices.Sorted(maps.Keys(r.Resources)) {
		if r.Resources[id].Type == name && r.exists(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// exists says whether the resource's condition holds.
func (r *reader) exists(id string) bool {
	condition := r.Resources[id].Condition
	return condition == "" || r.condition("Resources."+id+".Condition", condition)
}

// properties returns the properties of a resource.
func (r *reader) properties(id string) node {
	p := node{r: r, path: "Resources." + id + ".Properties"}
	if m := r.Resources[id].Properties; m != nil {
		p.raw = m
	}
	return p
}
