// Command rollup is the Lambda function that keeps the rollups of a stack up to date. A schedule invokes it. Its executable is called
// bootstrap, as the runtime provided.al2023 demands.
//
// The stack sets its environment variables: BUCKET, PREFIX, DATABASE, TABLE, WORKGROUP, MAX_SAMPLE_AGE_DAYS, RAW_RETENTION_DAYS (0:
// samples are kept), SETTLE (such as 15m) and LOG_LEVEL (DEBUG, INFO, WARN or ERROR).
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/functions/glue"
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
	var problems []error
	text := func(name string) string {
		v := env(name)
		if v == "" {
			problems = append(problems, fmt.Errorf("%s is not set; the stack sets it", name))
		}
		return v
	}
	days := func(name string) int {
		n, err := strconv.Atoi(text(name))
		if err != nil || n < 0 {
			problems = append(problems, fmt.Errorf("%s=%q: want a number of days", name, env(name)))
		}
		return n
	}
	o := rollup.Options{
		Bucket: text("BUCKET"), Prefix: text("PREFIX"), Table: text("TABLE"),
		Days: days("MAX_SAMPLE_AGE_DAYS"), Retention: days("RAW_RETENTION_DAYS"),
	}
	var err error
	if o.Settle, err = time.ParseDuration(text("SETTLE")); err != nil {
		problems = append(problems, fmt.Errorf("SETTLE: %w", err))
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(text("LOG_LEVEL"))); err != nil {
		problems = append(problems, fmt.Errorf("LOG_LEVEL=%q: want DEBUG, INFO, WARN or ERROR: %w", env("LOG_LEVEL"), err))
	}
	o.Log = slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	target := athena.Target{Workgroup: text("WORKGROUP"), Database: text("DATABASE"), Table: o.Table}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	cfg, err := athena.Configure(ctx, "")
	if err != nil {
		return nil, err
	}
	target.Region = cfg.Region
	engine, err := athena.New(cfg, target, athena.Options{Poll: time.Second})
	if err != nil {
		return nil, err
	}
	o.Engine, o.Form = engine, engine.Form(ctx)
	o.Storage, o.Catalog = s3.New(cfg, o.Bucket), glue.New(cfg, target.Database)
	return rollup.New(o).Handle, nil
}
