package athena

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/metrics-dashboard/metrics-dashboard/record/signed"
)

const (
	// attempts is how often a request is tried: Athena throttles bursts.
	attempts = 6
	// maxAnswer is how many bytes of an answer are read: a page of results has 1,000 rows at most (GetQueryResults).
	maxAnswer = 64 << 20
	// maxRefusal is how many bytes are read of an answer that is an error.
	maxRefusal = 64 << 10
)

// Configure loads the AWS configuration by the SDK's default chain. If region is empty, the environment or profile names it.
func Configure(ctx context.Context, region string) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = signed.Route(http.ProxyFromEnvironment) })
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithRetryMaxAttempts(attempts),
		config.WithHTTPClient(client),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client }), // otherwise it makes a client of its own
		config.WithAPIOptions([]func(*middleware.Stack) error{boundAnswer}))
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return cfg, errors.New("no AWS region: pass --region or set AWS_REGION")
	}
	return cfg, nil
}

// boundAnswer bounds how many bytes of an answer are read. The content of an object of S3 has no bound: its reader keeps a part of it
// in memory.
func boundAnswer(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("BoundAnswer", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
		out, metadata, err = next.HandleDeserialize(ctx, in)
		answer, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		most := int64(maxAnswer)
		if answer.StatusCode >= http.StatusMultipleChoices {
			most = maxRefusal
		} else if awsmiddleware.GetServiceID(ctx) == "S3" && awsmiddleware.GetOperationName(ctx) == "GetObject" {
			return out, metadata, nil
		}
		answer.Body = &bounded{io.LimitReader(answer.Body, most), answer.Body}
		return out, metadata, nil
	}), middleware.After)
}

// bounded is the beginning of a body. A longer answer is cut off and is then not a JSON document, so reading it is an error.
type bounded struct {
	io.Reader
	io.Closer
}
