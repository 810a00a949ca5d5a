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

// Pauses between two questions to the stack. Each is random, so that machines do not ask together. A question is one request, so ten
// thousand machines send 17 a second on average. By default SSM answers 40 a second for an account (AWS General Reference, "AWS Systems
// Manager endpoints and quotas").
const (
	refreshSoonest, refreshLatest = 5 * time.Minute, 15 * time.Minute
	// firstRefresh is the longest pause before the stack is asked to confirm an answer that was read from disk.
	firstRefresh = 2 * time.Minute
	// searchCap is the longest pause while no answer is known.
	searchCap = time.Minute
)

// rediscovery bounds the pauses between two questions if the stream does not exist. After the first minutes, a thousand machines
// send SSM about 4 requests a second.
var rediscovery = retry.Policy{Base: 10 * time.Second, Cap: 8 * time.Minute}

// Settings say where to send: the stack to ask, or a delivery stream. If Region is empty, environment, profile or instance name it.
type Settings struct{ Stack, Stream, Region string }

// Options are what a destination needs. All are required.
type Options struct {
	Cache Cache // keeps the stack's last answer
	// EdgeConfig is called with the stack's edge-config when an answer of the stack becomes known, also from disk, and whenever the
	// answer has changed. If the settings name a stream, no stack is asked, and the text is empty.
	EdgeConfig func(text string)
	Log        *slog.Logger
}

// Destination is where a collector sends to. It lives as long as the process. It asks the stack where to send until it gets an answer,
// stores the answer on disk and asks again every few minutes. If the stack then names another stream, it sends there. It is safe for
// concurrent use, except that only one goroutine at a time may call Put.
type Destination struct {
	options                  Options
	loading, asking, keeping *retry.State
	known                    chan struct{} // closed once a target is known
	tuned                    chan struct{} // has an element if Tune was called and Run has not seen it
	find                     func(ctx context.Context, cfg aws.Config, stack string) (Target, error)
	load                     func(ctx context.Context, region string) (aws.Config, error)

	questions sync.Mutex // held while the stack is asked: one question at a time. It also guards unstored.
	unstored  bool       // the stack's last answer could not be stored

	// telling is held from when a target is taken until its edge-config was passed on. So the last text passed on is of the target in use.
	telling sync.Mutex

	mu       sync.Mutex // guards the fields up to logged
	settings Settings
	aws      *aws.Config // nil if it could not be loaded
	stale    bool        // aws must be loaded again
	renewed  time.Time   // when renew last loaded aws
	target   Target      // Stream is empty while the target is not known
	client   *Stream     // for target; nil if it must be made
	logged   Target      // the stream and region that the log named last; Tune keeps them

	// Only Put uses these.
	gone    int       // how many pauses Put has begun because the stream is missing; 0 if its last attempt ended otherwise
	askNext time.Time // when the present pause ends and Put asks the stack for another stream
}

// ErrUnknown says that no delivery stream is known yet.
var ErrUnknown = errors.New("no delivery stream is known yet")

// NewDestination returns a destination without settings. Call Tune before Run and Put.
func NewDestination(o Options) *Destination {
	return &Destination{
		options: o, loading: retry.NewState(o.Log, "loading the AWS configuration"), asking: retry.NewState(o.Log, "asking the stack where to send"),
		keeping: retry.NewState(o.Log, "storing the stack's answer"), known: make(chan struct{}), tuned: make(chan struct{}, 1),
		find: Find, load: Load,
	}
}

// Tune takes settings. It loads the AWS configuration again, also if the settings are the same. If the disk has the stack's last
// answer, the target is known at once. If a setting of AWS is wrong, Tune fails and changes nothing. If the configuration cannot be
// loaded for another reason, for example because nothing names a region, Run tries again.
func (d *Destination) Tune(ctx context.Context, s Settings) error {
	cfg, kept, err := d.prepare(ctx, s)
	if errors.As(err, new(settingError)) {
		return err
	}
	d.mu.Lock()
	if s != d.settings {
		d.target, d.aws, d.client = Target{}, nil, nil
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
	default: // Run has not seen the last call yet
	}
	return nil
}

// prepare loads the AWS configuration for settings. It also returns the target if settings or disk name it.
func (d *Destination) prepare(ctx context.Context, s Settings) (cfg aws.Config, t Target, err error) {
	kept, askedIn, keptErr := d.options.Cache.Load(s.Stack, s.Region)
	cfg, err = d.load(ctx, s.Region)
	if errors.Is(err, ErrNoRegion) && keptErr == nil && s.Stream == "" {
		// No region is configured now; use the one that answered last time.
		cfg, err = d.load(ctx, askedIn)
	}
	switch {
	case err != nil:
	case s.Stream != "":
		t = Target{Stream: s.Stream, Region: cfg.Region}
	case keptErr == nil && askedIn == cfg.Region:
		t = kept
	case keptErr != nil && !errors.Is(keptErr, fs.ErrNotExist):
		d.options.Log.LogAttrs(ctx, slog.LevelWarn, "the stored answer of the stack is not used", slog.String("error", keptErr.Error()))
	}
	return cfg, t, err
}

// use takes a configuration that was loaded for s. It takes the target t too if no target is known yet.
func (d *Destination) use(s Settings, cfg aws.Config, t Target) {
	d.loading.OK()
	d.telling.Lock()
	defer d.telling.Unlock()
	d.mu.Lock()
	if s != d.settings {
		d.mu.Unlock()
		return // Tune has changed the settings meanwhile
	}
	d.aws, d.client, d.stale = &cfg, nil, false
	first := d.target.Stream == "" && t.Stream != ""
	if first {
		d.learnLocked(t)
	}
	d.mu.Unlock()
	if first {
		d.options.EdgeConfig(t.EdgeConfig)
	}
}

// learn takes the stack's answer to a question with settings s, and passes its edge-config on if the answer is new. It returns true if the
// answer is new.
func (d *Destination) learn(s Settings, t Target) (differs bool) {
	d.telling.Lock()
	defer d.telling.Unlock()
	d.mu.Lock()
	if differs = s == d.settings && t != d.target; differs {
		d.learnLocked(t)
	}
	d.mu.Unlock()
	if differs {
		d.options.EdgeConfig(t.EdgeConfig)
	}
	return differs
}

func (d *Destination) learnLocked(t Target) {
	d.target = t
	if d.logged.Stream == t.Stream && d.logged.Region == t.Region {
		return
	}
	d.client, d.logged = nil, t
	attrs := []slog.Attr{slog.String("stream", t.Stream), slog.String("region", t.Region)}
	select {
	case <-d.known:
		d.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "shipping to another stream", attrs...)
	default:
		close(d.known)
		d.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "shipping", attrs...)
	}
}

// Target returns where to send. known is false if that is not known yet.
func (d *Destination) Target() (t Target, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.target, d.target.Stream != ""
}

// Known returns a channel that is closed once a target is known.
func (d *Destination) Known() <-chan struct{} { return d.known }

// Health returns the states of loading the AWS configuration, of asking the stack and of storing its answer.
func (d *Destination) Health() []*retry.State {
	return []*retry.State{d.loading, d.asking, d.keeping}
}

// Run asks where to send until ctx ends. If a question is under way when ctx ends, Run waits for its answer, but not after limit has
// ended.
func (d *Destination) Run(ctx, limit context.Context) {
	pause := time.Duration(0)
	if _, known := d.Target(); known {
		pause = retry.Spread(firstRefresh)
	}
	d.drain() // Tune was called before Run
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
		if err := d.ask(limit); err != nil && ctx.Err() == nil {
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

// sleep waits until the pause ends or Tune is called. ok is false if the context ended.
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

// ask loads the AWS configuration if necessary, asks the stack, and stores a new answer.
func (d *Destination) ask(ctx context.Context) error {
	d.questions.Lock()
	defer d.questions.Unlock()
	s, cfg, err := d.loaded(ctx)
	if err != nil {
		return err
	}
	if s.Stream != "" {
		d.asking.OK() // the settings name the stream now, so there is nothing to ask
		return nil
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
	if differs := d.learn(s, t); differs || d.unstored {
		err := d.options.Cache.Store(s.Stack, cfg.Region, t)
		if d.unstored = err != nil; d.unstored {
			d.keeping.Failed(err)
		} else {
			d.keeping.OK()
		}
	}
	return nil
}

// loaded returns the settings and the AWS configuration for them. It loads the configuration if it is missing or stale.
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
			return s, cfg, nil // go on with the last one
		}
		return s, nil, err
	}
	d.use(s, loaded, kept)
	return s, &loaded, nil
}

// renewPause is the shortest time between two loads of the AWS configuration because of refused credentials.
const renewPause = 10 * time.Second

// renew loads the AWS configuration again after AWS refused the credentials of used. It returns whether there are other credentials
// now. This is needed because the SDK reads files and variables only once: a loaded configuration keeps the keys of a profile, and
// a chain that ended at the instance's role never sees a file that was written later (aws/aws-sdk-go-v2 issue 2135).
func (d *Destination) renew(ctx context.Context, used *aws.Config) bool {
	d.mu.Lock()
	s, now := d.settings, d.aws
	due := now == used && time.Since(d.renewed) >= renewPause
	if due {
		d.renewed = time.Now()
	}
	d.mu.Unlock()
	if now != used {
		return now != nil // another call has loaded it meanwhile
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

// Put implements [ship.Destination]. If the stream does not exist any more because the stack was deployed again, Put asks the stack for
// the new one. Random pauses keep machines from asking together.
func (d *Destination) Put(ctx context.Context, records [][]byte) ([]error, error) {
	if d.gone > 0 && !time.Now().Before(d.askNext) {
		_ = d.ask(ctx) // if it fails the target stays, and ask has logged it
	}
	client, used, discovers := d.current()
	if client == nil {
		return nil, fmt.Errorf("%w; edge status shows what fails", ErrUnknown)
	}
	results, err := client.Put(ctx, records)
	if errors.Is(err, ship.ErrCredentials) && d.renew(ctx, used) {
		if client, _, discovers = d.current(); client != nil {
			results, err = client.Put(ctx, records)
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

// current returns the client for the target and the AWS configuration of the client. The client is nil if no target is known.
// discovers is true if the target is a stack's answer.
func (d *Destination) current() (s *Stream, used *aws.Config, discovers bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.client == nil && d.aws != nil && d.target.Stream != "" {
		cfg := d.aws.Copy()
		cfg.Region = d.target.Region
		d.client = NewStream(cfg, d.target.Stream)
	}
	return d.client, d.aws, d.settings.Stream == ""
}
