package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestArchive: the bytes do not depend on when a file was written and by whom.
func TestArchive(t *testing.T) {
	var archives [][]byte
	for _, written := range []time.Time{time.Unix(1, 0), time.Unix(2_000_000, 0)} {
		dir := t.TempDir()
		program, text := filepath.Join(dir, "local"), filepath.Join(dir, "LICENSE")
		for file, mode := range map[string]os.FileMode{program: 0o700, text: 0o600} {
			if err := os.WriteFile(file, []byte(filepath.Base(file)), mode); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(file, written, written); err != nil {
				t.Fatal(err)
			}
		}
		out := filepath.Join(dir, "new", "local.tar.gz")
		if err := run([]string{out, text, program}, "1767225600"); err != nil {
			t.Fatal(err)
		}
		archive, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, archive)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of equal files differ")
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(archives[0]))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(unpacked)
	for _, want := range []struct {
		name string
		mode int64
	}{{"LICENSE", 0o644}, {"local", 0o755}} {
		h, err := r.Next()
		if err != nil || h.Name != want.name || h.Mode != want.mode || h.ModTime.Unix() != 1767225600 {
			t.Errorf("next file is %+v, %v, want %+v", h, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.tar.gz")
	for _, c := range []struct {
		epoch string
		args  []string
	}{{"1767225600", []string{out}}, {"today", []string{out, "main.go"}}, {"1767225600", []string{out, "missing"}}} {
		if err := run(c.args, c.epoch); err == nil {
			t.Errorf("%v with %q: no error", c.args, c.epoch)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a failed run leaves an archive")
	}
}
