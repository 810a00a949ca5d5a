// Command alerts is the Lambda function that tells people about the problems of hosts. A schedule invokes it. Its executable is called
// bootstrap, as the runtime provided.al2023 demands.
//
// The stack sets its environment variables: STACK, BUCKET, STATE (the key of an object), DATABASE, TABLE, WORKGROUP, TOPIC (an ARN),
// RULES_PARAMETER, DELAY (such as 8m), DASHBOARD_URL (may be empty) and LOG_LEVEL (DEBUG, INFO, WARN or ERROR).
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	function "github.com/metrics-dashboard/metrics-dashboard/functions/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/engine"
	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/environment"
	"github.com/metrics-dashboard/metrics-dashboard/functions/topic"
)

func main() {
	handle, err := build(context.Background(), os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "alerts:", err)
		os.Exit(1)
	}
	lambda.Start(handle)
}

func build(ctx context.Context, env func(string) string) (func(context.Context) error, error) {
	e := environment.New(env)
	stack, bucket, state, topicARN, parameter := e.Text("STACK"), e.Text("BUCKET"), e.Text("STATE"), e.Text("TOPIC"), e.Text("RULES_PARAMETER")
	target := athena.Target{Workgroup: e.Text("WORKGROUP"), Database: e.Text("DATABASE"), Table: e.Text("TABLE")}
	delay, log := e.Duration("DELAY"), e.Log()
	if err := e.Err(); err != nil {
		return nil, err
	}
	cfg, athenaEngine, err := engine.Open(ctx, target, 500*time.Millisecond)
	if err != nil {
		return nil, err
	}
	parameters := ssm.NewFromConfig(cfg)
	return function.New(function.Options{
		Look: func(ctx context.Context, at, knownSince time.Time) (alerts.Now, error) {
			rules, err := rulesOf(ctx, parameters, parameter)
			if err != nil {
				return alerts.Now{}, err
			}
			return alerts.Ask(ctx, athenaEngine, rules, at, delay, knownSince)
		},
		Store:    function.State{Bucket: objects.New(cfg, bucket), Key: state},
		Receiver: topic.New(cfg, topicARN, alerts.Context{Source: stack + " in " + cfg.Region, Page: env("DASHBOARD_URL")}),
		Log:      log,
	}), nil
}

// rulesOf reads the changes of the rules. An operator may have written none.
func rulesOf(ctx context.Context, client *ssm.Client, parameter string) (panels.RuleChanges, error) {
	out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: &parameter})
	var missing *types.ParameterNotFound
	if errors.As(err, &missing) {
		return panels.RuleChanges{}, nil
	}
	if err != nil {
		return panels.RuleChanges{}, fmt.Errorf("read the parameter %s: %w", parameter, err)
	}
	rules, err := alerts.ParseRules([]byte(aws.ToString(out.Parameter.Value)))
	if err != nil {
		return panels.RuleChanges{}, fmt.Errorf("the parameter %s: %w", parameter, err)
	}
	return rules, nil
}
