package check_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/check"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// answers are the answers of SSM and Firehose. The zero value accepts everything.
type answers struct {
	ssm, firehose string
	skew          time.Duration // how far this machine is ahead of the server
}

const parameters = `{"Parameters":[{"Name":"/metrics-dashboard/S/delivery-stream-name","Value":"the-stream"}%s]}`

// server returns a server with these answers.
func (a answers) server(t *testing.T) *cloudtest.Server {
	s := cloudtest.New(t)
	s.Skew, s.Raw = a.skew, map[string]string{cloudtest.GetParameters: a.ssm}
	if a.ssm == "" {
		s.Raw[cloudtest.GetParameters] = fmt.Sprintf(parameters, "")
	}
	if a.firehose != "" {
		s.Raw[cloudtest.PutRecords] = a.firehose
	}
	return s
}

// run makes the check against a server, with more variables and flags.
func run(t *testing.T, c *cloudtest.Server, environment map[string]string, args ...string) (map[string]check.Result, int) {
	t.Helper()
	server := httptest.NewServer(c)
	defer server.Close()
	testenv.Clean(t)
	all := map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
		"AWS_EC2_METADATA_DISABLED": "true",
	}
	for name, value := range environment {
		all[name] = value
	}
	for name, value := range all {
		t.Setenv(name, value)
	}
	cmd := &cobra.Command{Use: "check"}
	source := config.Declare(cmd, config.ForCheck, nil)
	if err := cmd.ParseFlags(append([]string{"--stack=S", "--spool-max=1MiB", "--spool-dir=" + t.TempDir()}, args...)); err != nil {
		t.Fatal(err)
	}
	local := source.Load()
	cfg, err := local.With("")
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]check.Result{}
	failed := check.Run(t.Context(), check.Options{
		Config: cfg, Local: local, Report: func(r check.Result) { results[r.Step] = r },
		Sample: func(context.Context) (record.Sample, error) {
			return record.Sample{TS: record.TS(time.Now()), SessionID: "s", Hostname: "h"}, nil
		},
	})
	return results, failed
}

func TestCheck(t *testing.T) {
	noDir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(noDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cloud       answers
		environment map[string]string
		args        []string
		failed      int
		want        map[string]string // outcome and text by step; the others are ok
		hint        string            // begin of the hint of discovery
	}{
		"all well": {want: map[string]string{
			"credentials": "ok from EnvConfigCredentials, region eu-west-1", "discovery": "ok stack S sends to the-stream in eu-west-1",
			"delivery": "ok the-stream took one sample of h", "clock": "ok within 5s", "spool": "ok",
		}},
		"no credentials": {
			environment: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_ENDPOINT_URL": "https://aws.example"}, failed: 1,
			want: map[string]string{"credentials": "FAILED", "discovery": "skipped", "delivery": "skipped", "clock": "skipped"},
		},
		"no credentials, on this machine": {
			environment: map[string]string{"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
			want:        map[string]string{"credentials": "ok from a placeholder, as the endpoint is on this machine"},
		},
		"blanks": {
			environment: map[string]string{"AWS_REGION": "eu-west-1 "}, failed: 1,
			want: map[string]string{
				"credentials": `FAILED AWS configuration: AWS_REGION="eu-west-1 ": there are blanks around the value`, "discovery": "skipped", "delivery": "skipped", "clock": "skipped",
			},
		},
		"no region": {
			environment: map[string]string{"AWS_REGION": "", "AWS_ENDPOINT_URL": "https://aws.example"}, failed: 1,
			want: map[string]string{"credentials": "FAILED no AWS region", "discovery": "skipped", "delivery": "skipped", "clock": "skipped"},
		},
		"plain endpoint": {
			environment: map[string]string{"AWS_ENDPOINT_URL": "http://aws.example"}, failed: 1,
			want: map[string]string{"credentials": "FAILED AWS configuration: endpoint http://aws.example: plain HTTP", "discovery": "skipped", "delivery": "skipped", "clock": "skipped"},
		},
		"may not read": {
			cloud: answers{ssm: `{"__type":"AccessDeniedException","message":"not you"}`}, failed: 1,
			want: map[string]string{"discovery": "FAILED read parameters under /metrics-dashboard/S/", "delivery": "skipped"},
		},
		"too many ask": {
			cloud: answers{ssm: `{"__type":"ThrottlingException","message":"Rate exceeded"}`}, failed: 1,
			want: map[string]string{"discovery": "FAILED read parameters under /metrics-dashboard/S/", "delivery": "skipped"},
			hint: "the account's limit of requests",
		},
		"no stack": {
			cloud: answers{ssm: `{"Parameters":[]}`}, failed: 1,
			want: map[string]string{"discovery": "FAILED no parameters under /metrics-dashboard/S/ in eu-west-1", "delivery": "skipped"},
		},
		"edge-config": {
			cloud: answers{ssm: fmt.Sprintf(parameters, `,{"Name":"/metrics-dashboard/S/edge-config","Value":"{\"interval\":\"9s\"}"}`)},
			want:  map[string]string{"discovery": "ok stack S sends to the-stream in eu-west-1; its edge-config is used"},
		},
		"bad edge-config": {
			cloud: answers{ssm: fmt.Sprintf(parameters, `,{"Name":"/metrics-dashboard/S/edge-config","Value":"{\"pace\":\"9s\"}"}`)},
			want:  map[string]string{"discovery": "warning stack S sends to the-stream in eu-west-1; its edge-config is wrong: edge-config:1: pace"},
		},
		"a stream without a stack": {
			args: []string{"--stream", "mine"}, cloud: answers{ssm: `{"__type":"NotAsked"}`},
			want: map[string]string{"discovery": "ok not needed", "delivery": "ok mine took one sample of h"},
		},
		"stream is gone": {
			cloud: answers{firehose: `{"__type":"ResourceNotFoundException","message":"x"}`}, failed: 1,
			want: map[string]string{"delivery": "FAILED delivery stream the-stream does not exist"},
		},
		"may not put": {
			cloud: answers{firehose: `{"__type":"AccessDeniedException","message":"x"}`}, failed: 1,
			want: map[string]string{"delivery": "FAILED these credentials may not put records on the-stream; attach the stack's edge policy"},
		},
		"record is refused": {
			cloud:  answers{firehose: `{"FailedPutCount":1,"RequestResponses":[{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"slow"}]}`},
			failed: 1, want: map[string]string{"delivery": "FAILED throttled: ServiceUnavailableException: slow"},
		},
		"no result": {
			cloud: answers{firehose: `{"FailedPutCount":0,"RequestResponses":[]}`}, failed: 1,
			want: map[string]string{"delivery": "FAILED delivery stream the-stream answered with 0 results for 1 records"},
		},
		"clock ahead": {
			cloud: answers{skew: time.Minute}, want: map[string]string{"clock": "warning is 1m…s ahead of AWS, and so are the times of samples"},
		},
		"clock far behind": {
			cloud: answers{skew: -time.Hour, ssm: `{"__type":"InvalidSignatureException","message":"Signature expired"}`}, failed: 2,
			want: map[string]string{"discovery": "FAILED", "delivery": "skipped", "clock": "FAILED is 1h0m0s behind AWS: AWS refuses signatures with such a time"},
		},
		"spool in the way": {
			args: []string{"--spool-dir", noDir + "/spool"}, failed: 1, want: map[string]string{"spool": "FAILED"},
		},
		"spool to be made": {
			args: []string{"--spool-dir", t.TempDir() + "/a/b"}, want: map[string]string{"spool": "ok " /* … */},
		},
		"spool larger than the disk": {
			args: []string{"--spool-max", "1TiB"}, want: map[string]string{"spool": "warning "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := c.cloud.server(t)
			results, failed := run(t, server, c.environment, c.args...)
			if failed != c.failed || len(results) != 5 {
				t.Errorf("%d failed of %d", failed, len(results))
			}
			for step, r := range results {
				want, named := c.want[step]
				if !named {
					want = "ok"
				}
				start, rest, _ := strings.Cut(want, "…") // how far the clock is ahead depends on how long the answer took
				if got := string(r.Outcome) + " " + r.Text; !strings.HasPrefix(got, start) || !strings.Contains(got, rest) {
					t.Errorf("%s is %q, want %q", step, got, want)
				}
				if (r.Outcome == check.Failed || r.Outcome == check.Warning) && r.Hint == "" {
					t.Errorf("%s gives no hint", step)
				}
			}
			if hint := results["discovery"].Hint; !strings.HasPrefix(hint, c.hint) {
				t.Errorf("the hint of discovery is %q, want %q", hint, c.hint)
			}
			if delivered := results["delivery"].Outcome == check.OK; delivered && server.Requests != 1 {
				t.Errorf("%d puts", server.Requests)
			}
		})
	}
}

// TestSpoolIsLeftAsItWas: the check changes no file, and names a collector that is running there.
func TestSpoolIsLeftAsItWas(t *testing.T) {
	dir := t.TempDir()
	l, err := status.ListenSocket(t.Context(), status.Socket(dir))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	running := status.Handler(func() status.Report { return status.Report{PID: 4711} })
	go func() { _ = status.Serve(ctx, l, running) }()
	results, _ := run(t, answers{}.server(t), nil, "--spool-dir", dir)
	if r := results["spool"]; r.Outcome != check.OK || !strings.Contains(r.Text, "a collector is running there (pid 4711)") {
		t.Errorf("spool is %+v", r)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
	never := filepath.Join(t.TempDir(), "a", "b")
	run(t, answers{}.server(t), nil, "--spool-dir", never)
	if _, err := os.Stat(filepath.Dir(never)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the check made %s", filepath.Dir(never))
	}
}
