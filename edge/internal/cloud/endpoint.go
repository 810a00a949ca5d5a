package cloud

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// PlainError says that an endpoint would be spoken to without encryption: samples, and tokens of credentials, would be readable
// on the way.
type PlainError struct{ Endpoint string }

func (e *PlainError) Error() string {
	return fmt.Sprintf("endpoint %s: plain HTTP is for this machine's loopback only; use https://", e.Endpoint)
}

// checkPlain refuses an endpoint of plain HTTP that is not on this machine.
func checkPlain(u *url.URL) error {
	if u.Scheme == "https" || onLoopback(u.Hostname()) {
		return nil
	}
	return &PlainError{u.Scheme + "://" + u.Host}
}

// onLoopback reports whether a host is this machine.
func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// checkEndpoints refuses what the environment or profile sets for the services that edge speaks to, before anything is sent.
func checkEndpoints(cfg aws.Config) error {
	for _, endpoint := range []*string{
		cfg.BaseEndpoint, firehose.NewFromConfig(cfg).Options().BaseEndpoint, ssm.NewFromConfig(cfg).Options().BaseEndpoint,
	} {
		if endpoint == nil {
			continue
		}
		u, err := url.Parse(*endpoint)
		if err != nil || u.Host == "" {
			return fmt.Errorf("endpoint %q is no URL, which would be such as https://firehose.example.com", redact(u))
		}
		if err := checkPlain(u); err != nil {
			return err
		}
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

// refusePlain adds the check to each request of each service, those for credentials included. The two local services that
// instances and containers get their credentials from are not AWS services, and the SDK has rules of its own for them.
func refusePlain(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("RefusePlainHTTP", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		service := awsmiddleware.GetServiceID(ctx)
		if req, ok := in.Request.(*smithyhttp.Request); ok && service != "" && service != "ec2imds" {
			if err := checkPlain(req.URL); err != nil {
				return middleware.DeserializeOutput{}, middleware.Metadata{}, err
			}
		}
		return next.HandleDeserialize(ctx, in)
	}), middleware.After)
}
