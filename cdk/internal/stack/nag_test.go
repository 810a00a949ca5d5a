package stack_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/nodetest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// excuse explains why a finding stays.
type excuse struct {
	Rule     string
	Resource string // regular expression for logical ids
	Reason   string
}

type finding struct{ Rule, Resource, What string }

// cdk/nag/excuses.json explains each finding of cdk-nag's AwsSolutions pack, and each explanation has a finding.
func TestNag(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(nagFolder(t), "excuses.json"))
	if err != nil {
		t.Fatal(err)
	}
	var excuses []excuse
	if err := json.Unmarshal(text, &excuses); err != nil {
		t.Fatal(err)
	}
	used := make([]bool, len(excuses))
	committed := map[string][]byte{}
	for name, template := range templates() {
		committed[name] = masked(t, template)
	}
	found := nag(t, committed)
	eachTemplate(t, func(t *testing.T, name string, template map[string]any) {
		of := map[string]string{"default": "MetricsDashboard", "minimal": "M", "platform": "Platform-Metrics"}[name]
		prefix, region := "analytics/", "arn:<AWS::Partition>:ssm:<AWS::Region>"
		if of == "" {
			of, prefix, region = "Everything", "a/b/", "arn:aws:ssm:eu-central-1"
		}
		bucket := "<Bucket83908E77.Arn>"
		if name == quickSight { // a parameter of the template has the bucket's name
			for id := range template["Parameters"].(map[string]any) {
				bucket = "arn:aws:s3:::<" + id + ">"
			}
		}
		names := strings.NewReplacer("PREFIX", prefix, "BUCKET", bucket, "SSM", region, "PARAMETERS",
			region+":<AWS::AccountId>:parameter/metrics-dashboard/"+of)
		for _, f := range found[name] {
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
			t.Errorf("cdk-nag no longer finds %s on %s; remove the excuse", e.Rule, e.Resource)
		}
	}
}

// The check finds an open bucket and a wildcard.
func TestNagFinds(t *testing.T) {
	found := map[string]bool{}
	wrong := []byte(`{"Resources":{
		"B":{"Type":"AWS::S3::Bucket","Properties":{}},
		"P":{"Type":"AWS::IAM::ManagedPolicy","Properties":{"PolicyDocument":{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}}}}}`)
	for _, f := range nag(t, map[string][]byte{"wrong": wrong})["wrong"] {
		found[f.Resource+" "+f.Rule] = true
	}
	for _, want := range []string{"B AwsSolutions-S10", "P AwsSolutions-IAM5[Action::s3:*]", "P AwsSolutions-IAM5[Resource::*]"} {
		if !found[want] {
			t.Errorf("cdk-nag finds %v and not %s", found, want)
		}
	}
}

// nag runs cdk-nag over templates and returns its findings by their names. One process checks all templates, because loading
// cdk-nag takes longer than checking one.
func nag(t *testing.T, templates map[string][]byte) map[string][]finding {
	t.Helper()
	dir, names, args := t.TempDir(), slices.Sorted(maps.Keys(templates)), []string{"check.mjs"}
	for _, name := range names {
		file := filepath.Join(dir, name+".json")
		if err := os.WriteFile(file, templates[name], 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = nagFolder(t)
	cmd.Env = testenv.Environ(t)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("cdk-nag: %v: %s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all [][]finding
	if err := json.Unmarshal(out, &all); err != nil || len(all) != len(names) {
		t.Fatalf("cdk-nag says %q: %v", out, err)
	}
	findings := map[string][]finding{}
	for i, name := range names {
		findings[name] = all[i]
	}
	return findings
}

// nagFolder returns the folder in which `make deps` installs cdk-nag.
func nagFolder(t *testing.T) string {
	t.Helper()
	nodetest.Require(t)
	folder := filepath.Join(repository(t), "cdk", "nag")
	// npm writes this file last. If it is older than the lock file, another version is installed.
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
