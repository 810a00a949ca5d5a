package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// delivery sends one sample, packed as the collector packs.
func (c *checker) delivery(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	s, err := c.Sample(ctx)
	if err != nil {
		return failure(err, "the machine's clock must be set")
	}
	var w record.PackWriter
	if err := w.Add(s.AppendJSON(nil), record.HourOf(s.TS)); err != nil {
		return failure(err, "")
	}
	pack, err := w.Bytes()
	if err != nil {
		return failure(err, "")
	}
	cfg := c.aws.Copy()
	cfg.Region = c.target.Region
	results, err := cloud.NewStream(cfg, c.target.Stream).Put(ctx, [][]byte{pack})
	switch {
	case err != nil:
	case len(results) != 1:
		err = fmt.Errorf("%d results for one record", len(results))
	default:
		err = results[0]
	}
	if err != nil {
		return failure(err, hint(err, c.target.Region))
	}
	return Result{Outcome: OK, Text: fmt.Sprintf("%s took one sample of %s", c.target.Stream, s.Hostname)}
}

func hint(err error, region string) string {
	switch {
	case errors.Is(err, ship.ErrThrottled):
		return "the stream's limit is reached; the collector would wait and try again"
	case errors.Is(err, cloud.ErrGone):
		return "is the stack deployed, and the stream active?"
	}
	return "may these credentials put records (the stack's edge policy allows it), and does the machine reach firehose." + region +
		".amazonaws.com?"
}
