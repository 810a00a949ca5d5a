package cloud

import (
	"context"
	"errors"
	"fmt"
	nethttp "net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// Stream is a client for one delivery stream. It sends each request once; package ship decides what to send again.
type Stream struct {
	name   string
	cfg    aws.Config
	client *firehose.Client
}

// NewStream returns a client for the delivery stream of that name in the configuration's region.
func NewStream(cfg aws.Config, name string) *Stream {
	client := firehose.NewFromConfig(cfg, func(o *firehose.Options) { o.Retryer = aws.NopRetryer{} })
	return &Stream{name, cfg, client}
}

// ErrGone says that the delivery stream does not exist in the region, or is not active yet.
var ErrGone = errors.New("does not exist in this region or is not active yet")

// Put sends the records as one PutRecordBatch, see [ship.Destination]. If an answer contradicts itself, no record counts as accepted:
// it is better to send records twice than to lose them.
func (s *Stream) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if _, err := Credentials(ctx, s.cfg); err != nil {
		return nil, err
	}
	in := &firehose.PutRecordBatchInput{DeliveryStreamName: &s.name, Records: make([]types.Record, len(records))}
	for i, r := range records {
		in.Records[i].Data = r
	}
	out, err := s.client.PutRecordBatch(ctx, in)
	if err != nil {
		return nil, brief(s.explain(err))
	}
	if len(out.RequestResponses) != len(records) {
		return nil, fmt.Errorf("delivery stream %s answered with %d results for %d records", s.name, len(out.RequestResponses), len(records))
	}
	results := make([]error, len(records))
	failed := 0
	for i, r := range out.RequestResponses {
		if r.ErrorCode != nil || aws.ToString(r.RecordId) == "" {
			results[i] = brief(entryError(aws.ToString(r.ErrorCode), aws.ToString(r.ErrorMessage)))
			failed++
		}
	}
	if said := out.FailedPutCount; said != nil && int(*said) != failed {
		return nil, fmt.Errorf("delivery stream %s answered that %d records failed, but %d results have an error", s.name, *said, failed)
	}
	return results, nil
}

// serviceUnavailable is Firehose's error code if a limit is reached, for a whole request as well as for a record.
const serviceUnavailable = "ServiceUnavailableException"

func entryError(code, message string) error {
	if code == "" {
		return errors.New("the result has neither a record id nor an error code")
	}
	err := fmt.Errorf("%s: %s", code, message)
	if code == serviceUnavailable {
		err = fmt.Errorf("%w: %w", ship.ErrThrottled, err)
	}
	return explainCode(err)
}

// explain adds the kind of an error, for package ship, or what a person can do about it.
func (s *Stream) explain(err error) error {
	var answer *http.ResponseError
	if errors.As(err, &answer) && answer.HTTPStatusCode() == nethttp.StatusRequestEntityTooLarge {
		return fmt.Errorf("%w: a server before delivery stream %s says that the request is too large: %w", ship.ErrInvalid, s.name, err)
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode() {
	case serviceUnavailable:
		return fmt.Errorf("%w: %w", ship.ErrThrottled, err)
	case "InvalidArgumentException", "ValidationException", "SerializationException":
		return fmt.Errorf("%w by delivery stream %s: %w", ship.ErrInvalid, s.name, err)
	case "ResourceNotFoundException":
		return fmt.Errorf("delivery stream %s %w; check --stack, --stream and --region: %w", s.name, ErrGone, err)
	case "AccessDeniedException":
		return fmt.Errorf("these credentials may not put records on %s; attach the stack's edge policy: %w", s.name, err)
	}
	return explainCode(err)
}
