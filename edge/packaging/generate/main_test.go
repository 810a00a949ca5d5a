package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cli"
)

// TestPages: each command that a person can see has a manual page, with its flags and the date of the release.
func TestPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1767225600") // 2026-01-01
	dir := t.TempDir()
	if err := run([]string{dir}); err != nil {
		t.Fatal(err)
	}
	pages := 0
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		if !cmd.IsAvailableCommand() && cmd.HasParent() {
			return
		}
		page := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
		text, err := os.ReadFile(filepath.Join(dir, "man", page))
		if err != nil {
			t.Error(err)
			return
		}
		pages++
		if !strings.Contains(string(text), "Jan 2026") {
			t.Errorf("%s is not of January 2026:\n%.200s", page, text)
		}
		if cmd.Name() == "run" && !strings.Contains(string(text), `max-latency`) {
			t.Errorf("%s does not explain --max-latency", page)
		}
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(cli.Command())
	if pages < 10 {
		t.Errorf("%d manual pages, want one for each of 10 commands or more", pages)
	}
	for _, file := range []string{"edge", "_edge", "edge.fish", "edge.ps1"} {
		if info, err := os.Stat(filepath.Join(dir, "completions", file)); err != nil || info.Size() < 1000 {
			t.Errorf("completion %s: %v, %v", file, info, err)
		}
	}
}

func TestRefuses(t *testing.T) {
	if err := run(nil); err == nil {
		t.Error("it does not refuse to run without a folder")
	}
}
