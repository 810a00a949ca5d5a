// Package testenv provides the environment that tests start from: a home directory of its own, and the few variables named in the
// file "variables". The script .ci/clean-env reads that file too. A variable of one machine, such as AWS_CA_BUNDLE or HTTPS_PROXY,
// must not change the result of a test. Only tests import this package.
package testenv

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

//go:embed variables
var variables string

// Names returns the names of the variables that are kept.
func Names() []string { return strings.Fields(variables) }

// Clean gives this process the known environment until the test ends. A test that needs other variables sets them afterwards.
// Clean panics in a parallel test, as [testing.T.Setenv] does.
func Clean(tb testing.TB) {
	tb.Helper()
	known := Environ(tb)
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name == "" { // Windows keeps the current directory of each drive in a variable like =C:
			continue
		}
		tb.Setenv(name, "") // restores the value when the test ends
		if err := os.Unsetenv(name); err != nil {
			tb.Fatal(err)
		}
	}
	for _, variable := range known {
		name, value, _ := strings.Cut(variable, "=")
		tb.Setenv(name, value)
	}
}

// Environ returns the known environment for a process that a test starts. more are further variables of the form NAME=value; they
// replace known ones of the same name.
func Environ(tb testing.TB, more ...string) []string {
	tb.Helper()
	known, err := homeSettings()
	if err != nil {
		tb.Fatal(err)
	}
	known = slices.Clone(known)
	for _, name := range Names() {
		if value, ok := os.LookupEnv(name); ok {
			known = append(known, name+"="+value)
		}
	}
	home := tb.TempDir()
	if err := switchOffTelemetry(home); err != nil {
		tb.Fatal(err)
	}
	return append(append(known, "HOME="+home), more...)
}

// switchOffTelemetry does in a home directory what `go telemetry off` does. Otherwise the go command may leave a process behind that
// writes there while the test removes the directory.
func switchOffTelemetry(home string) error {
	config := ".config" // see os.UserConfigDir; on Windows it does not depend on HOME
	if runtime.GOOS == "darwin" {
		config = "Library/Application Support"
	}
	dir := filepath.Join(home, config, "go", "telemetry")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "mode"), []byte("off"), 0o600)
}

// jsiiCache is the variable that names the folder for the unpacked libraries of the CDK. They take 200 MB, and a shared folder is
// filled only once.
const jsiiCache = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"

// homeSettings returns the variables of Go and of the CDK's cache whose values depend on the home directory. It returns only those
// that were not set at the first call.
var homeSettings = sync.OnceValues(func() (settings []string, err error) {
	var names []string
	if home, err := os.UserHomeDir(); err == nil && os.Getenv(jsiiCache) == "" {
		settings = append(settings, jsiiCache+"="+filepath.Join(home, ".cache", "aws", "jsii", "package-cache"))
	}
	for _, name := range Names() {
		if _, set := os.LookupEnv(name); !set && strings.HasPrefix(name, "GO") {
			names = append(names, name)
		}
	}
	tool, err := exec.LookPath("go")
	if err != nil || len(names) == 0 {
		return settings, nil // a machine that only runs a compiled test need not have Go
	}
	out, err := exec.CommandContext(context.Background(), tool, append([]string{"env"}, names...)...).Output() // one value on each line
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	for n, value := range strings.Split(strings.TrimSuffix(string(out), "\n"), "\n") {
		if value = strings.TrimSuffix(value, "\r"); value != "" {
			settings = append(settings, names[n]+"="+value)
		}
	}
	return settings, nil
})
