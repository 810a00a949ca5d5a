package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/awsconf"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/backoff"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/discover"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
)

// How often the stack is asked where to send, each pause drawn for each machine. SSM answers an account's parameter requests 40
// times a second by default; ten thousand machines ask 17 times a second on average.
const (
	refreshSoonest, refreshLatest = 5 * time.Minute, 15 * time.Minute
	// firstRefresh is how soon an answer of the disk is checked.
	firstRefresh = 2 * time.Minute
)

// locator knows where to send to, by the settings of one stack. It asks until there is an answer, and again every few minutes.
type locator struct {
	stack, stream, region string // of the settings
	aws                   aws.Config
	cache                 discover.Cache
	asks, keeps           *health.State
	find                  func(ctx context.Context) (discover.Target, error)
	retune                func(central string)

	known chan struct{} // closed when there is a target
	done  chan struct{} // closed when run has ended

	asking sync.Mutex // held while the stack is asked
	mu     sync.Mutex
	target discover.Target
}

// newLocator returns the locator for a configuration, which knows the last answer if the disk does. It fails where the
// configuration names no region or a forbidden endpoint.
func (a *agent) newLocator(ctx context.Context, c config.Config) (*locator, error) {
	l := &locator{
		stack: c.Stack, stream: c.Stream, region: c.Region, cache: a.cache, retune: a.retune,
		asks: health.NewState(a.log, "discovery"), keeps: health.NewState(a.log, "keeping where to send"),
		known: make(chan struct{}), done: make(chan struct{}),
	}
	kept, asked, keptErr := a.cache.Load(c.Stack, c.Region)
	cfg, err := awsconf.Load(ctx, c.Region)
	if errors.Is(err, awsconf.ErrNoRegion) && keptErr == nil && c.Stream == "" {
		// Nobody answers who knew it before.
		cfg, err = awsconf.Load(ctx, asked)
	}
	if err != nil {
		return nil, err
	}
	l.aws = cfg
	l.find = func(ctx context.Context) (discover.Target, error) { return discover.Find(ctx, l.aws, l.stack) }
	switch {
	case c.Stream != "":
		l.learn(discover.Target{Stream: c.Stream, Region: cfg.Region})
	case keptErr == nil && asked == cfg.Region:
		l.learn(kept)
	case keptErr != nil && !errors.Is(keptErr, fs.ErrNotExist):
		a.log.LogAttrs(ctx, slog.LevelWarn, "where samples were sent before is not used", slog.String("error", keptErr.Error()))
	}
	return l, nil
}

// serves reports whether the locator is the one for a configuration.
func (l *locator) serves(c config.Config) bool {
	return l.stack == c.Stack && l.stream == c.Stream && l.region == c.Region
}

// Target is where to send to, and whether that is known.
func (l *locator) Target() (discover.Target, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.target, l.target.Stream != ""
}

// learn takes an answer. It returns whether it differs from the one before.
func (l *locator) learn(t discover.Target) (differs bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.target == t {
		return false
	}
	if l.target.Stream == "" {
		close(l.known)
	}
	l.target = t
	return true
}

// run asks until the context ends. The question under way then may still be answered, as long as flush lasts.
func (l *locator) run(ctx, flush context.Context) {
	defer close(l.done)
	if l.stream != "" {
		return
	}
	policy := backoff.Policy{Base: time.Second, Cap: time.Minute}
	if _, known := l.Target(); known {
		policy.Cap = refreshSoonest
		if !backoff.Sleep(ctx, nil, backoff.Spread(firstRefresh)) {
			return
		}
	}
	for failures := 0; ; {
		pause := refreshSoonest + backoff.Spread(refreshLatest-refreshSoonest)
		if err := l.ask(flush); err != nil && ctx.Err() == nil {
			failures++
			l.asks.Failed(err)
			pause = policy.Delay(failures)
		} else {
			failures = 0
			policy.Cap = refreshSoonest
		}
		if !backoff.Sleep(ctx, nil, pause) {
			return
		}
	}
}

// ask asks the stack once, and keeps what is new.
func (l *locator) ask(ctx context.Context) error {
	l.asking.Lock()
	defer l.asking.Unlock()
	t, err := l.find(ctx)
	if err != nil {
		return err
	}
	l.asks.OK()
	if !l.learn(t) {
		return nil
	}
	if err := l.cache.Store(l.stack, l.aws.Region, t); err != nil {
		l.keeps.Failed(err)
	} else {
		l.keeps.OK()
	}
	l.retune(t.EdgeConfig)
	return nil
}

// health is what keeps the target from being known or kept.
func (l *locator) health() []*health.State { return []*health.State{l.asks, l.keeps} }
