package stack_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// excuse is a finding that is explained instead of removed.
type excuse struct {
	Rule     string
	Resource string // pattern of logical ids
	Reason   string
}

type finding struct{ Rule, Resource, What string }

// cdk-nag's AwsSolutions pack finds nothing that cdk/nag/excuses.json does not explain, and every explanation is needed.
func TestNag(t *testing.T) {
	folder := nagFolder(t)
	text, err := os.ReadFile(filepath.Join(folder, "excuses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var excuses []excuse
	if err := json.Unmarshal(text, &excuses); err != nil {
		t.Fatal(err)
	}
	used := make([]bool, len(excuses))
	eachTemplate(t, func(t *testing.T, name string, template map[string]any) {
		of := map[string]string{"default": "MetricsDashboard", "minimal": "M", "platform": "Platform-Metrics"}[name]
		prefix, region := "analytics/", "arn:<AWS::Partition>:ssm:<AWS::Region>"
		if of == "" {
			of, prefix, region = "Everything", "a/b/", "arn:aws:ssm:eu-central-1"
		}
		bucket := "<Bucket83908E77.Arn>"
		if name == quickSight { // looks the bucket up
			for id := range template["Parameters"].(map[string]any) {
				bucket = "arn:aws:s3:::<" + id + ">"
			}
		}
		names := strings.NewReplacer("PREFIX", prefix, "BUCKET", bucket, "SSM", region, "PARAMETERS",
			region+":<AWS::AccountId>:parameter/metrics-dashboard/"+of)
		for _, f := range nag(t, folder, masked(t, template)) {
			explained := false
			for i, e := range excuses {
				if f.Rule == names.Replace(e.Rule) && regexp.MustCompile(e.Resource).MatchString(f.Resource) && e.Reason != "" {
					explained, used[i] = true, true
				}
			}
			if !explained {
				t.Errorf("%s: %s: %s", f.Resource, f.Rule, f.What)
			}
		}
	})
	for i, e := range excuses {
		if !used[i] {
			t.Errorf("nothing is found that %s excuses on %s; remove it", e.Rule, e.Resource)
		}
	}
}

// The check finds what is wrong: an open bucket and a star.
func TestNagFinds(t *testing.T) {
	found := map[string]bool{}
	for _, f := range nag(t, nagFolder(t), []byte(`{"Resources":{
		"B":{"Type":"AWS::S3::Bucket","Properties":{}},
		"P":{"Type":"AWS::IAM::ManagedPolicy","Properties":{"PolicyDocument":{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}}}}}`)) {
		found[f.Resource+" "+f.Rule] = true
	}
	for _, want := range []string{"B AwsSolutions-S10", "P AwsSolutions-IAM5[Action::s3:*]", "P AwsSolutions-IAM5[Resource::*]"} {
		if !found[want] {
			t.Errorf("%s is not found; found are %v", want, found)
		}
	}
}

// nag runs cdk-nag over a template.
func nag(t *testing.T, folder string, template []byte) []finding {
	t.Helper()
	file := filepath.Join(t.TempDir(), "template.json")
	if err := os.WriteFile(file, template, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "check.mjs", file)
	cmd.Dir = folder
	cmd.Env = testenv.Environ(t)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("cdk-nag: %v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var findings []finding
	if err := json.Unmarshal(out, &findings); err != nil {
		t.Fatalf("cdk-nag says %q: %v", out, err)
	}
	return findings
}

// nagFolder is where `make deps` has installed cdk-nag. The Go binding of cdk-nag would run the same code.
func nagFolder(t *testing.T) string {
	t.Helper()
	requireNode(t)
	folder := filepath.Join(repository(t), "cdk", "nag")
	// npm writes this file last. One that is older than the lock file is of another version.
	installed, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	locked, lockErr := os.Stat(filepath.Join(folder, "package-lock.json"))
	if lockErr != nil {
		t.Fatal(lockErr)
	}
	if err != nil || installed.ModTime().Before(locked.ModTime()) {
		t.Fatalf("cdk-nag is not installed in %s, or is older than its lock file: run `make deps`", folder)
	}
	return folder
}
