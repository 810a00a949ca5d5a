package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// All that is missing is named at once, and once each.
func TestBuild(t *testing.T) {
	_, err := build(t.Context(), func(string) string { return "" })
	if err == nil {
		t.Fatal("no error")
	}
	names := []string{"STACK", "BUCKET", "STATE", "DATABASE", "TABLE", "WORKGROUP", "TOPIC", "RULES_PARAMETER", "DELAY", "LOG_LEVEL"}
	for _, want := range names {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s in it", err, want)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != len(names) {
		t.Errorf("%v: %d problems, want %d", err, lines, len(names))
	}
}

// The parameter need not be there. If it is wrong, the run fails; it does not use other rules.
func TestRulesOf(t *testing.T) {
	for answer, want := range map[string]string{
		`{"Parameter":{"Value":"{\"overrides\":[{\"problems\":[\"CPU\"],\"for\":\"30m\"}]}"}}`: "1 override",
		`{"__type":"ParameterNotFound"}`:                 "0 overrides",
		`{"__type":"AccessDeniedException"}`:             "read the parameter /m/alert-rules: ",
		`{"Parameter":{"Value":"{\"overrides\":[{}]}"}}`: "the parameter /m/alert-rules: alert-rules: overrides[0]",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			if strings.Contains(answer, "__type") {
				w.WriteHeader(http.StatusBadRequest)
			}
			fmt.Fprint(w, answer)
		}))
		defer server.Close()
		client := ssm.NewFromConfig(aws.Config{Region: "eu-north-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
		rules, err := rulesOf(t.Context(), client, "/m/alert-rules")
		got := fmt.Sprintf("%d overrides", len(rules.Overrides))
		if len(rules.Overrides) == 1 {
			got = "1 override"
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", answer, got, want)
		}
	}
}
