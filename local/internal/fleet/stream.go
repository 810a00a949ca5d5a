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

// Stream is a delivery stream. It is a [Destination].
type Stream struct {
	api  *firehose.Client
	name string
}

// NewStream returns the stream of that name. The SDK does not retry calls, because Put does.
func NewStream(cfg aws.Config, name string) *Stream {
	return &Stream{name: name, api: firehose.NewFromConfig(cfg, func(o *firehose.Options) { o.Retryer = aws.NopRetryer{} })}
}

// Pauses between attempts, with full jitter. A throttled stream accepts records again when it has delivered some.
const (
	backoffBase = 50 * time.Millisecond
	backoffCap  = 2 * time.Second
	// giveUp is after how many failures in a row Put fails. Throttled attempts do not count.
	giveUp = 8
)

// Put puts records until each is accepted. It fails if the stream does not exist, or after giveUp failures.
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
			if left = rejected(left, out.RequestResponses); len(left) == 0 {
				return nil
			}
			failures = 0
			if len(left) < before {
				attempt = 0
			}
		case err == nil:
			err = fmt.Errorf("put %d records onto %s: the answer has %d results; want one for each record",
				len(left), s.name, len(out.RequestResponses))
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

// rejected returns the records that the stream did not accept.
func rejected(records []types.Record, entries []types.PutRecordBatchResponseEntry) []types.Record {
	var left []types.Record
	for i, e := range entries {
		if e.ErrorCode != nil {
			left = append(left, records[i])
		}
	}
	return left
}
