// Package ssm is the Parameter Store of the local stack. It holds the parameters of the template, and those that a user puts, such as
// the central configuration of the collectors.
//
// It does not keep old versions of a parameter. It refuses secrets (SecureString).
// Source of limits and errors: the SSM API reference.
package ssm

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// Limits of requests.
const (
	maxNames      = 10
	maxResults    = 10
	maxValueBytes = 4096 // of a standard parameter
	maxNameLength = 2048
	maxLevels     = 15
)

// Service is the Parameter Store. It is safe for concurrent use.
type Service struct {
	prefix string // of the parameters' ARNs
	file   string // path; holds the parameters that users put

	mu     sync.RWMutex // guards values and the content of the file
	values map[string]value
}

// value is a parameter and its state.
type value struct {
	spec.Parameter
	Version  int64
	Modified time.Time
	// Own says that a user put the parameter and that the template does not define it.
	Own bool
}

// Open returns a service of the template's parameters and of those that earlier runs kept in the file. The parameters of the template
// have its values, as after a deployment. If a user overwrites one of them, the new value lasts until the service ends.
func Open(s spec.Stack, file string) (*Service, error) {
	own, err := load(file)
	if err != nil {
		return nil, err
	}
	service := &Service{
		prefix: "arn:aws:ssm:" + s.Region + ":" + s.AccountID + ":parameter",
		file:   file,
		values: own,
	}
	now := time.Now()
	for name, p := range s.Parameters {
		service.values[name] = value{Parameter: p, Version: 1, Modified: now}
	}
	return service, nil
}

// Operations returns the operations of the service.
func (s *Service) Operations() awsjson.Operations {
	const target = "AmazonSSM."
	return awsjson.Operations{
		target + "GetParameter":        s.getParameter,
		target + "GetParameters":       s.getParameters,
		target + "GetParametersByPath": s.getParametersByPath,
		target + "PutParameter":        s.putParameter,
	}
}

// parameter is a parameter on the wire.
type parameter struct {
	ARN              string
	DataType         string
	LastModifiedDate float64 // Unix seconds
	Name             string
	Selector         string `json:",omitzero"`
	Type             string
	Value            string
	Version          int64
}

func (s *Service) wire(v value) parameter {
	return parameter{
		ARN:              s.prefix + "/" + strings.TrimPrefix(v.Name, "/"),
		DataType:         "text",
		LastModifiedDate: float64(v.Modified.UnixMilli()) / 1000,
		Name:             v.Name,
		Type:             v.Type,
		Value:            v.Value,
		Version:          v.Version,
	}
}

func (s *Service) getParameter(_ context.Context, body []byte) (any, error) {
	var request struct{ Name string }
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	if err := checkLength("name", request.Name); err != nil {
		return nil, err
	}
	p, err := s.find(request.Name)
	if err != nil {
		return nil, err
	}
	return struct{ Parameter parameter }{p}, nil
}

// find finds a parameter by its name or ARN. An optional version follows after a colon.
func (s *Service) find(name string) (parameter, error) {
	plain := name
	if rest, ok := strings.CutPrefix(name, s.prefix+"/"); ok {
		if plain = rest; strings.Contains(rest, "/") {
			plain = "/" + rest
		}
	}
	plain, selector, selected := strings.Cut(plain, ":")
	if err := checkName(plain); err != nil {
		return parameter{}, err
	}
	s.mu.RLock()
	v, ok := s.values[plain]
	s.mu.RUnlock()
	if !ok {
		return parameter{}, awsjson.Errorf("ParameterNotFound", "Parameter %s not found.", plain)
	}
	p := s.wire(v)
	if selected {
		if selector != strconv.FormatInt(v.Version, 10) {
			return parameter{}, awsjson.Errorf("ParameterVersionNotFound",
				"Systems Manager could not find version %s of %s. The local stack keeps only the newest version.", selector, plain)
		}
		p.Selector = ":" + selector
	}
	return p, nil
}

func (s *Service) getParameters(_ context.Context, body []byte) (any, error) {
	var request struct{ Names []string }
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	switch n := len(request.Names); {
	case n == 0:
		return nil, validation("Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case n > maxNames:
		return nil, validation("Value '[%s]' at 'names' failed to satisfy constraint: Member must have length less than or equal to %d",
			strings.Join(request.Names[:maxNames], ", ")+", …", maxNames)
	}
	var response struct {
		Parameters        []parameter
		InvalidParameters []string
	}
	for i, name := range request.Names {
		if slices.Contains(request.Names[:i], name) {
			return nil, awsjson.Errorf("ValidationException", "Duplicate parameter names in the request: %s", name)
		}
		if p, err := s.find(name); err == nil {
			response.Parameters = append(response.Parameters, p)
		} else {
			response.InvalidParameters = append(response.InvalidParameters, name)
		}
	}
	return response, nil
}

type byPathRequest struct {
	Path             string
	Recursive        bool
	MaxResults       *int
	NextToken        string
	ParameterFilters []any
}

type byPathResponse struct {
	Parameters []parameter
	NextToken  string `json:",omitzero"`
}

func (s *Service) getParametersByPath(_ context.Context, body []byte) (any, error) {
	var request byPathRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	limit, err := checkByPath(request)
	if err != nil {
		return nil, err
	}
	after, err := decodeToken(request)
	if err != nil {
		return nil, err
	}
	prefix := strings.TrimSuffix(request.Path, "/") + "/"
	var response byPathResponse
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		rest, below := strings.CutPrefix(name, prefix)
		if !below || name <= after || !request.Recursive && strings.Contains(rest, "/") {
			continue
		}
		if len(response.Parameters) == limit {
			response.NextToken = encodeToken(request, response.Parameters[limit-1].Name)
			break
		}
		response.Parameters = append(response.Parameters, s.wire(s.values[name]))
	}
	return response, nil
}

func checkByPath(request byPathRequest) (limit int, _ error) {
	if err := checkLength("path", request.Path); err != nil {
		return 0, err
	}
	if !strings.HasPrefix(request.Path, "/") || request.Path != "/" && checkName(request.Path) != nil {
		return 0, awsjson.Errorf("ValidationException", "%s", invalidPath)
	}
	if len(request.ParameterFilters) > 0 {
		return 0, awsjson.Errorf("InvalidFilterKey", "the local stack does not support ParameterFilters; leave them out")
	}
	limit = maxResults
	if request.MaxResults != nil {
		limit = *request.MaxResults
	}
	switch {
	case limit < 1:
		return 0, validation("Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value greater than or equal to 1", limit)
	case limit > maxResults:
		return 0, validation("Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value less than or equal to %d", limit, maxResults)
	}
	return limit, nil
}

func validation(format string, args ...any) error {
	return awsjson.Errorf("ValidationException", "1 validation error detected: "+format, args...)
}

func checkLength(at, name string) error {
	switch n := len(name); {
	case n == 0:
		return validation("Value '' at '%s' failed to satisfy constraint: Member must have length greater than or equal to 1", at)
	case n > maxNameLength:
		return validation("Value at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", at, maxNameLength)
	}
	return nil
}

var namePattern = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// checkName returns an error if a name has characters that the name of a parameter must not have.
func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return awsjson.Errorf("ValidationException", "%s", invalidName)
	}
	return nil
}

// AWS's messages.
const (
	invalidName = `Parameter name: can't be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ` +
		`sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following ` +
		`3 symbols .-_`
	invalidPath = `The parameter doesn't meet the parameter name requirements. The parameter name must begin with a ` +
		`forward slash "/". It can't be prefixed with \"aws\" or \"ssm\" (case-insensitive). It must use only letters, ` +
		`numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. ` +
		`All sub-paths, if specified, must use the forward slash symbol "/". ` +
		`Valid example: /get/parameters2-/by1./path0_.`
)

// reserved reports whether AWS keeps a name for itself.
func reserved(name string) bool {
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	return strings.HasPrefix(first, "aws") || strings.HasPrefix(first, "ssm")
}
