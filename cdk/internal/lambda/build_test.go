package lambda_test

import (
	"debug/buildinfo"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"

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

func build(t *testing.T, module string) string {
	t.Helper()
	dir := t.TempDir()
	if err := lambda.Build(t.Context(), module, "./cmd/hello", dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, lambda.Bootstrap)
}

func TestBuildIsWhatLambdaStarts(t *testing.T) {
	file := build(t, module(t, hello))
	f, err := elf.Open(file)
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
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o755 {
		t.Errorf("mode is %v, want that of a program", info.Mode())
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
	info, err := buildinfo.ReadFile(file)
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
		dir := t.TempDir()
		if err := lambda.Build(t.Context(), filepath.Join(at, "functions"), "./cmd/transform", dir); err != nil {
			t.Fatal(err)
		}
		programs = append(programs, read(t, filepath.Join(dir, lambda.Bootstrap)))
	}
	if programs[0] != programs[1] {
		t.Error("a copy of the repository gave another binary")
	}
}

func TestBuildReportsTheCompiler(t *testing.T) {
	err := lambda.Build(t.Context(), module(t, "package main\n\nfunc main() { undefined() }\n"), "./cmd/hello", t.TempDir())
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
