package cloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// maxAnswer is the longest answer, in bytes, that is read. The longest answers that edge can get (ten SSM parameters of 8 KiB, or the
	// results of 500 records) are a tenth of it.
	maxAnswer = 1 << 20
	// maxAnswerHeader is the same for the header. net/http would read 10 MB.
	maxAnswerHeader = 64 << 10
)

// newHTTPClient returns the HTTP client of all services, including those that give credentials. It must have the SDK's type, because the
// SDK adds a CA bundle only to that. The SDK's client asks for a proxy before each request, so this is where requests that must not be
// sent are refused, see [route].
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = route
		t.MaxResponseHeaderBytes = maxAnswerHeader
	})
}

// route returns the proxy for a request, nil to send it directly, or an error if it must not be sent:
//
//   - It refuses redirects. The SDK's client follows 307 and 308 with the whole signed request (awshttp.BuildableClient). The services
//     that edge uses do not redirect, but proxies and captive portals do.
//   - It allows plain HTTP only to this machine and its metadata services, and never through a proxy. A proxy could read tokens and
//     give credentials of its own.
//   - It sends requests to metadata services directly. They are link-local: a proxy would ask those of its own machine.
func route(req *http.Request) (*url.URL, error) {
	if req.Response != nil { // the redirect that caused this request
		return nil, &redirectError{req.URL.Redacted()}
	}
	if err := checkPlain(req.URL); err != nil {
		return nil, err
	}
	if req.URL.Scheme != "https" || onMetadata(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// redirectError says that an answer redirects a signed request to another address.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the answer redirects to %s, but edge does not follow redirects with a signed request; is a proxy or a captive portal in between?", e.to)
}

// CanceledError makes the SDK not try again (retry.NoRetryCanceledError).
func (*redirectError) CanceledError() bool { return true }

// awsLocal has the IPv6 addresses of the metadata services: fd00:ec2::254 for instances ("Access instance metadata", EC2 User
// Guide), fd00:ec2::23 for pods ("EKS Pod Identity", EKS User Guide). Their IPv4 addresses are in 169.254.0.0/16.
var awsLocal = netip.MustParsePrefix("fd00:ec2::/32")

// onMetadata reports whether a host is a metadata service: a link-local address, or one of awsLocal.
func onMetadata(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLinkLocalUnicast() || awsLocal.Contains(ip.WithZone("")))
}

// wholeAnswer reads each answer to its end before the SDK uses it. The SDK itself stops at the end of the JSON document, so it would
// not notice a missing last chunk or a wrong gzip checksum. An answer longer than maxAnswer is an error.
func wholeAnswer(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("WholeAnswer", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out, metadata, err = next.HandleDeserialize(ctx, in)
		answer, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
		_ = answer.Body.Close() // all of it has been read
		switch {
		case err != nil:
			err = fmt.Errorf("the answer is broken after %d bytes: %w", len(body), err)
		case len(body) > maxAnswer:
			err = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		return out, metadata, err
	}), middleware.After)
}
