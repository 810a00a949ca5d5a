package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
)

// Stream is a delivery stream behind the AWS SDK.
type Stream struct {
	api  *firehose.Client
	name string
}

// NewStream returns the stream of a name. The SDK repeats no call: entries are repeated here.
func NewStream(cfg aws.Config, name string) *Stream {
	return &Stream{name: name, api: firehose.NewFromConfig(cfg, func(o *firehose.Options) { o.Retryer = aws.NopRetryer{} })}
}

// Waits between attempts, with full jitter. A stream that is throttled takes more when it has delivered.
const (
	backoffBase = 50 * time.Millisecond
	backoffCap  = 2 * time.Second
	// giveUp is how many attempts in a row may fail for another reason than throttling.
	giveUp = 8
)

// Put puts records until each is accepted. It gives up where the stream does not answer or refuses for good.
func (s *Stream) Put(ctx context.Context, records [][]byte) error {
	left := make([]types.Record, len(records))
	for i, r := range records {
		left[i].Data = r
	}
	for attempt, failures := 0, 0; ; attempt++ {
		out, err := s.api.PutRecordBatch(ctx, &firehose.PutRecordBatchInput{DeliveryStreamName: &s.name, Records: left})
		throttled := errors.As(err, new(*types.ServiceUnavailableException))
		switch {
		case err == nil && len(out.RequestResponses) == len(left):
			before := len(left)
			if left = refused(left, out.RequestResponses); len(left) == 0 {
				return nil
			}
			failures = 0
			if len(left) < before {
				attempt = 0
			}
		case err == nil:
			err = fmt.Errorf("answer speaks of %d of %d records", len(out.RequestResponses), len(left))
			failures++
		case !throttled:
			failures++
		}
		if failures == giveUp || errors.As(err, new(*types.ResourceNotFoundException)) || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(rand.N(min(backoffCap, backoffBase<<min(attempt, 10)) + 1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// refused returns the records whose entry says that they were not accepted.
func refused(records []types.Record, entries []types.PutRecordBatchResponseEntry) []types.Record {
	var left []types.Record
	for i, e := range entries {
		if e.ErrorCode != nil {
			left = append(left, records[i])
		}
	}
	return left
}
