// Package firehose puts records onto a delivery stream through the AWS SDK. Its callers retry rejected records themselves: the transform,
// which puts records back, and `local fleet`, which puts those of simulated hosts. The collector has its own client.
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

// New returns a client. The SDK does not retry its calls, because the caller does. Both together would multiply the attempts.
func New(cfg aws.Config) *Client {
	return &Client{api: firehose.NewFromConfig(cfg, func(o *firehose.Options) {
		o.Retryer = aws.NopRetryer{}
	})}
}

// PutRecordBatch puts records as one batch and returns the indexes of the records that Firehose rejected. If the answer does not
// have a result for each record, it fails: it is unknown then which records were accepted.
func (c *Client) PutRecordBatch(ctx context.Context, stream string, records [][]byte) (rejected []int, err error) {
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: &stream, Records: make([]types.Record, len(records))}
	for i, r := range records {
		in.Records[i].Data = r
	}
	out, err := c.api.PutRecordBatch(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("put %d records onto %s: %w", len(records), stream, err)
	}
	if len(out.RequestResponses) != len(records) {
		return nil, fmt.Errorf("put %d records onto %s: the answer has %d results; want one for each record",
			len(records), stream, len(out.RequestResponses))
	}
	for i, r := range out.RequestResponses {
		if r.ErrorCode != nil {
			rejected = append(rejected, i)
		}
	}
	return rejected, nil
}
