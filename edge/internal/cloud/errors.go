package cloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// settingError is a mistake in the environment or a profile, which only a person can correct.
type settingError struct{ error }

func (e settingError) Unwrap() error { return e.error }

// maxText is the longest text of an error that quotes an answer, in bytes.
const maxText = 1000

// briefError is an error with a bounded text of printable characters.
type briefError struct {
	err  error
	text string
}

func (e briefError) Error() string { return e.text }
func (e briefError) Unwrap() error { return e.err }

// brief bounds the text of an error that may quote a server's answer, and replaces each control character by a blank. nil stays nil.
func brief(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return briefError{err, text}
}

// credentialCodes are AWS's error codes for a request whose key or signature is missing, expired, unknown or wrong ("Common Errors" in the
// API references of Amazon Data Firehose, Systems Manager and STS).
var credentialCodes = []string{
	"ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
	"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature", "IncompleteSignatureException",
	"MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure",
}

// throttlingCodes are the error codes for too many requests that all AWS services share.
var throttlingCodes = []string{"ThrottlingException", "Throttling"}

// explainCode adds [ship.ErrCredentials] or [ship.ErrThrottled] to an error whose code is one of credentialCodes or throttlingCodes.
func explainCode(err error) error {
	var api smithy.APIError
	switch {
	case !errors.As(err, &api):
	case slices.Contains(credentialCodes, api.ErrorCode()):
		return fmt.Errorf("%w: %w", ship.ErrCredentials, err)
	case slices.Contains(throttlingCodes, api.ErrorCode()):
		return fmt.Errorf("%w: %w", ship.ErrThrottled, err)
	}
	return err
}

// Credentials returns the credentials that sign requests. If there are none, the error wraps [ship.ErrCredentials].
func Credentials(ctx context.Context, cfg aws.Config) (aws.Credentials, error) {
	if cfg.Credentials == nil {
		return aws.Credentials{}, fmt.Errorf("%w: the AWS configuration names no source of credentials", ship.ErrCredentials)
	}
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return found, brief(fmt.Errorf("%w: %w", ship.ErrCredentials, err))
	}
	return found, nil
}
