package cloud

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
	"github.com/metrics-dashboard/metrics-dashboard/record/signed"
)

// PlainError says that an endpoint is plain HTTP, so that others could read samples and tokens on the way.
type PlainError struct{ Endpoint string }

func (e *PlainError) Error() string {
	return fmt.Sprintf("endpoint %s: plain HTTP is allowed only to this machine and its metadata services; use https://", e.Endpoint)
}

// CanceledError makes the SDK not try again (retry.NoRetryCanceledError).
func (*PlainError) CanceledError() bool { return true }

// checkPlain refuses plain HTTP, except to this machine and its metadata services.
func checkPlain(u *url.URL) error {
	if u.Scheme == "https" || loopback.Host(u.Hostname()) || signed.ToMetadata(u) {
		return nil
	}
	return &PlainError{u.Scheme + "://" + u.Host}
}

// endpoints returns the endpoints that environment or profile set for Firehose and SSM, nil for AWS's own.
func endpoints(cfg aws.Config) []*string {
	return []*string{firehose.NewFromConfig(cfg).Options().BaseEndpoint, ssm.NewFromConfig(cfg).Options().BaseEndpoint}
}

// allOnLoopback reports whether all endpoints are on this machine.
func allOnLoopback(endpoints []*string) bool {
	for _, endpoint := range endpoints {
		if endpoint == nil {
			return false
		}
		if u, err := url.Parse(*endpoint); err != nil || !loopback.Host(u.Hostname()) {
			return false
		}
	}
	return true
}

// checkEndpoints refuses endpoints that are not URLs or are plain HTTP to other machines, before anything is sent.
func checkEndpoints(endpoints ...*string) error {
	for _, endpoint := range endpoints {
		if endpoint == nil {
			continue
		}
		u, err := url.Parse(*endpoint)
		if err != nil || u.Host == "" {
			return settingError{fmt.Errorf("endpoint %q is not a URL; use for example https://firehose.example.com", shownURL(*endpoint))}
		}
		if err := checkPlain(u); err != nil {
			return settingError{err}
		}
	}
	return nil
}

// secretNames are parts of the names of variables whose values must not be shown.
var secretNames = []string{"KEY", "SECRET", "TOKEN", "PASSWORD"}

// checkBlanks refuses blanks around the values of AWS_* variables. They come, for example, from a file with Windows line ends. The SDK
// takes them as part of the value, so that region or key would be unknown to AWS.
func checkBlanks(environ []string) error {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "AWS_") || strings.TrimSpace(value) == value {
			continue
		}
		shown := fmt.Sprintf("%s=%q", name, value)
		if mayHavePassword(value) || slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) }) {
			shown = name
		}
		return settingError{fmt.Errorf("%s: there are blanks around the value; remove them", shown)}
	}
	return nil
}

// shownURL returns a text that should be a URL, for a message. It does not return a text that may have a password.
func shownURL(text string) string {
	if mayHavePassword(text) {
		return "(not shown: it may have a password)"
	}
	return text
}

// mayHavePassword reports whether a text may be a URL with a user and a password, also one that cannot be parsed.
func mayHavePassword(text string) bool { return strings.Contains(text, "@") }
