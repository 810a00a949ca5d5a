package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/objects"
)

// Stream is a delivery stream.
type Stream struct {
	client *firehose.Client
	cfg    aws.Config
	name   string
}

// NewStream returns the delivery stream of that name. Its client sends each request once: to repeat a request without an answer would
// deliver its records twice.
func NewStream(cfg aws.Config, name string) *Stream {
	return &Stream{name: name, cfg: cfg, client: firehose.NewFromConfig(cfg, func(o *firehose.Options) { o.Retryer = aws.NopRetryer{} })}
}

// Put implements [failed.Stream].
func (s *Stream) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if s.cfg.Credentials != nil {
		if _, err := s.cfg.Credentials.Retrieve(ctx); err != nil { // nothing was sent
			return nil, fmt.Errorf("%w: AWS credentials: %w", failed.ErrRefused, err)
		}
	}
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: &s.name, Records: make([]types.Record, len(records))}
	for i, r := range records {
		in.Records[i].Data = r
	}
	out, err := s.client.PutRecordBatch(ctx, in)
	if err != nil {
		return nil, s.explain(err)
	}
	results := make([]error, len(out.RequestResponses))
	for i, r := range out.RequestResponses {
		if r.ErrorCode != nil || aws.ToString(r.RecordId) == "" {
			results[i] = fmt.Errorf("%s: %s", aws.ToString(r.ErrorCode), aws.ToString(r.ErrorMessage))
		}
	}
	return results, nil
}

// explain says of an error whether Firehose accepted anything. An answer with a status of 4xx, or with the code of a limit, says that it
// did not. "If there is an internal server error or a timeout, the write might have completed or it might have failed" (Firehose API
// reference, PutRecordBatch).
func (s *Stream) explain(err error) error {
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" { // there was no connection to send on
		return fmt.Errorf("%w: %w", failed.ErrRefused, err)
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	status := objects.StatusOf(err)
	err = fmt.Errorf("delivery stream %s: %s: %s", s.name, api.ErrorCode(), api.ErrorMessage())
	switch code := api.ErrorCode(); {
	case code == "ServiceUnavailableException" || code == "ThrottlingException":
		return fmt.Errorf("%w: %w", failed.ErrThrottled, err)
	case code == "AccessDeniedException":
		return fmt.Errorf("%w: %w; attach the policy in the stack's output ReplayPolicyArn to who runs this", failed.ErrRefused, err)
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return fmt.Errorf("%w: %w", failed.ErrRefused, err)
	}
	return err
}
