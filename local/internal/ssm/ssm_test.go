package ssm_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/ssm"
)

const path = "/metrics-dashboard/Stack"

// start serves n parameters of the template over loopback, one more that is a level deeper, and one of another stack. It returns AWS's
// own client.
func start(t *testing.T, n int, file string) *sdk.Client {
	t.Helper()
	s := spec.Stack{Region: "us-east-1", AccountID: "123456789012", Parameters: map[string]spec.Parameter{}}
	add := func(name string) {
		s.Parameters[name] = spec.Parameter{Name: name, Type: "String", Value: "value of " + name}
	}
	for i := range n {
		add(fmt.Sprintf("%s/p%02d", path, i))
	}
	add(path + "/deeper/p")
	add("/metrics-dashboard/Stack2/p")
	service, err := ssm.Open(s, file)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(awsjson.NewHandler(service.Operations(), slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	return sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("any", "credentials", ""),
	})
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), message) {
		t.Errorf("have %v, want %s: …%s…", err, code, message)
	}
}

func TestGetParameter(t *testing.T) {
	client := start(t, 1, filepath.Join(t.TempDir(), "p"))
	arn := "arn:aws:ssm:us-east-1:123456789012:parameter" + path + "/p00"
	for _, name := range []string{path + "/p00", path + "/p00:1", arn} {
		out, err := client.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
		if err != nil {
			t.Fatal(err)
		}
		p := out.Parameter
		if *p.Name != path+"/p00" || *p.Value != "value of "+path+"/p00" || p.Type != types.ParameterTypeString || p.Version != 1 ||
			*p.ARN != arn || p.LastModifiedDate == nil {
			t.Errorf("have %+v", p)
		}
	}
	get := func(name string) error {
		_, err := client.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String(name)})
		return err
	}
	wantError(t, get(path+"/nobody"), "ParameterNotFound", path+"/nobody")
	wantError(t, get(path+"/p00:2"), "ParameterVersionNotFound", "version 2")
	wantError(t, get("a b"), "ValidationException", "Parameter name")
	wantError(t, get(""), "ValidationException", "at 'name'")
	wantError(t, get("/"+strings.Repeat("x", 2048)), "ValidationException", "less than or equal to 2048")
}

func TestGetParameters(t *testing.T) {
	client := start(t, 12, filepath.Join(t.TempDir(), "p"))
	names := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("%s/p%02d", path, i))
		}
		return names
	}
	out, err := client.GetParameters(t.Context(), &sdk.GetParametersInput{Names: append(names(9), path+"/nobody")})
	if err != nil || len(out.Parameters) != 9 || !slices.Equal(out.InvalidParameters, []string{path + "/nobody"}) {
		t.Errorf("have %+v, %v", out, err)
	}
	_, err = client.GetParameters(t.Context(), &sdk.GetParametersInput{Names: names(11)})
	wantError(t, err, "ValidationException", "at 'names' failed to satisfy constraint: Member must have length less than or equal to 10")
	_, err = client.GetParameters(t.Context(), &sdk.GetParametersInput{Names: []string{path + "/p00", path + "/p00"}})
	wantError(t, err, "ValidationException", "Duplicate")
}

func TestGetParametersByPath(t *testing.T) {
	client := start(t, 23, filepath.Join(t.TempDir(), "p"))
	collect := func(in *sdk.GetParametersByPathInput) (names []string, pages int) {
		for paginator := sdk.NewGetParametersByPathPaginator(client, in); paginator.HasMorePages(); pages++ {
			page, err := paginator.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range page.Parameters {
				names = append(names, *p.Name)
			}
		}
		return names, pages
	}
	tests := []struct {
		name  string
		in    sdk.GetParametersByPathInput
		names int
		pages int
	}{
		{"one level", sdk.GetParametersByPathInput{Path: aws.String(path)}, 23, 3},
		{"with a slash at its end", sdk.GetParametersByPathInput{Path: aws.String(path + "/")}, 23, 3},
		{"all levels", sdk.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(true)}, 24, 3},
		{"small pages", sdk.GetParametersByPathInput{Path: aws.String(path), MaxResults: aws.Int32(1)}, 23, 23},
		{"everything", sdk.GetParametersByPathInput{Path: aws.String("/"), Recursive: aws.Bool(true)}, 25, 3},
		{"nothing", sdk.GetParametersByPathInput{Path: aws.String("/nobody")}, 0, 1},
	}
	for _, test := range tests {
		names, pages := collect(&test.in)
		if len(names) != test.names || pages != test.pages || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			t.Errorf("%s: %d names on %d pages, want %d on %d", test.name, len(names), pages, test.names, test.pages)
		}
	}
	call := func(in sdk.GetParametersByPathInput) error {
		_, err := client.GetParametersByPath(t.Context(), &in)
		return err
	}
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String("x")}), "ValidationException", "must begin with a forward slash")
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String("/a b")}), "ValidationException", "must begin with a forward slash")
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String(path), MaxResults: aws.Int32(11)}), "ValidationException", "at 'maxResults'")
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String(path), MaxResults: aws.Int32(0)}), "ValidationException", "at 'maxResults'")
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String(path), NextToken: aws.String("x")}), "InvalidNextToken", "isn't valid")
	page, err := client.GetParametersByPath(t.Context(), &sdk.GetParametersByPathInput{Path: aws.String(path)})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, call(sdk.GetParametersByPathInput{Path: aws.String("/"), NextToken: page.NextToken}), "InvalidNextToken", "isn't valid")
}

func TestPutParameter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	client := start(t, 1, file)
	const config = path + "/edge-config"
	put := func(in sdk.PutParameterInput) error {
		_, err := client.PutParameter(t.Context(), &in)
		return err
	}
	get := func(client *sdk.Client, name string) string {
		out, err := client.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String(name)})
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%s v%d", *out.Parameter.Value, out.Parameter.Version)
	}
	wantError(t, put(sdk.PutParameterInput{Name: aws.String(config), Value: aws.String("a")}), "ValidationException", "type is required")
	if err := put(sdk.PutParameterInput{Name: aws.String(config), Value: aws.String("a"), Type: types.ParameterTypeString}); err != nil {
		t.Fatal(err)
	}
	wantError(t, put(sdk.PutParameterInput{Name: aws.String(config), Value: aws.String("b")}), "ParameterAlreadyExists", "overwrite option")
	if err := put(sdk.PutParameterInput{Name: aws.String(config), Value: aws.String("b"), Overwrite: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if got := get(client, config); got != "b v2" {
		t.Error(got)
	}
	wantError(t, put(sdk.PutParameterInput{
		Name: aws.String(config), Value: aws.String("c"), Type: types.ParameterTypeStringList, Overwrite: aws.Bool(true),
	}), "HierarchyTypeMismatchException", "String")
	// After a restart, a parameter of the template has the template's value again. The user's own parameter stays.
	if err := put(sdk.PutParameterInput{Name: aws.String(path + "/p00"), Value: aws.String("mine"), Overwrite: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	if got := get(client, path+"/p00"); got != "mine v2" {
		t.Error(got)
	}
	again := start(t, 1, file)
	if got := get(again, config); got != "b v2" {
		t.Errorf("after a restart: %s", got)
	}
	if got := get(again, path+"/p00"); got != "value of "+path+"/p00 v1" {
		t.Errorf("after a restart: %s", got)
	}
	for name, in := range map[string]sdk.PutParameterInput{
		"name":     {Name: aws.String("a b"), Value: aws.String("x"), Type: types.ParameterTypeString},
		"half":     {Name: aws.String("a/b"), Value: aws.String("x"), Type: types.ParameterTypeString},
		"reserved": {Name: aws.String("/aws/x"), Value: aws.String("x"), Type: types.ParameterTypeString},
		"large":    {Name: aws.String("/x"), Value: aws.String(strings.Repeat("x", 4097)), Type: types.ParameterTypeString},
		"type":     {Name: aws.String("/x"), Value: aws.String("x"), Type: "Number"},
	} {
		wantError(t, put(in), "ValidationException", "")
		t.Log(name)
	}
	wantError(t, put(sdk.PutParameterInput{
		Name: aws.String("/x"), Value: aws.String("x"), Type: types.ParameterTypeSecureString,
	}), "UnsupportedParameterType", "does not keep secrets")
}

// A put fails if the file cannot be written, and the parameter does not exist afterwards.
func TestPutIsKeptOrRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	client := start(t, 0, filepath.Join(dir, "p"))
	_, err := client.PutParameter(t.Context(), &sdk.PutParameterInput{
		Name: aws.String("/x"), Value: aws.String("x"), Type: types.ParameterTypeString,
	})
	wantError(t, err, "InternalFailure", "")
	_, err = client.GetParameter(t.Context(), &sdk.GetParameterInput{Name: aws.String("/x")})
	wantError(t, err, "ParameterNotFound", "/x")
}

func TestOpenBrokenFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ssm.Open(spec.Stack{}, file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("have %v, want an error that names the file", err)
	}
}
