package testenv_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// misleading are variables of a machine that change what a program does.
var misleading = []string{
	"AWS_CA_BUNDLE", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
	"HTTPS_PROXY", "https_proxy", "NO_PROXY", "METRICS_EDGE_STREAM", "PYTHONPATH",
}

func TestClean(t *testing.T) {
	for _, name := range misleading {
		t.Setenv(name, "/there/is/no/such/file")
	}
	home := os.Getenv("HOME")
	path := os.Getenv("PATH")
	t.Run("within", func(t *testing.T) {
		testenv.Clean(t)
		check(t, os.Environ())
		if os.Getenv("HOME") == home || os.Getenv("PATH") != path {
			t.Errorf("home is %s, path is %s", os.Getenv("HOME"), os.Getenv("PATH"))
		}
		// Go still finds its caches, although the home directory is another one.
		if out, err := exec.Command("go", "list", "-m").CombinedOutput(); err != nil {
			t.Errorf("go list: %v: %s", err, out)
		}
		t.Setenv("AWS_REGION", "eu-north-1")
		if environment := testenv.Environ(t, "AWS_PROFILE=test"); slices.Contains(environment, "AWS_REGION=eu-north-1") ||
			!slices.Contains(environment, "AWS_PROFILE=test") {
			t.Errorf("environment of a process is %q", environment)
		}
	})
	for _, name := range misleading {
		if os.Getenv(name) != "/there/is/no/such/file" {
			t.Errorf("%s is not restored", name)
		}
	}
	if os.Getenv("HOME") != home {
		t.Error("HOME is not restored")
	}
}

// The script that make uses to run tests keeps the same variables.
func TestScript(t *testing.T) {
	for _, name := range misleading {
		t.Setenv(name, "/there/is/no/such/file")
	}
	out, err := exec.Command("../../.ci/clean-env", "sh", "-c", `env && test -d "$HOME" && touch "$HOME/x" && exit 7`).Output()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Fatalf("error is %v, want exit code 7 of the command", err)
	}
	environment := strings.Split(strings.TrimSpace(string(out)), "\n")
	check(t, environment)
	for _, variable := range environment {
		if home, ok := strings.CutPrefix(variable, "HOME="); ok {
			if _, err := os.Stat(home); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the home directory %s was not removed: %v", home, err)
			}
		}
	}
}

func check(t *testing.T, environment []string) {
	t.Helper()
	shell := []string{"HOME", "PWD", "SHLVL", "OLDPWD", "_"} // all but HOME are set by a shell itself
	var names []string
	for _, variable := range environment {
		name, _, _ := strings.Cut(variable, "=")
		if names = append(names, name); !slices.Contains(testenv.Names(), name) && !slices.Contains(shell, name) {
			t.Errorf("%s is kept", variable)
		}
	}
	for _, name := range []string{"HOME", "PATH", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing", name)
		}
	}
}
