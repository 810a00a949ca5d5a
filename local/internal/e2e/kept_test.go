package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// kept is the lake in a frozen folder. It also has what else the programs of a release keep in a lake: rollups, a parameter that a person
// put, and two records that failed. One of these was sent again.
const (
	kept         = "kept"
	keptSetting  = "/metrics-dashboard/MetricsDashboard/edge-config"
	keptInterval = `{"interval": "10s"}`
)

// keptFrom and keptTo bound the samples of the kept lake. The page reads rows of hours over so long a time.
var (
	keptFrom = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	keptTo   = keptFrom.AddDate(0, 1, 0)
)

// parameters is a client for the parameters of a stack.
func parameters(p *process) *ssm.Client {
	return ssm.New(ssm.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(p.endpoint), Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
}

// local runs a command of the program local.
func local(t *testing.T, args ...string) string {
	t.Helper()
	out, err := bare(t.Context(), "local", nil, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("local %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// freezeKept writes the kept lake of a release with the programs of today.
func freezeKept(t *testing.T, dir string) {
	up := func(template string) *process {
		return start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", template, "--stack", "MetricsDashboard")
	}
	anyAge := templateOfAge(t, template.Default(), anyAge)
	p := up(anyAge)
	putAll(t, p, recordtest.GoldenLines)
	if _, err := parameters(p).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(keptSetting), Value: aws.String(keptInterval), Type: types.ParameterTypeString,
	}); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	p = up(templateOfAge(t, template.Default(), 1)) // refuses samples of February
	for seq, host := range []string{"one", "two"} {
		putAll(t, p, fmt.Appendf(nil, `{"ts":%d,"session_id":"failed","seq":%d,"interval_s":60,"hostname":"%s"}`, keptFrom.Unix(), seq, host))
	}
	p.stop(t)
	p = up(anyAge)
	failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint, "--host", "one")
	p.stop(t)
	local(t, "rollup", "--dir", dir)
}

// The programs of today understand what those of a release keep in a lake.
func TestKeptLake(t *testing.T) {
	for _, release := range releases(t) {
		t.Run(filepath.Base(release), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(release, kept))); err != nil {
				t.Fatal(err)
			}
			readRolledUp(t, dir, minutesAndHours) // an earlier release has no days
			p := start(t, "up", "--dir", dir, "--listen", "127.0.0.1:0", "--template", templateOfAge(t, template.Default(), anyAge), "--stack", "MetricsDashboard")
			setting, err := parameters(p).GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String(keptSetting)})
			if err != nil || *setting.Parameter.Value != keptInterval {
				t.Errorf("the parameter that a person put: %v, %v", setting, err)
			}
			if list := failed(t, 0, "ls", "--lake", dir, "--format", "csv"); strings.Contains(list, ",one,") || !strings.Contains(list, ",two,") {
				t.Errorf("the list has other records than the one of host two:\n%s", list)
			}
			if said := failed(t, 0, "replay", "--lake", dir, "--endpoint", p.endpoint); !strings.Contains(said, "1 record") {
				t.Errorf("the replay says %s", said)
			}
			p.stop(t)
			if got := row(t, dir, "SELECT count(*) FILTER (hostname = 'one'), count(*) FILTER (hostname = 'two') FROM samples"); fmt.Sprint(got) != "[1 1]" {
				t.Errorf("rows of the records that failed: %v, want one each", got)
			}
			local(t, "rollup", "--dir", dir)
			readRolledUp(t, dir, panels.Rollups())
		})
	}
}

// minutesAndHours are the rollups of the first release.
var minutesAndHours = []panels.Rollup{panels.Minutes, panels.Hours}

// readRolledUp fails unless these rollups have a row for each bucket of the samples, and each panel can read them.
func readRolledUp(t *testing.T, dir string, rollups []panels.Rollup) {
	t.Helper()
	for _, r := range rollups {
		want := fmt.Sprint(row(t, dir, fmt.Sprintf("SELECT count(DISTINCT (hostname, machine_id, floor(ts / %.0f))) FROM samples", r.Bucket.Seconds())))
		if got := fmt.Sprint(row(t, dir, "SELECT count(*) FROM "+r.Table())); got != want || want == "[0]" {
			t.Errorf("%s has %s rows, want %s", r.Table(), got, want)
		}
	}
	l, err := lake.Open(dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := panels.Range{From: keptFrom, To: keptTo}
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			params := panels.Params{Range: r, Bucket: panels.BucketFor(r, 300), Series: 12, Delay: time.Minute}
			q, err := panels.Bind(p, params, l.Form(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			if answer, err := l.Query(t.Context(), q); err != nil || len(answer.Warnings) > 0 {
				t.Errorf("%s: %v, warnings %v", p.ID, err, answer.Warnings)
			}
		}
	}
}
