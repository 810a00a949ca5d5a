// Package engine opens Athena for a Lambda function.
package engine

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
)

// Open returns the AWS configuration of the function, and an engine over the target in its region. The engine asks for the state of a
// statement each poll.
func Open(ctx context.Context, target athena.Target, poll time.Duration) (aws.Config, *athena.Engine, error) {
	cfg, err := athena.Configure(ctx, "")
	if err != nil {
		return aws.Config{}, nil, err
	}
	target.Region = cfg.Region
	engine, err := athena.New(cfg, target, athena.Options{Poll: poll})
	return cfg, engine, err
}
