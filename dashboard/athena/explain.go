package athena

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// explained is an error of AWS with a short text that says what to do.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }

func (e *explained) Unwrap() error { return e.err }

// explain makes a short text of an error of AWS: without operation, status and ids, and with what to do about it.
func explain(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		if strings.Contains(err.Error(), "get credentials:") {
			return &explained{"no AWS credentials: sign in (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and " +
				"AWS_SECRET_ACCESS_KEY (" + innermost(err) + ")", err}
		}
		return err
	}
	text := fmt.Sprintf("%s (%s)", strings.TrimRight(api.ErrorMessage(), ". \n"), api.ErrorCode())
	switch code := api.ErrorCode(); {
	case strings.HasPrefix(code, "ExpiredToken"):
		text += ": sign in again (aws sso login) or renew the credentials"
	case code == "UnrecognizedClientException", code == "InvalidClientTokenId", code == "InvalidSignatureException":
		text += ": check AWS_PROFILE and the credentials behind it"
	case strings.HasPrefix(code, "AccessDenied"):
		text += ": dashboard/README.md says what a reader must be allowed"
	case code == "InvalidRequestException" && saysNoWorkgroup(api.ErrorMessage()):
		text += ": the stack was deleted or changed; deploy it again or choose another with --stack"
	case strings.HasPrefix(code, "TooManyRequests"), strings.HasPrefix(code, "Throttling"):
		text += ": Athena accepts no more queries now; try again in a minute"
	}
	return &explained{text, err}
}

func saysNoWorkgroup(message string) bool {
	m := strings.ToLower(message)
	return strings.Contains(m, "workgroup") && (strings.Contains(m, "not found") || strings.Contains(m, "not exist"))
}

// innermost is the text of the error at the end of the chain of wrapped errors.
func innermost(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
