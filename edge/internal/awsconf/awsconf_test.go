package awsconf_test

import (
	"errors"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/awsconf"
)

func TestRegion(t *testing.T) {
	for name, c := range map[string]struct {
		given, environment, endpoint, want string
	}{
		"given":                  {"eu-west-1", "us-west-2", "", "eu-west-1"},
		"environment":            {"", "us-west-2", "http://127.0.0.1:1", "us-west-2"},
		"loopback":               {"", "", "http://127.0.0.1:1", "us-east-1"},
		"loopback of version 6":  {"", "", "http://[::1]:1", "us-east-1"},
		"localhost":              {"", "", "http://localhost:1", "us-east-1"},
		"none":                   {"", "", "", ""},
		"an endpoint far away":   {"", "", "https://proxy.example", ""},
		"an endpoint like a URL": {"", "", "http://127.0.0.1.example", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range map[string]string{
				"AWS_REGION": c.environment, "AWS_DEFAULT_REGION": "", "AWS_ENDPOINT_URL": c.endpoint, "AWS_PROFILE": "",
				"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": t.TempDir() + "/none",
				"AWS_SHARED_CREDENTIALS_FILE": t.TempDir() + "/none",
			} {
				t.Setenv(variable, value)
			}
			cfg, err := awsconf.Load(t.Context(), c.given)
			if cfg.Region != c.want || (c.want == "") != errors.Is(err, awsconf.ErrNoRegion) {
				t.Errorf("region is %q, %v, want %q", cfg.Region, err, c.want)
			}
		})
	}
}
