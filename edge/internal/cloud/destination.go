package cloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// How often the stack is asked where to send, each pause drawn for each machine. SSM answers an account's parameter requests 40
// times a second by default; ten thousand machines ask 17 times a second on average.
const (
	refreshSoonest, refreshLatest = 5 * time.Minute, 15 * time.Minute
	// firstRefresh is how soon an answer that was kept on disk is checked.
	firstRefresh = 2 * time.Minute
	// searchCap bounds the pauses between questions while no answer is known.
	searchCap = time.Minute
)

// rediscovery bounds the pauses between questions for a stream that is gone: a thousand machines ask SSM 4 times a second after
// the first minutes.
var rediscovery = retry.Policy{Base: 10 * time.Second, Cap: 8 * time.Minute}

// Settings say where to send: the stack to ask, or the stream that is the answer. An empty Region is that of the environment,
// profile or instance.
type Settings struct{ Stack, Stream, Region string }

// Options say what a destination needs. All are required.
type Options struct {
	Cache Cache // keeps the stack's last answer
	// EdgeConfig takes the stack's edge-config whenever the answer of the stack has changed.
	EdgeConfig func(text string)
	Log        *slog.Logger
}

// Destination is where a collector sends to. It lives as long as the process: it asks the stack where to send until there is
// an answer, asks again every few minutes, keeps the answer on disk, and follows the stack to another stream. It is safe for
// concurrent use, except that one goroutine at a time may call Put.
type Destination struct {
	options                  Options
	loading, asking, keeping *retry.State
	known                    chan struct{} // closed when the target is known for the first time
	tuned                    chan struct{} // has an element if the settings have changed since Run looked
	find                     func(ctx context.Context, cfg aws.Config, stack string) (Target, error)
	load                     func(ctx context.Context, region string) (aws.Config, error)

	questions sync.Mutex // held while the stack is asked, so that it is asked once at a time

	mu       sync.Mutex // guards the fields below
	settings Settings
	aws      *aws.Config // nil if it could not be loaded
	stale    bool        // aws has to be loaded anew
	renewed  time.Time   // when a refused key last made it be loaded anew
	target   Target      // Stream is empty while the target is not known
	stream   *Stream     // the client for target; nil if it has to be made

	// Only Put uses these.
	gone    int       // how often in a row the stream did not exist
	askNext time.Time // when to ask for the stream that replaced it
}

// ErrUnknown says that the stack has not said yet where to send.
var ErrUnknown = errors.New("where to send is not known yet")

// NewDestination returns a destination that has no settings yet: call Tune before Run and Put.
func NewDestination(o Options) *Destination {
	return &Destination{
		options: o, loading: retry.NewState(o.Log, "the AWS configuration"), asking: retry.NewState(o.Log, "discovery"),
		keeping: retry.NewState(o.Log, "keeping where to send"), known: make(chan struct{}), tuned: make(chan struct{}, 1),
		find: Find, load: Load,
	}
}

// Tune takes settings, and loads the AWS configuration anew also if they are the same. If the disk has the stack's last answer,
// the target is known at once. Tune fails, and changes nothing, if a setting of AWS is wrong. If the configuration cannot be
// loaded otherwise, because nothing names a region or a file is just being written, Run tries again.
func (d *Destination) Tune(ctx context.Context, s Settings) error {
	cfg, kept, err := d.prepare(ctx, s)
	if errors.As(err, new(settingError)) {
		return err
	}
	d.mu.Lock()
	if s != d.settings {
		d.target, d.aws, d.stream = Target{}, nil, nil
	}
	d.settings, d.stale = s, true
	d.mu.Unlock()
	if err != nil {
		d.loading.Failed(err)
	} else {
		d.use(s, cfg, kept)
	}
	select {
	case d.tuned <- struct{}{}:
	default: // Run has not looked since the last time
	}
	return nil
}

// prepare loads the AWS configuration for settings, and the target if it is known without asking.
func (d *Destination) prepare(ctx context.Context, s Settings) (cfg aws.Config, t Target, err error) {
	kept, asked, keptErr := d.options.Cache.Load(s.Stack, s.Region)
	cfg, err = d.load(ctx, s.Region)
	if errors.Is(err, ErrNoRegion) && keptErr == nil && s.Stream == "" {
		// No region is configured now; use the one that answered last time.
		cfg, err = d.load(ctx, asked)
	}
	switch {
	case err != nil:
	case s.Stream != "":
		t = Target{Stream: s.Stream, Region: cfg.Region}
	case keptErr == nil && asked == cfg.Region:
		t = kept
	case keptErr != nil && !errors.Is(keptErr, fs.ErrNotExist):
		d.options.Log.LogAttrs(ctx, slog.LevelWarn, "where samples were sent before is not used", slog.String("error", keptErr.Error()))
	}
	return cfg, t, err
}

// use puts a loaded configuration in force for the settings it was loaded for, and a target if none is known.
func (d *Destination) use(s Settings, cfg aws.Config, t Target) {
	d.loading.OK()
	d.mu.Lock()
	if s != d.settings {
		d.mu.Unlock()
		return // other settings have come in the meantime
	}
	d.aws, d.stream, d.stale = &cfg, nil, false
	first := d.target.Stream == "" && t.Stream != ""
	if first {
		d.learnLocked(t)
	}
	d.mu.Unlock()
	if first && s.Stream == "" {
		d.options.EdgeConfig(t.EdgeConfig)
	}
}

// learn takes an answer to a question that was asked with the given settings. It returns whether it is a new one.
func (d *Destination) learn(s Settings, t Target) (differs bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s != d.settings || t == d.target {
		return false
	}
	d.learnLocked(t)
	return true
}

func (d *Destination) learnLocked(t Target) {
	before := d.target
	d.target = t
	if before.Stream == t.Stream && before.Region == t.Region {
		return
	}
	d.stream = nil
	attrs := []slog.Attr{slog.String("stream", t.Stream), slog.String("region", t.Region)}
	select {
	case <-d.known:
		d.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "shipping to another stream", attrs...)
	default:
		close(d.known)
		d.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "shipping", attrs...)
	}
}

// Target is where to send to, and whether that is known.
func (d *Destination) Target() (t Target, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.target, d.target.Stream != ""
}

// Known is closed when the target is known for the first time.
func (d *Destination) Known() <-chan struct{} { return d.known }

// Health is what keeps the target from being known or kept.
func (d *Destination) Health() []*retry.State {
	return []*retry.State{d.loading, d.asking, d.keeping}
}

// Run asks where to send until ctx ends. The question that is under way then may still be answered, as long as answered lasts.
func (d *Destination) Run(ctx, answered context.Context) {
	pause := time.Duration(0)
	if _, known := d.Target(); known {
		pause = retry.Spread(firstRefresh)
	}
	d.drain() // the settings that it was made with
	for failures := 0; ; {
		tuned, ok := d.sleep(ctx, pause)
		if !ok {
			return
		}
		if tuned {
			failures = 0
			if _, known := d.Target(); known {
				pause = retry.Spread(firstRefresh)
				continue
			}
		}
		_, known := d.Target()
		if err := d.ask(answered); err != nil && ctx.Err() == nil {
			failures++
			policy := retry.Policy{Base: time.Second, Cap: searchCap}
			if known {
				policy.Cap = refreshSoonest
			}
			pause = policy.Delay(failures)
		} else {
			failures = 0
			pause = refreshSoonest + retry.Spread(refreshLatest-refreshSoonest)
		}
	}
}

func (d *Destination) drain() {
	select {
	case <-d.tuned:
	default:
	}
}

// sleep waits for a pause to end, or for other settings. ok is false if the context ended.
func (d *Destination) sleep(ctx context.Context, pause time.Duration) (tuned, ok bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false, false
	case <-d.tuned:
		return true, true
	case <-timer.C:
		return false, ctx.Err() == nil
	}
}

// ask makes sure that the AWS configuration is loaded, asks the stack once where to send, and keeps what is new.
func (d *Destination) ask(ctx context.Context) error {
	d.questions.Lock()
	defer d.questions.Unlock()
	s, cfg, err := d.loaded(ctx)
	if err != nil || s.Stream != "" {
		return err
	}
	t, err := d.find(ctx, *cfg, s.Stack)
	if errors.Is(err, ship.ErrCredentials) && d.renew(ctx, cfg) {
		if s, cfg, err = d.loaded(ctx); err == nil {
			t, err = d.find(ctx, *cfg, s.Stack)
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			d.asking.Failed(err)
		}
		return err
	}
	d.asking.OK()
	if !d.learn(s, t) {
		return nil
	}
	if err := d.options.Cache.Store(s.Stack, cfg.Region, t); err != nil {
		d.keeping.Failed(err)
	} else {
		d.keeping.OK()
	}
	d.options.EdgeConfig(t.EdgeConfig)
	return nil
}

// loaded returns the settings and the AWS configuration for them. It loads the configuration if that is to be done.
func (d *Destination) loaded(ctx context.Context) (Settings, *aws.Config, error) {
	d.mu.Lock()
	s, cfg, stale := d.settings, d.aws, d.stale
	d.mu.Unlock()
	if cfg != nil && !stale {
		return s, cfg, nil
	}
	loaded, kept, err := d.prepare(ctx, s)
	if err != nil {
		d.loading.Failed(err)
		if cfg != nil {
			return s, cfg, nil // the one before is better than none
		}
		return s, nil, err
	}
	d.use(s, loaded, kept)
	return s, &loaded, nil
}

// renewal is how often a refused key makes the AWS configuration be loaded anew, at most.
const renewal = 10 * time.Second

// renew loads the AWS configuration anew after a request with the credentials of used was refused. The SDK reads files and
// variables only once: the keys of a profile never change in a configuration, and a chain that ended at the instance's role
// does not see a file that was written later (aws/aws-sdk-go-v2 issue 2135). It returns whether there are other credentials.
func (d *Destination) renew(ctx context.Context, used *aws.Config) bool {
	d.mu.Lock()
	s, now := d.settings, d.aws
	due := now == used && time.Since(d.renewed) >= renewal
	if due {
		d.renewed = time.Now()
	}
	d.mu.Unlock()
	if now != used {
		return now != nil // another request was refused before this one
	}
	if !due {
		return false
	}
	cfg, kept, err := d.prepare(ctx, s)
	if err != nil {
		d.loading.Failed(err)
		return false
	}
	after, err := Credentials(ctx, cfg)
	if err != nil {
		return false
	}
	before, err := Credentials(ctx, *used)
	if err == nil && before.AccessKeyID == after.AccessKeyID && before.SecretAccessKey == after.SecretAccessKey && before.SessionToken == after.SessionToken {
		return false
	}
	d.use(s, cfg, kept)
	d.options.Log.LogAttrs(ctx, slog.LevelInfo, "signing with other credentials", slog.String("source", after.Source))
	return true
}

// Put implements [ship.Destination]. If the stream is gone because the stack was deployed anew, Put asks for the one that
// replaced it, at a time drawn for each machine.
func (d *Destination) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if d.gone > 0 && !time.Now().Before(d.askNext) {
		_ = d.ask(ctx) // without an answer the target stays; the failure to deliver is logged already
	}
	stream, used, discovers := d.current()
	if stream == nil {
		return nil, fmt.Errorf("%w: edge status says what fails", ErrUnknown)
	}
	results, err := stream.Put(ctx, records)
	if errors.Is(err, ship.ErrCredentials) && d.renew(ctx, used) {
		if stream, _, discovers = d.current(); stream != nil {
			results, err = stream.Put(ctx, records)
		}
	}
	switch {
	case !errors.Is(err, ErrGone):
		d.gone = 0
	case discovers && (d.gone == 0 || !time.Now().Before(d.askNext)):
		d.gone++
		d.askNext = time.Now().Add(rediscovery.Delay(d.gone))
	}
	return results, err
}

// current returns the client for the target, nil if no target is known, the AWS configuration that it is made of, and whether a
// stack says what the target is.
func (d *Destination) current() (s *Stream, of *aws.Config, discovers bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stream == nil && d.aws != nil && d.target.Stream != "" {
		cfg := d.aws.Copy()
		cfg.Region = d.target.Region
		d.stream = NewStream(cfg, d.target.Stream)
	}
	return d.stream, d.aws, d.settings.Stream == ""
}
