package cloud

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

func TestRegion(t *testing.T) {
	for name, c := range map[string]struct {
		given, environment, endpoint, want string
	}{
		"given":                 {"eu-west-1", "us-west-2", "", "eu-west-1"},
		"environment":           {"", "us-west-2", "http://127.0.0.1:1", "us-west-2"},
		"loopback":              {"", "", "http://127.0.0.1:1", "us-east-1"},
		"loopback of version 6": {"", "", "http://[::1]:1", "us-east-1"},
		"localhost":             {"", "", "http://localhost:1", "us-east-1"},
		"localhost in capitals": {"", "", "http://LOCALHOST.:1", "us-east-1"},
		"none":                  {"", "", "", ""},
		"an endpoint far away":  {"", "", "https://proxy.example", ""},
		"an endpoint like one":  {"", "", "https://127.0.0.1.example", ""},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, map[string]string{"AWS_REGION": c.environment, "AWS_ENDPOINT_URL": c.endpoint})
			cfg, err := Load(t.Context(), c.given)
			if cfg.Region != c.want || (c.want == "") != errors.Is(err, ErrNoRegion) {
				t.Errorf("region is %q, %v, want %q", cfg.Region, err, c.want)
			}
		})
	}
}

// environment sets the given variables and removes all others that the SDK reads. Unless they are given, it also sets a key and switches
// the instance metadata off.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	testenv.Clean(t)
	all := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
	maps.Copy(all, variables)
	for name, value := range all {
		if value != "" { // an empty endpoint hides those of the profile
			t.Setenv(name, value)
		}
	}
}

// TestPlainHTTP: plain HTTP is refused, wherever the endpoint is set, before anything is sent.
func TestPlainHTTP(t *testing.T) {
	profile := filepath.Join(t.TempDir(), "config")
	text := "[default]\nservices = there\n[services there]\nssm =\n  endpoint_url = http://ssm.example\n"
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		variables map[string]string
		want      string // part of the error; "" if it is allowed
	}{
		"loopback":             {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, ""},
		"encrypted":            {map[string]string{"AWS_ENDPOINT_URL": "https://firehose.example"}, ""},
		"all services":         {map[string]string{"AWS_ENDPOINT_URL": "http://10.0.0.1:4566"}, "endpoint http://10.0.0.1:4566: plain HTTP"},
		"one service":          {map[string]string{"AWS_ENDPOINT_URL_FIREHOSE": "http://firehose.example"}, "endpoint http://firehose.example: plain HTTP"},
		"a profile":            {map[string]string{"AWS_CONFIG_FILE": profile}, "endpoint http://ssm.example: plain HTTP"},
		"a name like loopback": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1.example"}, "plain HTTP"},
		"a name below it":      {map[string]string{"AWS_ENDPOINT_URL": "http://a.localhost"}, "plain HTTP"},
		"no URL":               {map[string]string{"AWS_ENDPOINT_URL": "firehose.example"}, "is not a URL"},
		"no URL, a password":   {map[string]string{"AWS_ENDPOINT_URL": "user:hidden@10.0.0.1"}, `endpoint "(not shown: it may have a password)" is not a URL`},
		"unreadable":           {map[string]string{"AWS_ENDPOINT_URL": "https://user:hid%en@10.0.0.1"}, "is not a URL"},
		"a password":           {map[string]string{"AWS_ENDPOINT_URL": "http://user:hidden@10.0.0.1"}, "endpoint http://10.0.0.1: plain HTTP"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, c.variables)
			_, err := Load(t.Context(), "eu-west-1")
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hid") {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}

// TestPlainHTTPOfOtherServices: plain HTTP is also refused for services that give credentials and for the endpoint of a client.
func TestPlainHTTPOfOtherServices(t *testing.T) {
	environment(t, map[string]string{"AWS_ENDPOINT_URL_STS": "http://sts.example"})
	cfg, err := Load(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	var plain *PlainError
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); !errors.As(err, &plain) {
		t.Errorf("error of STS is %v", err)
	}
	endpoint := "http://firehose.example"
	client := firehose.NewFromConfig(cfg, func(o *firehose.Options) { o.BaseEndpoint = &endpoint })
	if _, err := client.ListDeliveryStreams(t.Context(), nil); !errors.As(err, &plain) {
		t.Errorf("error of Firehose is %v", err)
	}
}

// TestBlanks: the error names the blanks around a value, and shows no secret.
func TestBlanks(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"AWS_ENDPOINT_URL_SSM":        {"https://user:HIDDEN@a.example\r", `AWS_ENDPOINT_URL_SSM: there are blanks`},
		"AWS_REGION":                  {" eu-west-1", `AWS_REGION=" eu-west-1": there are blanks around the value; remove them`},
		"AWS_DEFAULT_REGION":          {"eu-west-1\r", `AWS_DEFAULT_REGION="eu-west-1\r": there are blanks`},
		"AWS_ENDPOINT_URL":            {"https://a.example ", `AWS_ENDPOINT_URL="https://a.example ": there are blanks`},
		"AWS_PROFILE":                 {"\tedge", `AWS_PROFILE="\tedge": there are blanks`},
		"AWS_SHARED_CREDENTIALS_FILE": {"/none ", `AWS_SHARED_CREDENTIALS_FILE="/none ": there are blanks`},
		"AWS_ACCESS_KEY_ID":           {"HIDDEN ", "AWS_ACCESS_KEY_ID: there are blanks"},
		"AWS_SECRET_ACCESS_KEY":       {"HIDDEN\n", "AWS_SECRET_ACCESS_KEY: there are blanks"},
		"AWS_SESSION_TOKEN":           {" HIDDEN", "AWS_SESSION_TOKEN: there are blanks"},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, map[string]string{name: c.value})
			_, err := Load(t.Context(), "")
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "HIDDEN") || !errors.As(err, new(settingError)) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
		})
	}
}

// TestPlaceholder: only an endpoint on this machine needs no credentials.
func TestPlaceholder(t *testing.T) {
	for name, c := range map[string]struct {
		variables map[string]string
		want      string // access key; "" if there is none
	}{
		"on this machine":             {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, "none"},
		"on this machine, with a key": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s"}, "id"},
		"elsewhere":                   {map[string]string{"AWS_ENDPOINT_URL": "https://aws.example"}, ""},
		"AWS":                         {map[string]string{"AWS_REGION": "eu-west-1"}, ""},
		"partly elsewhere":            {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SSM": "https://aws.example"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			variables := map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
			maps.Copy(variables, c.variables)
			environment(t, variables)
			cfg, err := Load(t.Context(), "eu-west-1")
			if err != nil {
				t.Fatal(err)
			}
			if found, err := Credentials(t.Context(), cfg); found.AccessKeyID != c.want || (err == nil) != (c.want != "") {
				t.Errorf("access key is %q, %v, want %q", found.AccessKeyID, err, c.want)
			}
		})
	}
}
