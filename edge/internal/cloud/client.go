package cloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const (
	// maxAnswer is how much is read of an answer. The longest that edge asks for, ten parameters of SSM with 8 KiB each or the
	// results of 500 records, are a tenth of it.
	maxAnswer = 1 << 20
	// maxAnswerHeader is the same for its header, of which net/http would read 10 MB.
	maxAnswerHeader = 64 << 10
)

// newHTTPClient returns the client from which the SDK makes those of all services, credentials included. It has to be the SDK's
// type: the SDK adds a CA bundle to no other. So what is forbidden is forbidden where the SDK's client always asks, in the choice
// of the proxy.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = route
		t.MaxResponseHeaderBytes = maxAnswerHeader
	})
}

// route returns the proxy for a request, nil to send it directly, or an error for a request that must not be sent:
//
//   - The SDK's client follows the redirects 307 and 308 with the whole signed request (awshttp.BuildableClient). No service that
//     edge speaks to redirects; a proxy or a captive portal does.
//   - Plain HTTP is for this machine and its metadata services. It never goes through a proxy, which would read tokens and
//     could hand out credentials of its own.
//   - Metadata services are link-local, so a proxy would answer with its own machine's.
func route(req *http.Request) (*url.URL, error) {
	if req.Response != nil { // of the redirect that caused this request
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

// redirectError says that an answer redirects a signed request.
type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the answer redirects to %s, and a signed request goes nowhere else; is a proxy or a captive portal in between?", e.to)
}

// CanceledError tells the SDK not to try again (retry.NoRetryCanceledError).
func (*redirectError) CanceledError() bool { return true }

// onLoopback reports whether a host is this machine.
func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// awsLocal is the range of the metadata services over IPv6: fd00:ec2::254 for instances ("Access instance metadata", EC2 User
// Guide), fd00:ec2::23 for pods ("EKS Pod Identity", EKS User Guide). Over IPv4 they are in 169.254.0.0/16.
var awsLocal = netip.MustParsePrefix("fd00:ec2::/32")

// onMetadata reports whether a host is a metadata service: link-local, or in the range that AWS uses like link-local addresses.
func onMetadata(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsLinkLocalUnicast() || awsLocal.Contains(ip.WithZone("")))
}

// wholeAnswer reads each answer to its end before it is used. The SDK stops reading where the JSON document ends: it would not
// notice that the last chunk is missing or that the checksum of gzip is wrong. An answer that is too long is an error.
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
		_ = answer.Body.Close() // what counts has been read
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
