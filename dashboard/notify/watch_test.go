package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
)

// inbox keeps what it was told. If answer is not nil, it says what becomes of a message.
type inbox struct {
	mu     sync.Mutex // guards got
	got    []string
	answer func(ctx context.Context) error
}

func (i *inbox) Send(ctx context.Context, m alerts.Message) error {
	if i.answer != nil {
		if err := i.answer(ctx); err != nil {
			return err
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, m.Subject())
	return nil
}

func (i *inbox) list() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.got)
}

// down says that a host has been in trouble since a time.
func down(host string, since time.Time) alerts.Problem {
	return alerts.Problem{Host: host, Name: "CPU", Severity: alerts.Critical, Since: since}
}

// A receiver that hangs holds up neither the rules nor another receiver, and is told what stands when it answers again.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var looks []time.Duration
		look := func(_ context.Context, at, _ time.Time) (alerts.Now, error) {
			looks = append(looks, time.Since(began))
			now := alerts.Now{At: at, Heard: map[string]time.Time{"a": at, "b": at}}
			if minute := int(at.Sub(began).Minutes()); minute < 3 {
				now.Problems = append(now.Problems, down("a", began))
			} else {
				now.Problems = append(now.Problems, down("b", began.Add(3*time.Minute)))
			}
			return now, nil
		}
		free := make(chan struct{})
		good, hangs := &inbox{}, &inbox{answer: func(ctx context.Context) error {
			select {
			case <-free:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Second):
				return errors.New("no answer")
			}
		}}
		ctx, cancel := context.WithCancel(t.Context())
		var log bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			Watch{
				Look: look, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Receivers: []Target{{"good", &Memory{}, good}, {"hangs", &Memory{}, hangs}},
			}.Run(ctx)
		}()
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		if want := []time.Duration{0, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5 * time.Minute}; !slices.Equal(looks, want) {
			t.Errorf("looks after %v, want %v", looks, want)
		}
		if want := []string{"CRITICAL: CPU on a", "CRITICAL: 1 new, 1 over (1 critical)"}; !slices.Equal(good.list(), want) {
			t.Errorf("the good receiver got %q, want %q", good.list(), want)
		}
		if len(hangs.list()) != 0 {
			t.Errorf("the receiver that hangs got %q", hangs.list())
		}
		close(free)
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		// First the message under way, then what changed since.
		if want := []string{"CRITICAL: CPU on a", "CRITICAL: 1 new, 1 over (1 critical)"}; !slices.Equal(hangs.list(), want) {
			t.Errorf("the receiver that hung got %q, want %q", hangs.list(), want)
		}
		cancel()
		<-done
		if text := log.String(); strings.Count(text, "alerts do not reach hangs") != 1 || strings.Count(text, "alerts reach hangs again") != 1 {
			t.Errorf("the log is\n%s", text)
		}
	})
}

// While the query fails, no message says that problems are over.
func TestWatchWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		look := func(_ context.Context, at, _ time.Time) (alerts.Now, error) {
			if minute := int(at.Sub(began).Minutes()); minute > 0 && minute < 5 {
				return alerts.Now{}, errors.New("the lake is gone")
			}
			return alerts.Now{At: at, Heard: map[string]time.Time{"a": at}, Problems: []alerts.Problem{down("a", began)}}, nil
		}
		good := &inbox{}
		ctx, cancel := context.WithCancel(t.Context())
		var log bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			Watch{Look: look, Receivers: []Target{{"good", &Memory{}, good}}, Log: slog.New(slog.NewTextHandler(&log, nil))}.Run(ctx)
		}()
		time.Sleep(10*time.Minute + time.Second)
		cancel()
		<-done
		if want := []string{"CRITICAL: CPU on a"}; !slices.Equal(good.list(), want) {
			t.Errorf("the receiver got %q, want %q", good.list(), want)
		}
		if text := log.String(); strings.Count(text, "the lake is gone") != 1 || strings.Count(text, "the query for problems works again") != 1 {
			t.Errorf("the log is\n%s", text)
		}
	})
}

// A receiver that refuses everything is asked less and less often.
func TestWatchRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, requests := time.Now(), 0
		look := func(_ context.Context, at, _ time.Time) (alerts.Now, error) {
			return alerts.Now{At: at, Heard: map[string]time.Time{"a": at}, Problems: []alerts.Problem{down("a", began)}}, nil
		}
		refuses := &inbox{answer: func(context.Context) error {
			requests++
			return fmt.Errorf("404: %w", alerts.ErrRefused)
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+time.Second)
		defer cancel()
		Watch{Look: look, Receivers: []Target{{"refuses", &Memory{}, refuses}}, Log: slog.New(slog.DiscardHandler)}.Run(ctx)
		if requests < 5 || requests > 10 {
			t.Errorf("%d requests within an hour, want 5 to 10", requests)
		}
	})
}

func TestPrinter(t *testing.T) {
	var out bytes.Buffer
	if err := (Printer{Out: &out, Context: alerts.Context{Source: "lake"}}).Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "Alert: CRITICAL: CPU on web-1\n") || !strings.Contains(text, "97.0 %") {
		t.Errorf("printed:\n%s", text)
	}
}
