package cli

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// events takes the events of a log. On Windows it is *eventlog.Log. The number is the event's ID.
type events interface {
	Info(id uint32, text string) error
	Warning(id uint32, text string) error
	Error(id uint32, text string) error
}

// eventID is the ID of all events. The messages of an event source made by InstallAsEventCreate have the IDs 1 to 1000.
const eventID = 1

// eventHandler writes each record as one event of its level. The event log adds the time.
type eventHandler struct {
	text   slog.Handler // writes to shared.line
	shared *eventWriter
}

// eventWriter is shared by a handler and the handlers that WithAttrs and WithGroup made of it.
type eventWriter struct {
	events events

	mu   sync.Mutex // guards line
	line bytes.Buffer
}

func newEventHandler(to events, options *slog.HandlerOptions) *eventHandler {
	shared := &eventWriter{events: to}
	withoutTime := *options
	withoutTime.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	return &eventHandler{text: slog.NewTextHandler(&shared.line, &withoutTime), shared: shared}
}

// Enabled implements [slog.Handler].
func (h *eventHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (h *eventHandler) Handle(ctx context.Context, r slog.Record) error {
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	h.shared.line.Reset()
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	text := strings.TrimSuffix(h.shared.line.String(), "\n")
	switch {
	case r.Level >= slog.LevelError:
		return h.shared.events.Error(eventID, text)
	case r.Level >= slog.LevelWarn:
		return h.shared.events.Warning(eventID, text)
	}
	return h.shared.events.Info(eventID, text)
}

// WithAttrs implements [slog.Handler].
func (h *eventHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &eventHandler{text: h.text.WithAttrs(attrs), shared: h.shared}
}

// WithGroup implements [slog.Handler].
func (h *eventHandler) WithGroup(name string) slog.Handler {
	return &eventHandler{text: h.text.WithGroup(name), shared: h.shared}
}
