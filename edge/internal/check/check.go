// Package check is edge check. It tries what a collector needs: spool, credentials, discovery, one delivery and the clock. For each it
// says what is wrong and what to do. It delivers one real sample of this machine and changes nothing on the machine.
package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Outcome says how a step ended.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"
	Warning Outcome = "warning" // it works, but somebody should look at it
	Failed  Outcome = "FAILED"
	Skipped Outcome = "skipped" // it depends on a step that failed
)

// Result is the result of a step.
type Result struct {
	Step    string
	Outcome Outcome
	Text    string
	Hint    string // what to do; empty if nothing is wrong
}

// Options say what to check. All are required.
type Options struct {
	Config config.Config
	Local  config.Local // to check the stack's edge-config with
	// Sample takes the sample to deliver.
	Sample func(ctx context.Context) (record.Sample, error)
	// Report is called with each result as soon as it is known.
	Report func(Result)
}

// stepTimeout bounds each step that sends requests.
const stepTimeout = 20 * time.Second

// checker is the state of one check.
type checker struct {
	Options
	failed int
	watch  *watch
	aws    aws.Config
	target cloud.Target
}

// Run makes the check and returns how many steps failed.
func Run(ctx context.Context, o Options) (failed int) {
	c := &checker{Options: o, watch: &watch{}}
	c.step("spool", true, func() Result { return c.spool(ctx) })
	ready := c.step("credentials", true, func() Result { return c.credentials(ctx) })
	known := c.step("discovery", ready, func() Result { return c.discovery(ctx) })
	delivered := c.step("delivery", known, func() Result { return c.delivery(ctx) })
	c.step("clock", ready || delivered, func() Result { return c.watch.clock() })
	return c.failed
}

// step runs a step if it is possible, reports its result, and returns whether the steps that depend on it are possible.
func (c *checker) step(name string, possible bool, f func() Result) bool {
	r := Result{Outcome: Skipped, Text: "depends on an earlier step"}
	if possible {
		r = f()
	}
	r.Step = name
	if r.Outcome == Failed {
		c.failed++
	}
	c.Report(r)
	return r.Outcome == OK || r.Outcome == Warning
}

func failure(err error, hint string) Result {
	return Result{Outcome: Failed, Text: err.Error(), Hint: hint}
}

// credentials loads the AWS configuration and finds credentials. It shows their source and expiry, never the credentials.
func (c *checker) credentials(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	cfg, err := cloud.Load(ctx, c.Config.Region)
	if err != nil {
		hint := "correct the variable or profile"
		switch {
		case errors.Is(err, cloud.ErrNoRegion):
			hint = "name the region of the stack, for example --region eu-central-1"
		case errors.As(err, new(*cloud.PlainError)):
			hint = "set an endpoint that begins with https://"
		}
		return failure(err, hint)
	}
	c.aws = c.watch.over(cfg)
	found, err := cloud.Credentials(ctx, cfg)
	if err != nil {
		return failure(err, "attach the stack's instance profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID; the "+
			"chapter Credentials of edge/README.md lists the ways")
	}
	text := fmt.Sprintf("from %s, region %s", found.Source, cfg.Region)
	if found.CanExpire {
		text += ", valid until " + found.Expires.UTC().Format(time.RFC3339)
	}
	return Result{Outcome: OK, Text: text}
}

// discovery asks the stack where to send.
func (c *checker) discovery(ctx context.Context) Result {
	if c.Config.Stream != "" {
		c.target = cloud.Target{Stream: c.Config.Stream, Region: c.aws.Region}
		return Result{Outcome: OK, Text: "not needed: --stream names the delivery stream"}
	}
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	t, err := cloud.Find(ctx, c.aws, c.Config.Stack)
	if err != nil {
		hint := "is the stack in this region, may these credentials read its parameters (the stack's edge policy allows it)" + c.watch.reach() + "?"
		if errors.Is(err, ship.ErrThrottled) {
			hint = "the account's limit of requests to Systems Manager is reached; a collector would wait and try again"
		}
		return failure(err, hint)
	}
	c.target = t
	text := fmt.Sprintf("stack %s sends to %s in %s", c.Config.Stack, t.Stream, t.Region)
	if t.EdgeConfig == "" {
		return Result{Outcome: OK, Text: text}
	}
	if _, err := c.Local.With(t.EdgeConfig); err != nil {
		return Result{Outcome: Warning, Text: text + "; its edge-config is wrong: " + err.Error(), Hint: "correct the parameter " +
			cloud.Path(c.Config.Stack) + record.ParameterConfig}
	}
	return Result{Outcome: OK, Text: text + "; its edge-config is used"}
}
