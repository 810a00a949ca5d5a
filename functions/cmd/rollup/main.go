// Command rollup is the Lambda function that keeps the rollups of a stack up to date. A schedule invokes it. Its executable is called
// bootstrap, as the runtime provided.al2023 demands.
//
// The stack sets its environment variables: BUCKET, PREFIX, DATABASE, TABLE, WORKGROUP, MAX_SAMPLE_AGE_DAYS, RAW_RETENTION_DAYS (0:
// samples are kept), SETTLE (such as 15m) and LOG_LEVEL (DEBUG, INFO, WARN or ERROR).
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/functions/glue"
	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/engine"
	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/environment"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
	"github.com/metrics-dashboard/metrics-dashboard/functions/s3"
)

func main() {
	handle, err := build(context.Background(), os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollup:", err)
		os.Exit(1)
	}
	lambda.Start(handle)
}

func build(ctx context.Context, env func(string) string) (func(context.Context, rollup.Event) (rollup.Report, error), error) {
	e := environment.New(env)
	o := rollup.Options{
		Bucket: e.Text("BUCKET"), Prefix: e.Text("PREFIX"), Table: e.Text("TABLE"),
		Days: e.Days("MAX_SAMPLE_AGE_DAYS"), Retention: e.Days("RAW_RETENTION_DAYS"),
		Settle: e.Duration("SETTLE"), Log: e.Log(),
	}
	target := athena.Target{Workgroup: e.Text("WORKGROUP"), Database: e.Text("DATABASE"), Table: o.Table}
	if err := e.Err(); err != nil {
		return nil, err
	}
	cfg, athenaEngine, err := engine.Open(ctx, target, time.Second)
	if err != nil {
		return nil, err
	}
	o.Engine, o.Form = athenaEngine, athenaEngine.Form(ctx)
	o.Storage, o.Catalog = s3.New(cfg, o.Bucket), glue.New(cfg, target.Database)
	return rollup.New(o).Handle, nil
}
