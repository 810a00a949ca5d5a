package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/nodetest"
	"github.com/metrics-dashboard/metrics-dashboard/record/program/programtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// The program synthesizes the committed template, with the repository's transform. A second run gives the same asset, so a
// second deployment changes nothing.
func TestMainSynthesizesTheCommittedTemplate(t *testing.T) {
	t.Parallel()
	nodetest.Require(t)
	first := synthesize(t, noDotEnv)
	second := synthesize(t, noDotEnv)
	if !reflect.DeepEqual(first, second) {
		t.Error("two runs gave two templates")
	}
	if len(first) != 1 {
		t.Errorf("there are %d stacks; a plain cdk deploy needs one", len(first))
	}
	compare(t, first["MetricsDashboard"], "local/internal/template/default.json")
}

// Settings of .env reach the template: with all of them the program synthesizes the templates that package stack's tests
// commit.
func TestDotEnvReachesTheTemplate(t *testing.T) {
	t.Parallel()
	nodetest.Require(t)
	file := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(file, []byte(`# everything on
DELIVERY_STREAM_NAME=in
PREFIX=a/b/
BUFFERING_SIZE=128
BUFFERING_TIME=60
REGION_NAME=eu-central-1
ROLE_NAME=deliver
BUCKET_NAME=the-lake
LAMBDA_FUNCTION_NAME=enrich
LAMBDA_TIMEOUT=300
LAMBDA_MEMORY_MB=512
MAX_SAMPLE_AGE_DAYS=18
GLUE_DATABASE_NAME=d
GLUE_TABLE_NAME=s
FIRST_YEAR=2024
CRAWLER_SCHEDULE="cron(5 * * * ? *)"
ATHENA_SCAN_LIMIT_GB=1
ALARM_EMAIL=operator@example.org
ALERT_EMAIL=people@example.org
ALERTS_EVERY=60
ALERT_TOPIC_NAME=problems
DASHBOARD_URL=https://metrics.example.org/
EDGE_ROLES=both
LOG_LEVEL=DEBUG
EXPECT_RECORDS=true
RAW_RETENTION_DAYS=30
ROLLUP_RETENTION_DAYS=4000
ERROR_RETENTION_DAYS=7
REMOVAL_POLICY=destroy
QUICKSIGHT_PRINCIPAL_ARN=arn:aws:quicksight:us-east-1:123456789012:user/default/someone@example.org
`), 0o600); err != nil {
		t.Fatal(err)
	}
	templates := synthesize(t, file, `CDK_CONTEXT_JSON={"stackName":"Everything"}`)
	if len(templates) != 2 {
		t.Errorf("there are %d stacks, want that of the pipeline and that of QuickSight", len(templates))
	}
	compare(t, templates["Everything"], "local/internal/template/testdata/everything.json")
	compare(t, templates["Everything-QuickSight"], "cdk/internal/stack/testdata/quicksight.json")
}

// compare compares a template with a committed one. The committed one has no hashes of assets.
func compare(t *testing.T, template map[string]any, golden string) {
	t.Helper()
	for _, resource := range template["Resources"].(map[string]any) {
		if at(resource, "Type") != "AWS::Lambda::Function" {
			continue
		}
		code := at(resource, "Properties", "Code").(map[string]any)
		if hash, found := strings.CutSuffix(code["S3Key"].(string), ".zip"); !found || len(hash) != 64 {
			t.Errorf("asset is %v, want one named by its hash", code["S3Key"])
		}
		code["S3Key"] = "asset.zip"
	}
	committed := read(t, filepath.FromSlash("../../../"+golden))
	if !reflect.DeepEqual(template, committed) {
		t.Errorf("%s is not what the program synthesizes; run make golden and look at the difference", golden)
	}
}

// synthesize runs the program as the CLI does and returns the templates by the names of their stacks. The CDK does not validate
// them here: that takes ten times as long as the rest, and package stack's tests do it for the same templates.
func synthesize(t *testing.T, dotEnv string, environment ...string) map[string]map[string]any {
	t.Helper()
	out := t.TempDir()
	if code, stderr := run(t, ".", dotEnv, append(environment, "CDK_OUTDIR="+out, "CDK_VALIDATION=false")...); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	files, err := filepath.Glob(filepath.Join(out, "*.template.json"))
	if err != nil {
		t.Fatal(err)
	}
	templates := map[string]map[string]any{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".template.json")
		templates[name] = read(t, file)
		if dotEnv == noDotEnv {
			checkTerraform(t, out, name)
		}
	}
	functions := 0
	for _, template := range templates {
		for _, r := range template["Resources"].(map[string]any) {
			if properties, _ := r.(map[string]any)["Properties"].(map[string]any); properties["Handler"] == "bootstrap" {
				functions++
			}
		}
	}
	if programs, err := filepath.Glob(filepath.Join(out, "asset.*.zip")); err != nil || len(programs) != functions || functions == 0 {
		t.Errorf("zip files in the output are %v (%v), want one for each of %d functions", programs, err, functions)
	}
	return templates
}

func read(t *testing.T, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatal(err)
	}
	return content
}

// The program refuses a wrong configuration before it synthesizes anything. It prints one line for each problem.
func TestMainRefuses(t *testing.T) {
	t.Parallel()
	nodetest.Require(t)
	out := t.TempDir()
	code, stderr := run(t, ".", noDotEnv, "CDK_OUTDIR="+out, "BUFFERING_SIZE=5", "PREFIX=env/",
		`CDK_CONTEXT_JSON={"prefix":"flag","bufferingTime":"1","buffersize":"64"}`)
	if code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	want := []string{
		"cdk: context key prefix: ", "cdk: environment variable BUFFERING_SIZE: ", "cdk: context key bufferingTime: ",
		"cdk: context key buffersize: no such setting; did you mean bufferingSize?",
	}
	if len(lines) != len(want) {
		t.Fatalf("got %q, want %d lines", lines, len(want))
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("line %d is %q, want %s...", i, lines[i], want[i])
		}
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) > 0 {
		t.Errorf("the output holds %v (%v), want nothing", entries, err)
	}
}

// TestProgram is what cdk has in common with the other programs. It needs no Node: nothing is synthesized.
func TestProgram(t *testing.T) {
	testenv.Clean(t)
	t.Setenv("PATH", t.TempDir())
	programtest.Test(t, "cdk", app.Main, programtest.Cases{
		WrongArguments: [][]string{{"synth"}},
		Failure:        [][]string{{}}, // there is no Node
	})
}

func TestMainOutsideARepository(t *testing.T) {
	t.Parallel()
	nodetest.Require(t)
	code, stderr := run(t, t.TempDir(), noDotEnv)
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "go.work") {
		t.Errorf("stderr is %q", stderr)
	}
}

func TestMainWithoutNode(t *testing.T) {
	t.Parallel()
	code, stderr := run(t, ".", noDotEnv, "PATH="+t.TempDir())
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "Node.js") {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
}

// asProgram is the variable that makes the test binary run [app.Main]. Each run needs a process of its own, because the Node
// process behind the CDK takes its environment when it starts.
const asProgram = "TEST_RUNS_AS_PROGRAM"

// noDotEnv keeps the developer's own settings away.
const noDotEnv = "no.env"

// run runs the program in dir with a file of settings, and without the developer's own environment.
func run(t *testing.T, dir, dotEnv string, environment ...string) (code int, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, "--dotenv", dotEnv)
	cmd.Dir = dir
	cmd.Stderr = &b
	cmd.Env = testenv.Environ(t, append([]string{asProgram + "=1", "TMPDIR=" + t.TempDir()}, environment...)...)
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "!!") { // the CDK's warning about an old version of Node.js
			stderr += line
		}
	}
	return cmd.ProcessState.ExitCode(), stderr
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		code := m.Run()
		jsii.Close() // importing the CDK has unpacked files
		os.Exit(code)
	}
	os.Exit(app.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func at(v any, path ...string) any {
	for _, key := range path {
		v = v.(map[string]any)[key]
	}
	return v
}
