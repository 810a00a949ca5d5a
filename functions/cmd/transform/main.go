// Command transform is the Lambda function that Firehose invokes. Its executable is called bootstrap, as the runtime
// provided.al2023 demands.
//
// It reads two environment variables. LOG_LEVEL is DEBUG, INFO, WARN or ERROR; the default is INFO. MAX_SAMPLE_AGE_DAYS is how many
// days old a sample may be; the default is 14.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/metrics-dashboard/metrics-dashboard/functions/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/environment"
	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "transform:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	log, err := environment.Log(os.Getenv("LOG_LEVEL"))
	if err != nil {
		return err
	}
	maxAge, err := transform.MaxAge(os.Getenv)
	if err != nil {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("load AWS configuration: %w", err)
	}
	lambda.Start(transform.New(transform.Options{
		Stream: firehose.New(cfg),
		MaxAge: maxAge,
		Log:    log,
	}))
	return nil
}
