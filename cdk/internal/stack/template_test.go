package stack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/app"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
)

var update = flag.Bool("update", false, "rewrite golden files")

// variants are the configurations that all invariants of the pipeline are checked on. Their templates are committed where the
// local stack reads them.
func variants() map[string]variant {
	return map[string]variant{
		"default": {"local/internal/template/default.json", nil},
		"minimal": {"local/internal/template/testdata/minimal.json", map[string]any{
			"stackName": "M", "bufferingTime": "60", "lambdaTimeout": "1", "lambdaMemoryMb": "128", "athenaScanLimitGb": "1",
			"rawRetentionDays": "1", "errorRetentionDays": "1",
		}},
		"everything": {"local/internal/template/testdata/everything.json", map[string]any{
			"stackName": "Everything", "region": "eu-central-1", "deliveryStreamName": "in", "prefix": "a/b/",
			"bufferingSize": "128", "bufferingTime": "60", "roleName": "deliver", "bucketName": "the-lake",
			"lambdaFunctionName": "enrich", "lambdaTimeout": "300", "lambdaMemoryMb": "512", "maxSampleAgeDays": "18",
			"glueDatabaseName": "d", "glueTableName": "s", "firstYear": "2024", "crawlerSchedule": "cron(5 * * * ? *)", "athenaScanLimitGb": "1",
			"alarmEmail": "operator@example.org", "expectRecords": "true", "edgeRoles": "both", "logLevel": "debug",
			"rawRetentionDays": "30", "errorRetentionDays": "7", "removalPolicy": "destroy", "quickSightPrincipalArn": principal,
		}},
		"platform": {"local/internal/template/testdata/platform.json", map[string]any{
			"stackName": "Platform-Metrics", "kmsKeyArn": keyARN, "permissionsBoundary": boundaryARN,
			"tags": "team=core,cost-centre=4711", "terminationProtection": "true", "edgePolicyName": "metrics-edge",
			"readerPolicyName": "metrics-reader", "edgeRoles": "both", "expectRecords": "true",
		}},
	}
}

// quickSight is the name of the template of everything's second stack.
const quickSight = "quicksight"

// What a platform team gives.
const (
	keyARN      = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	boundaryARN = "arn:aws:iam::123456789012:policy/Boundary"
)

// principal is whom the QuickSight dashboard is for.
const principal = "arn:aws:quicksight:us-east-1:123456789012:user/default/someone@example.org"

type variant struct {
	golden  string // below the repository's root
	context map[string]any
}

// eachTemplate runs a test on all templates, those of the pipeline and that of QuickSight.
func eachTemplate(t *testing.T, f func(t *testing.T, name string, template map[string]any)) {
	t.Helper()
	eachVariant(t, f)
	t.Run(quickSight, func(t *testing.T) { f(t, quickSight, templateOf(t, quickSight)) })
}

// eachVariant runs a test on the template of each configuration's pipeline.
func eachVariant(t *testing.T, f func(t *testing.T, name string, template map[string]any)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(variants())) {
		t.Run(name, func(t *testing.T) { f(t, name, templateOf(t, name)) })
	}
}

// TestTemplate compares the templates with the committed ones.
func TestTemplate(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		compare(t, filepath.Join(repository(t), filepath.FromSlash(variants()[name].golden)), masked(t, template))
	})
	compare(t, filepath.Join("testdata", quickSight+".json"), masked(t, templateOf(t, quickSight)))
}

// compare compares with a golden file, or rewrites it.
func compare(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
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
		t.Errorf("%s is not what the app synthesizes; run make golden and look at the difference", file)
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
func synthesized(t *testing.T) map[string]any { return templateOf(t, "default") }

// templateOf is a variant's template, made once for all tests.
func templateOf(t *testing.T, name string) map[string]any {
	t.Helper()
	requireNode(t)
	return once()[name]
}

var once = sync.OnceValue(func() map[string]map[string]any {
	templates := map[string]map[string]any{}
	for name, s := range stacks() {
		templates[name] = *assertions.Template_FromStack(s, nil).ToJSON()
	}
	return templates
})

// stacks are those of all variants and that of QuickSight.
var stacks = sync.OnceValue(func() map[string]awscdk.Stack {
	all := map[string]awscdk.Stack{}
	for name, v := range variants() {
		pipeline, board := synthesize(v.context)
		all[name] = pipeline
		if board != nil {
			all[quickSight] = board
		}
	}
	return all
})

// synthesize returns the stacks of a configuration that is given by context keys; the second is nil if there is none. It panics
// if the CDK does, which fails the test.
func synthesize(context map[string]any) (pipeline, board awscdk.Stack) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	root, err := app.Root(".")
	must(err)
	file, err := app.FileContext(filepath.Join(root, "cdk.json"))
	must(err)
	c, err := config.Load(config.Sources{
		Context:     context,
		Environment: func(string) (string, bool) { return "", false },
	})
	must(err)
	dir, err := os.MkdirTemp("", "asset-*")
	must(err)
	defer func() { _ = os.RemoveAll(dir) }()
	zip := filepath.Join(dir, "transform.zip")
	must(os.WriteFile(zip, []byte("no program"), 0o600))
	all := app.NewApp(file)
	pipeline, err = stack.New(all, c, zip)
	must(err)
	if c.QuickSightPrincipalARN != "" {
		board, err = stack.NewQuickSight(all, c, pipeline)
		must(err)
	}
	return pipeline, board
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := app.Root(".")
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
