package cloud

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// PlainError says that an endpoint would be spoken to without encryption: samples, and tokens of credentials, would be readable
// on the way.
type PlainError struct{ Endpoint string }

func (e *PlainError) Error() string {
	return fmt.Sprintf("endpoint %s: plain HTTP is for this machine's loopback only; use https://", e.Endpoint)
}

// CanceledError tells the SDK not to try again (retry.NoRetryCanceledError).
func (*PlainError) CanceledError() bool { return true }

// checkPlain refuses an endpoint of plain HTTP that is neither on this machine nor one of its metadata services.
func checkPlain(u *url.URL) error {
	if u.Scheme == "https" || onLoopback(u.Hostname()) || onMetadata(u.Hostname()) {
		return nil
	}
	return &PlainError{u.Scheme + "://" + u.Host}
}

// endpoints are what the environment or profile sets for the services that edge speaks to; nil if that is AWS's own.
func endpoints(cfg aws.Config) []*string {
	return []*string{firehose.NewFromConfig(cfg).Options().BaseEndpoint, ssm.NewFromConfig(cfg).Options().BaseEndpoint}
}

// askedHere reports whether all these endpoints are on this machine.
func askedHere(endpoints []*string) bool {
	for _, endpoint := range endpoints {
		if endpoint == nil {
			return false
		}
		if u, err := url.Parse(*endpoint); err != nil || !onLoopback(u.Hostname()) {
			return false
		}
	}
	return true
}

// checkEndpoints refuses endpoints that others could listen to, before anything is sent.
func checkEndpoints(endpoints ...*string) error {
	for _, endpoint := range endpoints {
		if endpoint == nil {
			continue
		}
		u, err := url.Parse(*endpoint)
		if err != nil || u.Host == "" {
			return settingError{fmt.Errorf("endpoint %q is no URL, which would be such as https://firehose.example.com", redact(u))}
		}
		if err := checkPlain(u); err != nil {
			return settingError{err}
		}
	}
	return nil
}

// secretNames are parts of the names of variables whose values are not shown.
var secretNames = []string{"KEY", "SECRET", "TOKEN", "PASSWORD"}

// checkBlanks refuses blanks around the values of AWS_* variables, such as a file of variables with Windows' line ends leaves
// there. The SDK takes them as a part of the value: a region that does not exist, a key that AWS does not know.
func checkBlanks(environ []string) error {
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "AWS_") || strings.TrimSpace(value) == value {
			continue
		}
		shown := fmt.Sprintf("%s=%q", name, value)
		if slices.ContainsFunc(secretNames, func(part string) bool { return strings.Contains(name, part) }) {
			shown = name
		}
		return settingError{fmt.Errorf("%s: there are blanks around the value; remove them", shown)}
	}
	return nil
}

// redact writes a URL without what may be secret in it; an unreadable one not at all.
func redact(u *url.URL) string {
	if u == nil {
		return "(unreadable)"
	}
	return u.Redacted()
}
