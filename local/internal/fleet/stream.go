package fleet

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/metrics-dashboard/metrics-dashboard/functions/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// Stream is a delivery stream. It is a [Destination].
type Stream struct {
	client *firehose.Client
	name   string
}

// NewStream returns the stream of that name.
func NewStream(cfg aws.Config, name string) *Stream { return &Stream{firehose.New(cfg), name} }

// Pauses between attempts, with full jitter. A throttled stream accepts records again when it has delivered some.
const (
	backoffBase = 50 * time.Millisecond
	backoffCap  = 2 * time.Second
	// giveUp is after how many failures in a row Put fails. Throttled attempts do not count.
	giveUp = 8
)

// Put puts records until each is accepted. It fails if the stream does not exist, or after giveUp failures.
func (s *Stream) Put(ctx context.Context, records [][]byte) error {
	for attempt, failures := 0, 0; ; attempt++ {
		rejected, err := s.client.PutRecordBatch(ctx, s.name, records)
		switch {
		case err == nil && len(rejected) == 0:
			return nil
		case err == nil:
			failures = 0
			if len(rejected) < len(records) {
				attempt = 0
			}
			left := make([][]byte, len(rejected))
			for n, i := range rejected {
				left[n] = records[i]
			}
			records = left
		case !errors.As(err, new(*types.ServiceUnavailableException)):
			failures++
		}
		if failures == giveUp || errors.As(err, new(*types.ResourceNotFoundException)) || ctx.Err() != nil {
			return err
		}
		if err := pause.For(ctx, rand.N(min(backoffCap, backoffBase<<min(attempt, 10))+1)); err != nil {
			return err
		}
	}
}
