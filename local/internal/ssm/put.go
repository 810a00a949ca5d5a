package ssm

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

type putRequest struct {
	Name           string
	Description    string
	Value          string
	Type           string
	Overwrite      bool
	AllowedPattern string
	Policies       string
	Tier           string
	DataType       string
}

type putResponse struct {
	Version int64
	Tier    string
}

func (s *Service) putParameter(_ context.Context, body []byte) (any, error) {
	var request putRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	if err := checkPut(request); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.values[request.Name]
	switch {
	case exists && !request.Overwrite:
		return nil, awsjson.Errorf("ParameterAlreadyExists",
			"The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
	case exists && request.Type != "" && request.Type != old.Type:
		return nil, awsjson.Errorf("HierarchyTypeMismatchException", "The parameter is a %s; its type cannot be changed.", old.Type)
	case !exists && request.Type == "":
		return nil, awsjson.Errorf("ValidationException", "A parameter type is required when you create a parameter.")
	}
	v := value{Version: old.Version + 1, Modified: time.Now(), Own: !exists || old.Own, Parameter: spec.Parameter{
		Name: request.Name, Type: cmp.Or(request.Type, old.Type), Value: request.Value,
		Description: cmp.Or(request.Description, old.Description),
	}}
	s.values[request.Name] = v
	if v.Own {
		if err := s.saveLocked(); err != nil {
			// A parameter that is not on disk would be gone after a restart, so that the put fails.
			if s.values[request.Name] = old; !exists {
				delete(s.values, request.Name)
			}
			return nil, fmt.Errorf("keep parameter %s: %w", request.Name, err)
		}
	}
	return putResponse{Version: v.Version, Tier: "Standard"}, nil
}

func checkPut(request putRequest) error {
	if err := checkLength("name", request.Name); err != nil {
		return err
	}
	if err := checkName(request.Name); err != nil {
		return err
	}
	// A name that contains a slash must begin with one.
	if strings.Contains(request.Name, "/") && !strings.HasPrefix(request.Name, "/") {
		return awsjson.Errorf("ValidationException", "Parameter name must be a fully qualified name.")
	}
	switch {
	case reserved(request.Name):
		return awsjson.Errorf("ValidationException", "%s", invalidName)
	case strings.HasSuffix(request.Name, "/"):
		return awsjson.Errorf("ValidationException", "Parameter name must not end with slash.")
	case strings.Count(request.Name, "/") > maxLevels:
		return awsjson.Errorf("HierarchyLevelLimitExceededException", "A parameter name has at most %d levels.", maxLevels)
	case request.Value == "":
		return validation("Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1")
	case len(request.Value) > maxValueBytes:
		return awsjson.Errorf("ValidationException", "Standard tier parameters support a maximum parameter value of %d characters.",
			maxValueBytes)
	case request.Type == "SecureString":
		return awsjson.Errorf("UnsupportedParameterType", "the local stack does not keep secrets; use the type String")
	case request.Type != "" && request.Type != "String" && request.Type != "StringList":
		return validation("Value '%s' at 'type' failed to satisfy constraint: Member must satisfy enum value set: "+
			"[SecureString, StringList, String]", request.Type)
	case request.AllowedPattern != "" || request.Policies != "":
		return awsjson.Errorf("ValidationException", "the local stack does not support AllowedPattern and Policies; leave them out")
	case request.DataType != "" && request.DataType != "text":
		return awsjson.Errorf("ValidationException", "the local stack supports only the data type text")
	case request.Tier == "Advanced":
		return awsjson.Errorf("ValidationException", "the local stack supports only the tier Standard")
	}
	return nil
}
