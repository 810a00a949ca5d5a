package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// ErrNoRegion says that the region is not known. A setting, the environment, a profile or the EC2 instance can name it.
var ErrNoRegion = errors.New("no AWS region: pass --region or set AWS_REGION")

const (
	// loopbackRegion is the region in signatures for an endpoint on this machine, which has no region of its own.
	loopbackRegion = "us-east-1"
	// imdsTimeout bounds the request to the instance metadata service, which does not exist outside of EC2.
	imdsTimeout = 3 * time.Second
)

// Load returns the AWS configuration for a region. It follows the SDK's default chain: environment, profiles, instance role,
// AWS_ENDPOINT_URL. If region is empty, the environment or the profile names it. If they do not, it is us-east-1 if the variable
// AWS_ENDPOINT_URL names this machine, and otherwise the region of the EC2 instance.
func Load(ctx context.Context, region string) (aws.Config, error) {
	if err := checkBlanks(os.Environ()); err != nil {
		return aws.Config{}, fmt.Errorf("AWS configuration: %w", err)
	}
	client := newHTTPClient()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region),
		// Without this option the SDK leaves HTTPClient nil, unless a CA bundle is configured. Each service would then make a client of
		// its own, without the rules of route.
		config.WithHTTPClient(client),
		// The credentials provider for containers would make a client of its own.
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client }),
		config.WithAPIOptions([]func(*middleware.Stack) error{wholeAnswer}),
		// The SDK would write its own lines into the log. Failures are returned as errors.
		config.WithLogger(logging.Nop{}))
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	set := endpoints(cfg)
	if err := checkEndpoints(append(set, cfg.BaseEndpoint)...); err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	if allOnLoopback(set) {
		cfg.Credentials = orPlaceholder{cfg.Credentials}
	}
	if cfg.Region == "" {
		cfg.Region = defaultRegion(ctx, cfg)
	}
	if cfg.Region == "" {
		return cfg, ErrNoRegion
	}
	return cfg, nil
}

// orPlaceholder signs with a placeholder if there are no credentials. It is for endpoints on this machine, such as that of local up:
// they do not check credentials, but the SDK cannot sign without any.
type orPlaceholder struct{ aws.CredentialsProvider }

// Retrieve implements [aws.CredentialsProvider].
func (p orPlaceholder) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		return aws.Credentials{AccessKeyID: "none", SecretAccessKey: "none", Source: "a placeholder, as the endpoint is on this machine"}, nil
	}
	return found, err
}

func defaultRegion(ctx context.Context, cfg aws.Config) string {
	if u, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL")); err == nil && loopback.Host(u.Hostname()) {
		return loopbackRegion
	}
	ctx, cancel := context.WithTimeout(ctx, imdsTimeout)
	defer cancel()
	out, err := imds.NewFromConfig(cfg).GetRegion(ctx, nil)
	if err != nil {
		return ""
	}
	return out.Region
}
