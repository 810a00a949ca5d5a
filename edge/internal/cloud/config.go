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
)

// ErrNoRegion says that no setting, profile or instance names a region.
var ErrNoRegion = errors.New("no AWS region: pass --region or set AWS_REGION")

const (
	// loopbackRegion signs requests to an endpoint on this machine, which has no region of its own.
	loopbackRegion = "us-east-1"
	// imdsTimeout bounds the question to the instance metadata service, which outside of EC2 is not there to answer.
	imdsTimeout = 3 * time.Second
)

// Load returns the AWS configuration for a region. It follows the SDK's default chain: environment, profiles, instance role,
// AWS_ENDPOINT_URL. If region is empty, the environment or profile names the region, else the EC2 instance that this runs on.
func Load(ctx context.Context, region string) (aws.Config, error) {
	if err := checkBlanks(os.Environ()); err != nil {
		return aws.Config{}, fmt.Errorf("AWS configuration: %w", err)
	}
	client := newHTTPClient()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region),
		// Without this option the SDK leaves HTTPClient nil, unless a CA bundle is configured: each service then makes a client of
		// its own, and whoever wraps the configured one would wrap nil.
		config.WithHTTPClient(client),
		// The provider for containers makes a client of its own in any case.
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = client }),
		config.WithAPIOptions([]func(*middleware.Stack) error{wholeAnswer}),
		// The SDK would write lines of its own between those of the log. What fails comes back as an error.
		config.WithLogger(logging.Nop{}))
	if err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	set := endpoints(cfg)
	if err := checkEndpoints(append(set, cfg.BaseEndpoint)...); err != nil {
		return cfg, fmt.Errorf("AWS configuration: %w", err)
	}
	if askedHere(set) {
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

// orPlaceholder signs with a placeholder if there are no credentials. It is for endpoints on this machine, such as local's, which
// have no accounts: any SDK would still ask for credentials.
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
	if u, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL")); err == nil && onLoopback(u.Hostname()) {
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
