package cloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/metrics-dashboard/metrics-dashboard/record/signed"
)

const (
	// maxAnswer is the longest answer, in bytes, that is read. The longest answer that edge can get, with the results of 500 records, is
	// about a tenth of it.
	maxAnswer = 1 << 20
	// maxAnswerHeader is the longest header that is read. net/http would read 10 MB.
	maxAnswerHeader = 64 << 10
)

// newHTTPClient returns the HTTP client of all services, including those that give credentials. It has the SDK's type, because the SDK adds
// a CA bundle only to a client of that type. The client asks [route] for a proxy before each request, so route can refuse requests that
// must not be sent.
func newHTTPClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy = route
		t.MaxResponseHeaderBytes = maxAnswerHeader
	})
}

// byEnvironment chooses the proxy that the environment names.
var byEnvironment = signed.Route(http.ProxyFromEnvironment)

// route chooses the proxy as [signed.Route] says. It also refuses plain HTTP, except to this machine and its metadata services.
func route(req *http.Request) (*url.URL, error) {
	if req.Response == nil { // a redirect is refused in any case
		if err := checkPlain(req.URL); err != nil {
			return nil, err
		}
	}
	return byEnvironment(req)
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
		_ = answer.Body.Close() // nothing more is read from it
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
