// Package firehose puts records back onto a delivery stream through the AWS SDK. It is the functions' way to Firehose, not
// the collector's: it retries nothing that its caller retries.
package firehose

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
)

// Client puts records.
type Client struct {
	api *firehose.Client
}

// New returns a client. Calls are not retried by the SDK: callers retry entries, and would multiply the attempts.
func New(cfg aws.Config) *Client {
	return &Client{api: firehose.NewFromConfig(cfg, func(o *firehose.Options) {
		o.Retryer = aws.NopRetryer{}
	})}
}

// PutRecordBatch puts records as one batch and returns the indexes of those that were not accepted. An answer that does
// not speak of each record is an error: nothing is known of any of them then.
func (c *Client) PutRecordBatch(ctx context.Context, stream string, records [][]byte) (failed []int, err error) {
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: &stream, Records: make([]types.Record, len(records))}
	for i, r := range records {
		in.Records[i].Data = r
	}
	out, err := c.api.PutRecordBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("put %d records onto %s: %w", len(records), stream, err)
	}
	if len(out.RequestResponses) != len(records) {
		return nil, fmt.Errorf("put %d records onto %s: answer speaks of %d", len(records), stream, len(out.RequestResponses))
	}
	for i, r := range out.RequestResponses {
		if r.ErrorCode != nil {
			failed = append(failed, i)
		}
	}
	return failed, nil
}
