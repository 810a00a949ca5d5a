package stack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/workspace"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden is the committed template, where the local stack embeds it.
const golden = "local/internal/template/default.json"

// TestTemplate compares the default configuration's template with the committed one.
func TestTemplate(t *testing.T) {
	file := filepath.Join(repository(t), filepath.FromSlash(golden))
	got := masked(t, synthesized(t))
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the app synthesizes; run make golden and look at the difference", golden)
	}
}

var hash = regexp.MustCompile(`"[0-9a-f]{64}\.zip"`)

// masked is a template as it is committed: with keys in order, and without the hashes of assets, which change with each
// line of the functions and with the Go version.
func masked(t *testing.T, template map[string]any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(template); err != nil {
		t.Fatal(err)
	}
	return hash.ReplaceAll(b.Bytes(), []byte(`"asset.zip"`))
}

// synthesized is the default configuration's template.
func synthesized(t *testing.T) map[string]any {
	t.Helper()
	requireNode(t)
	return once()
}

var once = sync.OnceValue(func() map[string]any { return synthesize(nil) })

// synthesize returns the template of a configuration that is given by context keys. It panics where the CDK does, which
// fails the test.
func synthesize(context map[string]any) map[string]any {
	root, err := workspace.Root(".")
	if err != nil {
		panic(err)
	}
	file, err := app.FileContext(filepath.Join(root, "cdk.json"))
	if err != nil {
		panic(err)
	}
	c, err := config.Load(config.Sources{
		Context:     context,
		Environment: func(string) (string, bool) { return "", false },
	})
	if err != nil {
		panic(err)
	}
	asset, err := os.MkdirTemp("", "asset-*")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(asset) }()
	if err := os.WriteFile(filepath.Join(asset, "bootstrap"), []byte("no program"), 0o755); err != nil {
		panic(err)
	}
	return *assertions.Template_FromStack(stack.New(app.NewApp(file), c, asset), nil).ToJSON()
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := workspace.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}
