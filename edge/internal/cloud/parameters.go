package cloud

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Target is where to send, as a stack's parameters say.
type Target struct {
	Stream string `json:"stream"` // name of the delivery stream
	Region string `json:"region"`
	// EdgeConfig has the settings for all collectors of the stack, see package config. It is empty if there is no such parameter.
	EdgeConfig string `json:"edge_config,omitempty"`
}

// Names of the parameters below the stack's path that edge uses.
const (
	streamParameter = record.ParameterStream
	regionParameter = record.ParameterRegion
	configParameter = record.ParameterConfig
)

// callTimeout bounds the request for the parameters.
const callTimeout = 15 * time.Second

// Path returns the path of a stack's parameters.
func Path(stack string) string { return record.ParameterPath(stack) }

// NotFoundError says that a stack has no parameters in a region, or not all that edge needs.
type NotFoundError struct {
	Stack, Region string
	Missing       string // the missing parameter; empty if all are missing
}

func (e *NotFoundError) Error() string {
	what := "no parameters under " + Path(e.Stack)
	if e.Missing != "" {
		what = "no parameter " + Path(e.Stack) + e.Missing
	}
	return fmt.Sprintf("%s in %s: deploy the stack there, name another stack with --stack and --region, or name the delivery stream "+
		"with --stream", what, e.Region)
}

// Find reads the target of a stack from its parameters, in the region of the configuration. The error wraps [ship.ErrThrottled] if AWS
// wants fewer requests, and [ship.ErrCredentials] if it refuses the credentials.
func Find(ctx context.Context, cfg aws.Config, stack string) (Target, error) {
	if _, err := Credentials(ctx, cfg); err != nil {
		return Target{}, err
	}
	client := ssm.NewFromConfig(cfg, func(o *ssm.Options) { o.Retryer = aws.NopRetryer{} })
	values, err := read(ctx, client, Path(stack), streamParameter, regionParameter, configParameter)
	if err != nil {
		return Target{}, brief(fmt.Errorf("read parameters under %s in %s: %w", Path(stack), cfg.Region, explainCode(err)))
	}
	if len(values) == 0 {
		return Target{}, &NotFoundError{Stack: stack, Region: cfg.Region}
	}
	t := Target{Stream: values[streamParameter], Region: values[regionParameter], EdgeConfig: values[configParameter]}
	if t.Stream == "" {
		return Target{}, &NotFoundError{Stack: stack, Region: cfg.Region, Missing: streamParameter}
	}
	if t.Region == "" {
		t.Region = cfg.Region
	}
	return t, nil
}

// read returns the values of parameters below a path, by name. It leaves out parameters that do not exist.
func read(ctx context.Context, client *ssm.Client, below string, names ...string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var in ssm.GetParametersInput
	for _, name := range names {
		in.Names = append(in.Names, below+name)
	}
	out, err := client.GetParameters(ctx, &in)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, p := range out.Parameters {
		values[path.Base(aws.ToString(p.Name))] = aws.ToString(p.Value)
	}
	return values, nil
}
