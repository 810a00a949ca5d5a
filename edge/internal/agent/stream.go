package agent

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/discover"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/firehose"
)

// rediscovery bounds the pauses between questions for a stream that is gone: a thousand machines ask SSM 4 times a second after
// the first minutes.
var rediscovery = backoff.Policy{Base: 10 * time.Second, Cap: 8 * time.Minute}

// stream is the delivery stream that the shipper sends to: the one that the locator knows. When it is gone, because the stack
// was deployed anew, the one that took its place is asked for, at a time drawn for each machine.
type stream struct {
	log     *slog.Logger
	locator *locator
	target  discover.Target
	client  *firehose.Stream

	gone int       // how often in a row
	ask  time.Time // when to ask for another
}

func newStream(log *slog.Logger, l *locator) *stream {
	s := &stream{log: log, locator: l}
	t, _ := l.Target()
	s.use(t)
	return s
}

func (s *stream) use(t discover.Target) {
	cfg := s.locator.aws.Copy()
	cfg.Region = t.Region
	s.target, s.client = t, firehose.New(cfg, t.Stream)
}

// Put implements [ship.Destination]. It is called by one goroutine.
func (s *stream) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if s.gone > 0 && !time.Now().Before(s.ask) {
		_ = s.locator.ask(ctx) // where there is no answer, what was known stays; the failure to deliver is logged already
	}
	if t, _ := s.locator.Target(); t.Stream != s.target.Stream || t.Region != s.target.Region {
		s.log.LogAttrs(ctx, slog.LevelInfo, "shipping to another stream",
			slog.String("stream", t.Stream), slog.String("region", t.Region), slog.String("before", s.target.Stream))
		s.use(t)
	}
	results, err := s.client.Put(ctx, records)
	switch {
	case !errors.Is(err, firehose.ErrGone):
		s.gone = 0
	case s.locator.stream == "" && (s.gone == 0 || !time.Now().Before(s.ask)):
		s.gone++
		s.ask = time.Now().Add(rediscovery.Delay(s.gone))
	}
	return results, err
}
