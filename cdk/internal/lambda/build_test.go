package lambda_test

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/lambda"
)

// module writes a module with a main package and returns its folder.
func module(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.test/functions\n\ngo 1.26.0\n", "cmd/hello/main.go": source,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const hello = "package main\n\nfunc main() { println(\"hello\") }\n"

// build returns the zip file that is made of a module.
func build(t *testing.T, module string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hello.zip")
	if err := lambda.Build(t.Context(), module, "./cmd/hello", file); err != nil {
		t.Fatal(err)
	}
	return file
}

// unpacked is the binary in a zip file.
func unpacked(t *testing.T, file string) (*zip.File, *bytes.Reader) {
	t.Helper()
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = archive.Close() })
	if len(archive.File) != 1 {
		t.Fatalf("%d files are in the zip file, want the binary alone", len(archive.File))
	}
	entry, err := archive.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(entry)
	if err != nil {
		t.Fatal(err)
	}
	return archive.File[0], bytes.NewReader(content)
}

func TestBuildIsWhatLambdaStarts(t *testing.T) {
	entry, content := unpacked(t, build(t, module(t, hello)))
	f, err := elf.NewFile(content)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if f.Machine != elf.EM_AARCH64 || f.Class != elf.ELFCLASS64 {
		t.Errorf("built for %v %v, want 64-bit arm", f.Machine, f.Class)
	}
	if libraries, err := f.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("needs %v (%v), want a static binary", libraries, err)
	}
	// Lambda runs on Linux, whatever made the file: only a mode of Unix makes the binary one that can be started.
	if entry.Name != "bootstrap" || entry.CreatorVersion>>8 != 3 || entry.Mode() != 0o755 {
		t.Errorf("%s has mode %v of system %d, want a program of Unix", entry.Name, entry.Mode(), entry.CreatorVersion>>8)
	}
	if !entry.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it is of %v; another time is another asset", entry.Modified)
	}
}

// The deployed bytes depend on nothing but source and Go version.
func TestBuildIsReproducible(t *testing.T) {
	first := read(t, build(t, module(t, hello)))
	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("GOARM64", "v9.0")
	t.Setenv("GOCACHE", t.TempDir()) // compile all of it again
	file := build(t, module(t, hello))
	if first != read(t, file) {
		t.Error("another folder, cache and Go settings gave another binary")
	}
	_, content := unpacked(t, file)
	info, err := buildinfo.Read(content)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range info.Settings {
		if strings.HasPrefix(s.Key, "vcs") {
			t.Errorf("the binary holds %s", s.Key)
		}
	}
}

// The transform itself, from the repository and from a copy of it in another folder.
func TestTransformIsReproducible(t *testing.T) {
	root, copied := filepath.FromSlash("../../.."), t.TempDir()
	for _, module := range []string{"functions", "record"} {
		if err := os.CopyFS(filepath.Join(copied, module), os.DirFS(filepath.Join(root, module))); err != nil {
			t.Fatal(err)
		}
	}
	var programs []string
	for _, at := range []string{root, copied} {
		file := filepath.Join(t.TempDir(), "transform.zip")
		if err := lambda.Build(t.Context(), filepath.Join(at, "functions"), "./cmd/transform", file); err != nil {
			t.Fatal(err)
		}
		programs = append(programs, read(t, file))
	}
	if programs[0] != programs[1] {
		t.Error("a copy of the repository gave another binary")
	}
}

func TestBuildReportsTheCompiler(t *testing.T) {
	err := lambda.Build(t.Context(), module(t, "package main\n\nfunc main() { undefined() }\n"), "./cmd/hello", filepath.Join(t.TempDir(), "hello.zip"))
	if err == nil || !strings.Contains(err.Error(), "undefined") || !strings.Contains(err.Error(), "build ./cmd/hello in ") {
		t.Errorf("error is %v", err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
