package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// newFailed returns the command about the records that Firehose gave up.
func newFailed() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "failed",
		Short: "List, show and send again the records that Firehose gave up",
		Long: "Firehose keeps each record that it cannot deliver below errors/ in the bucket, with its original bytes. These commands list\n" +
			"such records, show them, and send them to the delivery stream again, after the cause is mended.",
	}
	cmd.AddCommand(newFailedList(), newFailedShow(), newFailedExport(), newFailedReplay())
	return cmd
}

// failedOptions say where the failed records are, and which of them are meant.
type failedOptions struct {
	lake     string
	s3       bool
	stack    string
	region   string
	reason   string
	from, to string
	host     string
}

func (o *failedOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.lake, "lake", defaultLake, "directory of the lake, or of a bucket in it")
	f.BoolVar(&o.s3, "s3", false, "the failed records of the deployed stack in S3, instead of those in a directory")
	f.StringVar(&o.stack, "stack", defaultStack, "name of the stack")
	f.StringVar(&o.region, "region", "", "region of the stack (default that of the environment or profile)")
	f.StringVar(&o.reason, "reason", "", "only this reason: a folder below errors/, such as processing-failed, or an error code")
	f.StringVar(&o.from, "from", "", "only records that Firehose received at this time or later: a date (UTC) or RFC 3339")
	f.StringVar(&o.to, "to", "", "only records that Firehose received before this time")
	f.StringVar(&o.host, "host", "", "only records of this host")
}

func (o *failedOptions) check(cmd *cobra.Command) error {
	if o.s3 && cmd.Flags().Changed("lake") {
		return program.Refusef("--lake is for a directory, not for --s3: leave out one of them")
	}
	return nil
}

func (o *failedOptions) selection() (failed.Selection, error) {
	s := failed.Selection{Reason: o.reason, Host: o.host}
	var errs []error
	for _, limit := range []struct {
		flag, text string
		to         *time.Time
	}{{"from", o.from, &s.From}, {"to", o.to, &s.To}} {
		if limit.text == "" {
			continue
		}
		t, err := time.Parse(time.DateOnly, limit.text)
		if err != nil {
			t, err = time.Parse(time.RFC3339, limit.text)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s %s: want a date such as 2026-02-03, or a time such as 2026-02-03T04:05:06Z", limit.flag, limit.text))
		}
		*limit.to = t
	}
	if !s.From.IsZero() && !s.To.IsZero() && !s.From.Before(s.To) {
		errs = append(errs, fmt.Errorf("--from %s is not before --to %s", o.from, o.to))
	}
	return s, program.Refuse(errors.Join(errs...))
}

// open opens the storage. For a deployed stack it also returns the AWS configuration and the name of the delivery stream.
func (o *failedOptions) open(ctx context.Context) (storage failed.Storage, cfg aws.Config, stream string, err error) {
	if !o.s3 {
		storage, err = failed.OpenFolder(o.lake)
		return storage, cfg, "", err
	}
	if cfg, err = athena.Configure(ctx, o.region); err != nil {
		return nil, cfg, "", err
	}
	var bucket, folder string
	err = athena.Parameters(ctx, cfg, o.stack, map[string]*string{
		"bucket-name": &bucket, "error-prefix": &folder, record.ParameterStream: &stream,
	})
	if err == nil && folder != failed.Errors {
		err = fmt.Errorf("the stack %s keeps failed records below %s, want %s: use the dashboard of its version", o.stack, folder, failed.Errors)
	}
	return cloud.NewBucket(cfg, bucket), cfg, stream, err
}

// localStream finds the delivery stream of a local stack that is running.
func (o *failedOptions) localStream(ctx context.Context, endpoint string) (cfg aws.Config, stream string, err error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" || !loopback.Host(u.Hostname()) {
		return cfg, "", program.Refusef("--endpoint %q: want the address that local up prints, such as http://127.0.0.1:4566", endpoint)
	}
	region := o.region
	if region == "" {
		region = "us-east-1"
	}
	cfg, err = athena.Configure(ctx, region)
	if err != nil {
		return cfg, "", err
	}
	cfg.BaseEndpoint = &endpoint
	cfg.Credentials = credentials.NewStaticCredentialsProvider("local", "local", "") // the local stack checks none
	err = athena.Parameters(ctx, cfg, o.stack, map[string]*string{record.ParameterStream: &stream})
	return cfg, stream, err
}
