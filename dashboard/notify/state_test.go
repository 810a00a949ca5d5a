package notify

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
)

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "lake", ".alerts")
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFolder(dir); err == nil || !strings.Contains(err.Error(), "another dashboard sends alerts from it") {
		t.Errorf("a second process: %v", err)
	}
	s := f.Store("a")
	content, version, err := s.Load(t.Context())
	if err != nil || content != nil || version != "" {
		t.Fatalf("a new state: %q, %q, %v", content, version, err)
	}
	first, err := s.Save(t.Context(), []byte("one"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), []byte("two"), ""); !errors.Is(err, alerts.ErrConflict) {
		t.Errorf("a write that knows no version: %v", err)
	}
	if _, err := s.Save(t.Context(), []byte("two"), first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(t.Context(), []byte("three"), first); !errors.Is(err, alerts.ErrConflict) {
		t.Errorf("a write that knows an old version: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f, err = OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if content, _, err := f.Store("a").Load(t.Context()); err != nil || string(content) != "two" {
		t.Errorf("after a restart: %q, %v", content, err)
	}
	if content, _, err := f.Store("b").Load(t.Context()); err != nil || content != nil {
		t.Errorf("another receiver has the state %q, %v", content, err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 2 { // lock and state
		t.Errorf("the directory has %q, %v", names, err)
	}
}

// A file that is larger than any state is no reason to tell everything again.
func TestLargeState(t *testing.T) {
	dir := t.TempDir()
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	path := filepath.Join(dir, "told-a.json")
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, alerts.MaxStateBytes+1)); err != nil {
		t.Fatal(err)
	}
	box := &inbox{}
	d := alerts.Delivery{Store: f.Store("a"), Receiver: box, Log: slog.New(slog.DiscardHandler)}
	if _, err := d.Begin(t.Context(), time.Now()); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("%v, want an error with the name of the file", err)
	}
}

// A state that cannot be written sends nothing: its message would be sent again and again.
func TestStateCannotBeWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "alerts")
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	box := &inbox{}
	d := alerts.Delivery{Store: f.Store("a"), Receiver: box, Log: slog.New(slog.DiscardHandler)}
	now := alerts.Now{At: time.Now(), Problems: []alerts.Problem{down("a", time.Now())}}
	turn, err := d.Begin(t.Context(), now.At)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := turn.Tell(t.Context(), now); err == nil || len(box.list()) != 0 {
		t.Errorf("%v, sent %q; want an error and nothing sent", err, box.list())
	}
}
