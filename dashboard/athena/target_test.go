package athena_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
)

func TestFind(t *testing.T) {
	all := []any{}
	for name, value := range map[string]string{"athena-workgroup": "W", "glue-database-name": "d", "glue-table-name": `t"x`} {
		all = append(all, map[string]any{"Name": "/metrics-dashboard/S/" + name, "Value": value})
	}
	for name, c := range map[string]struct {
		answer any
		want   string // part of the error
	}{
		"all":          {map[string]any{"Parameters": all}, ""},
		"no stack":     {map[string]any{"InvalidParameters": []string{"x"}}, "there is no stack S in eu-north-1 (no parameters below /metrics-dashboard/S/): deploy it there, or name another with --stack and --region"},
		"one is lost":  {map[string]any{"Parameters": all[:2]}, "deploy it again"},
		"not allowed":  {refusal{400, "AccessDeniedException", "not authorized to perform: ssm:GetParameters"}, "look up the stack S in eu-north-1: not authorized to perform: ssm:GetParameters (AccessDeniedException): dashboard/README.md says"},
		"signed out":   {refusal{400, "ExpiredTokenException", "The security token included in the request is expired"}, "sign in again"},
		"wrong secret": {refusal{403, "InvalidSignatureException", "The request signature we calculated does not match"}, "check AWS_PROFILE"},
	} {
		s := serve(t, func(call) any { return c.answer })
		got, err := athena.Find(t.Context(), s.config(), "S")
		switch {
		case c.want == "":
			if want := (athena.Target{Region: "eu-north-1", Workgroup: "W", Database: "d", Table: `t"x`}); err != nil || got != want || got.Name() != `"d"."t""x"` {
				t.Errorf("%s: %+v %s, %v", name, got, got.Name(), err)
			}
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: error is %v, want %q", name, err, c.want)
		}
	}
}

func TestParameter(t *testing.T) {
	for name, c := range map[string]struct {
		answer      any
		value, want string // part of the error
	}{
		"there":       {map[string]any{"Parameters": []any{map[string]any{"Name": "/metrics-dashboard/S/alert-rules", "Value": "{}"}}}, "{}", ""},
		"not there":   {map[string]any{"InvalidParameters": []string{"/metrics-dashboard/S/alert-rules"}}, "", ""},
		"not allowed": {refusal{400, "AccessDeniedException", "not authorized"}, "", "look up the parameter alert-rules of the stack S in eu-north-1: not authorized"},
	} {
		s := serve(t, func(call) any { return c.answer })
		got, err := athena.Parameter(t.Context(), s.config(), "S", "alert-rules")
		if got != c.value || (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestNoCredentials(t *testing.T) {
	s := serve(t, func(call) any { return nil })
	cfg := s.config()
	cfg.Credentials = aws.NewCredentialsCache(noCredentials{})
	if _, err := athena.Find(t.Context(), cfg, "S"); err == nil || !strings.Contains(err.Error(), "no AWS credentials: sign in (aws sso login)") {
		t.Errorf("error is %v", err)
	}
	if len(s.calls) != 0 {
		t.Error("asked without credentials")
	}
}

// noCredentials is an error of the SDK on a machine without credentials.
type noCredentials struct{}

func (noCredentials) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("no EC2 IMDS role found")
}
