// Package testenv is the environment that tests start from: the few variables named in the file "variables", which
// .ci/clean-env reads too, and a home directory of its own. A variable of one machine, such as AWS_CA_BUNDLE or HTTPS_PROXY,
// must not decide what a test sees. Only tests import this package.
package testenv

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

//go:embed variables
var variables string

// Names are the variables that are kept.
func Names() []string { return strings.Fields(variables) }

// Clean makes the environment of this process the known one until the test ends. It panics in a parallel test, as
// [testing.T.Setenv] does. What a test needs besides it sets afterwards.
func Clean(tb testing.TB) {
	tb.Helper()
	known := Environ(tb)
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if name == "" { // Windows keeps the directory of each drive so
			continue
		}
		tb.Setenv(name, "") // puts the value back when the test ends
		if err := os.Unsetenv(name); err != nil {
			tb.Fatal(err)
		}
	}
	for _, variable := range known {
		name, value, _ := strings.Cut(variable, "=")
		tb.Setenv(name, value)
	}
}

// Environ returns the known environment for a process that a test starts, with more variables of the form NAME=value, which
// count if a name is there twice.
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
	return append(append(known, "HOME="+tb.TempDir()), more...)
}

// jsiiCache names the folder into which the CDK's libraries are unpacked: 200 MB, once.
const jsiiCache = "JSII_RUNTIME_PACKAGE_CACHE_ROOT"

// homeSettings returns the variables that were not set at the first call and whose values depend on the home directory: Go's
// own, and the CDK's cache.
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
		return settings, nil // a machine that only runs a compiled test has no Go, and needs none
	}
	out, err := exec.CommandContext(context.Background(), tool, append([]string{"env"}, names...)...).Output() // a value a line
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
