package cloud

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
)

// watched is a destination whose stack answers as find does, with notes of what happened.
type watched struct {
	*Destination
	at     []time.Duration // when the stack was asked
	passed []string        // the edge-configs that it passed on
}

// watch makes a destination in a synctest bubble.
func watch(t *testing.T, kept Target, find func(n int) (Target, error)) *watched {
	t.Helper()
	w := &watched{}
	began := time.Now()
	cache := CacheIn(t.TempDir())
	if kept.Stream != "" {
		if err := cache.Store("Fleet", "eu-north-1", kept); err != nil {
			t.Fatal(err)
		}
	}
	w.Destination = NewDestination(Options{
		Cache: cache, EdgeConfig: func(text string) { w.passed = append(w.passed, text) }, Log: slog.New(slog.DiscardHandler),
	})
	w.find = func(context.Context, aws.Config, string) (Target, error) {
		w.at = append(w.at, time.Since(began))
		return find(len(w.at))
	}
	w.load = func(_ context.Context, region string) (aws.Config, error) { return aws.Config{Region: region}, nil }
	w.tune(t, Settings{Stack: "Fleet", Region: "eu-north-1"})
	return w
}

func (w *watched) tune(t *testing.T, s Settings) {
	t.Helper()
	if err := w.Tune(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// run runs the destination for some time.
func (w *watched) run(t *testing.T, length time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	w.Run(ctx, context.WithoutCancel(ctx))
}

// TestRefresh: a destination asks every few minutes. Two destinations ask at different times. A destination
// passes on and stores only new answers.
func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := Target{Stream: "s", Region: "r"}
		find := func(n int) (Target, error) {
			if n >= 3 {
				target.EdgeConfig = "{}"
			}
			return target, nil
		}
		one := watch(t, Target{}, find)
		one.run(t, 24*time.Hour)
		other := watch(t, Target{}, find)
		other.run(t, 24*time.Hour)
		at := one.at
		if len(at) < 24*60/15 || len(at) > 24*60/5 || at[0] != 0 {
			t.Errorf("asked %d times, first after %v", len(at), at[0])
		}
		for i := 1; i < len(at); i++ {
			if pause := at[i] - at[i-1]; pause < refreshSoonest || pause > refreshLatest {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		if at[1] == other.at[1] {
			t.Errorf("two machines ask at %v", at[1])
		}
		if !slices.Equal(one.passed, []string{"", "{}"}) {
			t.Errorf("passed on were %q", one.passed)
		}
		if kept, _, err := one.options.Cache.Load("Fleet", ""); err != nil || kept != target {
			t.Errorf("kept is %+v, %v", kept, err)
		}
	})
}

// TestRefreshOfWhatIsKept: a destination checks a stored answer soon, but not at once. While it gets no answer, its pauses grow.
func TestRefreshOfWhatIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := Target{Stream: "s", Region: "r", EdgeConfig: "{}"}
		w := watch(t, kept, func(int) (Target, error) { return Target{}, errors.New("offline") })
		w.run(t, 24*time.Hour)
		if w.at[0] == 0 || w.at[0] > firstRefresh || !slices.Equal(w.passed, []string{"{}"}) {
			t.Errorf("asked first after %v, passed on were %q", w.at[0], w.passed)
		}
		if n := len(w.at); n < 24*60/5 || n > 4*24*60/5 {
			t.Errorf("asked %d times in a day without an answer", n)
		}
		if got, known := w.Target(); !known || got != kept {
			t.Errorf("target is %+v", got)
		}
	})
}

// TestSearch: while no target is known, the pauses between two questions grow to a minute.
func TestSearch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(n int) (Target, error) {
			if n < 20 {
				return Target{}, errors.New("not yet")
			}
			return Target{Stream: "s", Region: "r"}, nil
		})
		if _, err := w.Put(t.Context(), [][]byte{nil}); !errors.Is(err, ErrUnknown) {
			t.Errorf("before there is a target, Put says %v", err)
		}
		w.run(t, time.Hour)
		for i := 1; i < 20; i++ {
			if pause := w.at[i] - w.at[i-1]; pause > min(time.Second<<(i-1), searchCap) {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		select {
		case <-w.Known():
		default:
			t.Error("the target is not known")
		}
	})
}

// TestOtherSettings: after a change of settings a destination asks at once. A late answer for the old settings does not count.
func TestOtherSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(n int) (Target, error) {
			if n == 2 {
				time.Sleep(time.Minute) // until there are other settings
				return Target{Stream: "late", Region: "r"}, nil
			}
			return Target{Stream: "s", Region: "r"}, nil
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx, ctx) }()
		synctest.Wait()
		w.tune(t, Settings{Stack: "Other", Region: "eu-north-1"})
		synctest.Wait() // it asks
		w.tune(t, Settings{Stream: "mine", Region: "eu-west-1"})
		if got, _ := w.Target(); got != (Target{Stream: "mine", Region: "eu-west-1"}) {
			t.Errorf("target is %+v", got)
		}
		time.Sleep(time.Hour)
		if got, _ := w.Target(); got.Stream != "mine" || len(w.at) != 2 {
			t.Errorf("after an hour the target is %+v, asked %d times", got, len(w.at))
		}
		stop()
		<-done
	})
}

// TestLogNamesEachStreamOnce: the log names the stream when it becomes known and when it is another one. It does not name it again after a change
// of settings that leads to the same stream.
func TestLogNamesEachStreamOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(int) (Target, error) { return Target{Stream: "s", Region: "eu-west-1"}, nil })
		var log strings.Builder
		w.options.Log = slog.New(slog.NewTextHandler(&log, nil))
		expect := func(when string, want int) {
			t.Helper()
			w.run(t, time.Hour)
			first, other := strings.Count(log.String(), "msg=shipping "), strings.Count(log.String(), "shipping to another stream")
			if first != 1 || other != want {
				t.Errorf("%s: another stream is named %d times, want %d; the log is:\n%s", when, other, want, &log)
			}
		}
		expect("at first", 0)
		w.tune(t, Settings{Stack: "Fleet", Region: "eu-west-1"})
		expect("with another region to ask in", 0)
		w.tune(t, Settings{Stream: "s", Region: "eu-west-1"})
		expect("with the same stream by name", 0)
		w.tune(t, Settings{Stream: "mine", Region: "eu-west-1"})
		expect("with another stream by name", 1)
		w.tune(t, Settings{Stack: "Fleet", Region: "eu-west-1"})
		expect("with the stack again", 2)
	})
}

// TestStreamNamedDuringAnAnswer: the settings name a stream while the edge-config of a stack's answer is passed on. The last text passed on
// is that of the settings: none.
func TestStreamNamedDuringAnAnswer(t *testing.T) {
	w := watch(t, Target{}, func(int) (Target, error) { return Target{Stream: "s", Region: "r", EdgeConfig: "{}"}, nil })
	var mu sync.Mutex // guards passed
	var passed []string
	tuned := make(chan error, 1)
	w.options.EdgeConfig = func(text string) {
		if text != "" {
			go func() { tuned <- w.Tune(context.Background(), Settings{Stream: "mine", Region: "eu-west-1"}) }()
			for target := "s"; target == "s"; runtime.Gosched() { // until Tune has taken the settings
				now, _ := w.Target()
				target = now.Stream
			}
			for range 1000 {
				runtime.Gosched() // so that Tune comes first if nothing holds it back
			}
		}
		mu.Lock()
		defer mu.Unlock()
		passed = append(passed, text)
	}
	if err := w.ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-tuned; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(passed, []string{"{}", ""}) {
		t.Errorf("passed on were %q", passed)
	}
}

// TestDiscoveryThatIsNotNeededAnyMore: if the settings name the stream, it is no problem that the stack did not answer.
func TestDiscoveryThatIsNotNeededAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(int) (Target, error) { return Target{}, errors.New("not there") })
		w.run(t, time.Minute)
		if now, _ := retry.Problems(w.Health()...); len(now) != 1 {
			t.Errorf("problems are %+v", now)
		}
		w.tune(t, Settings{Stream: "mine", Region: "eu-west-1"})
		w.run(t, time.Hour)
		if now, _ := retry.Problems(w.Health()...); len(now) != 0 {
			t.Errorf("with a stream of its own the problems are %+v", now)
		}
	})
}

// TestAnswerThatCouldNotBeStored: it is stored later, also if the stack still gives the same answer.
func TestAnswerThatCouldNotBeStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		want := Target{Stream: "s", Region: "r"}
		w := watch(t, Target{}, func(int) (Target, error) { return want, nil })
		dir := filepath.Join(t.TempDir(), "later")
		w.options.Cache = CacheIn(dir)
		w.run(t, time.Minute)
		if now, _ := retry.Problems(w.Health()...); len(now) != 1 || !strings.Contains(now[0].Error, "store the stack's answer") {
			t.Errorf("problems are %+v", now)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		w.run(t, time.Hour)
		if now, _ := retry.Problems(w.Health()...); len(now) != 0 {
			t.Errorf("problems are %+v", now)
		}
		if got, _, err := w.options.Cache.Load("Fleet", "eu-north-1"); got != want || err != nil || len(w.passed) != 1 {
			t.Errorf("stored is %+v, %v; edge-config was passed on %d times", got, err, len(w.passed))
		}
	})
}

// keys returns a provider of one key, as a credentials file would give it.
func keys(id string) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(id, "secret", "")
}

// TestRenewal: if a key is refused, the AWS configuration is loaded again, but not too often. The request is repeated only with
// another key.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key, loads := "old", 0
		w := watch(t, Target{}, nil)
		w.load = func(_ context.Context, region string) (aws.Config, error) {
			loads++
			if key == "" {
				return aws.Config{}, errors.New("the file is just being written")
			}
			return aws.Config{Region: region, Credentials: keys(key)}, nil
		}
		var used []string
		w.find = func(ctx context.Context, cfg aws.Config, _ string) (Target, error) {
			found, err := Credentials(ctx, cfg)
			used = append(used, found.AccessKeyID)
			if err != nil || found.AccessKeyID != "new" {
				return Target{}, ship.ErrCredentials
			}
			return Target{Stream: "s", Region: "r"}, nil
		}
		w.tune(t, Settings{Stack: "Fleet", Region: "eu-north-1"})
		ask := func(wantLoads int, wantUsed ...string) {
			t.Helper()
			loads, used = 0, nil
			err := w.ask(t.Context())
			if loads != wantLoads || !slices.Equal(used, wantUsed) || (err == nil) != (wantUsed[len(wantUsed)-1] == "new") {
				t.Errorf("%d loads, asked with %q, %v; want %d, %q", loads, used, err, wantLoads, wantUsed)
			}
		}
		ask(1, "old") // there is no other key yet
		ask(0, "old") // too soon
		time.Sleep(renewPause)
		key = ""
		ask(1, "old") // the last configuration stays
		key = "new"
		ask(0, "old")
		time.Sleep(renewPause)
		ask(1, "old", "new")
		ask(0, "new")
	})
}

// TestFileThatComesLater: credentials are found in a file that is written after the start.
func TestFileThatComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var provider aws.CredentialsProvider
		w := watch(t, Target{}, func(int) (Target, error) { return Target{Stream: "s", Region: "r"}, nil })
		answer := w.find
		w.find = func(ctx context.Context, cfg aws.Config, stack string) (Target, error) {
			if _, err := Credentials(ctx, cfg); err != nil {
				return Target{}, err
			}
			return answer(ctx, cfg, stack)
		}
		w.load = func(_ context.Context, region string) (aws.Config, error) {
			return aws.Config{Region: region, Credentials: provider}, nil
		}
		w.tune(t, Settings{Stack: "Fleet", Region: "eu-north-1"})
		if err := w.ask(t.Context()); !errors.Is(err, ship.ErrCredentials) {
			t.Errorf("without credentials: %v", err)
		}
		provider = keys("new")
		time.Sleep(renewPause)
		if err := w.ask(t.Context()); err != nil {
			t.Errorf("with credentials: %v", err)
		}
	})
}

// TestConfigurationThatFails: a configuration that cannot be loaded is tried again later. Meanwhile the last one stays in use.
func TestConfigurationThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, Target{}, func(int) (Target, error) { return Target{Stream: "s", Region: "r"}, nil })
		load, broken := w.load, errors.New("the file is just being written")
		w.load = func(context.Context, string) (aws.Config, error) { return aws.Config{}, broken }
		w.tune(t, Settings{Stack: "Fleet", Region: "eu-north-1"})
		if err := w.ask(t.Context()); err != nil {
			t.Errorf("with the configuration before: %v", err)
		}
		w.tune(t, Settings{Stack: "Other", Region: "eu-north-1"})
		if err := w.ask(t.Context()); !errors.Is(err, broken) {
			t.Errorf("of another stack without a configuration: %v", err)
		}
		if problems, _ := retry.Problems(w.Health()...); len(problems) != 1 || problems[0].Subject != "loading the AWS configuration" {
			t.Errorf("problems are %+v", problems)
		}
		w.load = load
		if err := w.ask(t.Context()); err != nil {
			t.Errorf("once it loads: %v", err)
		}
		if problems, _ := retry.Problems(w.Health()...); len(problems) > 0 {
			t.Errorf("problems are %+v", problems)
		}
		broken = settingError{errors.New("plain HTTP")}
		w.load = func(context.Context, string) (aws.Config, error) { return aws.Config{}, broken }
		if err := w.Tune(t.Context(), Settings{Stack: "Third"}); !errors.Is(err, broken) {
			t.Errorf("of a wrong setting: %v", err)
		}
		if w.settings.Stack != "Other" {
			t.Errorf("settings are %+v", w.settings)
		}
	})
}
