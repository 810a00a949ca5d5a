package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
)

// recorded is an event log that keeps its events.
type recorded struct{ lines []string }

func (r *recorded) add(kind string, id uint32, text string) error {
	r.lines = append(r.lines, fmt.Sprintf("%s %d %s", kind, id, text))
	return nil
}
func (r *recorded) Info(id uint32, text string) error    { return r.add("info", id, text) }
func (r *recorded) Warning(id uint32, text string) error { return r.add("warning", id, text) }
func (r *recorded) Error(id uint32, text string) error   { return r.add("error", id, text) }

func TestEvents(t *testing.T) {
	var to recorded
	level := new(slog.LevelVar)
	log := slog.New(newEventHandler(&to, &slog.HandlerOptions{Level: level}))
	log.Debug("not shown")
	log.Info("started", slog.Int("interval", 3))
	log.With(slog.String("stack", "S")).WithGroup("spool").Warn("full", slog.String("level", "high"))
	log.Error("stopped")
	level.Set(slog.LevelError)
	log.Warn("not shown")
	want := []string{
		`info 1 msg=started interval=3`,
		`warning 1 msg=full stack=S spool.level=high`,
		`error 1 msg=stopped`,
	}
	if !slices.Equal(to.lines, want) {
		t.Errorf("the events are %q, want %q", to.lines, want)
	}
}

// TestRunElsewhere: a process that no service manager started runs as if there were no service.
func TestRunElsewhere(t *testing.T) {
	if handler, err := serviceLogHandler(&slog.HandlerOptions{}); handler != nil || err != nil {
		t.Errorf("serviceLogHandler returns %v, %v", handler, err)
	}
	failure := fmt.Errorf("x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := runAsService(ctx, nil, func(got context.Context) error {
		if got.Err() == nil {
			t.Error("the context is another one")
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Errorf("runAsService returns %v", err)
	}
}
