// Command transform is the Lambda function that Firehose invokes. Its executable is called bootstrap, as the runtime
// provided.al2023 demands.
//
// It reads two environment variables. LOG_LEVEL is DEBUG, INFO, WARN or ERROR; the default is INFO. MAX_SAMPLE_AGE_DAYS is how many
// days old a sample may be; the default is 14.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/metrics-dashboard/metrics-dashboard/functions/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "transform:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var level slog.Level
	if v := os.Getenv("LOG_LEVEL"); v != "" {
		if err := level.UnmarshalText([]byte(v)); err != nil {
			return fmt.Errorf("LOG_LEVEL=%q: want DEBUG, INFO, WARN or ERROR: %w", v, err)
		}
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
		Log:    slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	}))
	return nil
}
