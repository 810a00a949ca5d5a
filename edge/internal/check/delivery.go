package check

import (
	"context"
	"errors"
	"fmt"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// delivery sends one sample, as the pack that a collector would send.
func (c *checker) delivery(ctx context.Context) Result {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	s, err := c.Sample(ctx)
	if err != nil {
		return failure(err, "set the machine's clock")
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
	if err == nil {
		err = results[0] // Put returns a result for each record, or an error
	}
	if err != nil {
		return failure(err, c.hint(err))
	}
	return Result{Outcome: OK, Text: fmt.Sprintf("%s took one sample of %s, at %s", c.target.Stream, s.Hostname, c.watch.endpoint)}
}

func (c *checker) hint(err error) string {
	switch {
	case errors.Is(err, ship.ErrThrottled):
		return "the stream's limit is reached; a collector would wait and try again"
	case errors.Is(err, cloud.ErrGone):
		return "is the stack deployed, and the stream active?"
	}
	return "may these credentials put records (the stack's edge policy allows it)" + c.watch.reach() + "?"
}
