package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/discover"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/firehose"
)

// rediscovery bounds the pauses between questions for a stream that is gone. SSM answers an account's parameter requests 40
// times a second by default; a thousand machines ask it 4 times a second after the first minutes.
var rediscovery = backoff.Policy{Base: 10 * time.Second, Cap: 8 * time.Minute}

// stream is the delivery stream that the shipper sends to. When the stream is gone, because the stack was deployed anew, the
// one that took its place is asked for, at a time drawn for each machine.
type stream struct {
	agent  *agent
	config aws.Config
	target discover.Target
	client *firehose.Stream

	gone int       // how often in a row
	ask  time.Time // when to ask for another
}

func newStream(a *agent, cfg aws.Config, t discover.Target) *stream {
	return &stream{agent: a, config: cfg, target: t, client: firehose.New(cfg, t.Stream)}
}

// Put implements [ship.Destination]. It is called by one goroutine.
func (s *stream) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if s.gone > 0 && !time.Now().Before(s.ask) {
		s.refresh(ctx)
	}
	results, err := s.client.Put(ctx, records)
	switch {
	case !errors.Is(err, firehose.ErrGone):
		s.gone = 0
	case s.agent.options.Stream == "" && (s.gone == 0 || !time.Now().Before(s.ask)):
		s.gone++
		s.ask = time.Now().Add(rediscovery.Delay(s.gone))
	}
	return results, err
}

// refresh asks where to send to. Where there is no answer, what was known stays; the failure to deliver is logged already.
func (s *stream) refresh(ctx context.Context) {
	t, err := discover.Find(ctx, s.agent.aws, s.agent.options.Stack)
	if err != nil || t == s.target {
		return
	}
	s.agent.log.LogAttrs(ctx, slog.LevelInfo, "shipping to another stream",
		slog.String("stream", t.Stream), slog.String("region", t.Region), slog.String("before", s.target.Stream))
	s.target = t
	s.config.Region = t.Region
	s.client = firehose.New(s.config, t.Stream)
}
