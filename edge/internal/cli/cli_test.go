package cli

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
	"github.com/metrics-dashboard/metrics-dashboard/record/program/programtest"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// edge runs a command line with some variables set, and returns its exit code and output.
func edge(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestProgram is what edge has in common with the other programs.
func TestProgram(t *testing.T) {
	testenv.Clean(t)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	none := filepath.Join(t.TempDir(), "none")
	programtest.Test(t, "edge", Main, programtest.Cases{
		BadValue:       [][]string{{"run", "--interval", "soon"}, {"once", "--over", "0s"}, {"status", "--spool-dir", ""}},
		WrongArguments: [][]string{{"run", "now"}, {"spool", "lss"}, {"spool", "ls", "more"}, {"version", "1"}},
		Failure: [][]string{
			{"status", "--spool-dir", none}, {"spool", "ls", "--spool-dir", none}, {"check", "--stack", "S", "--spool-dir", none},
		},
	})
}

func TestUsageErrors(t *testing.T) {
	for name, c := range map[string]struct {
		args, environ []string
		want          []string // what the lines contain, in order
	}{
		"unknown command":  {[]string{"rum"}, nil, []string{`unknown command "rum"; did you mean run?`}},
		"strange command":  {[]string{"xyzzy"}, nil, []string{`unknown command "xyzzy"; see edge --help`}},
		"unknown flag":     {[]string{"run", "--intervall", "3s"}, nil, []string{"unknown flag: --intervall; see edge run --help"}},
		"flag of run only": {[]string{"once", "--stack", "x"}, nil, []string{"unknown flag: --stack"}},
		"argument":         {[]string{"run", "now"}, nil, []string{`edge run takes no argument, has "now"`}},
		"version argument": {[]string{"version", "1"}, nil, []string{"takes no argument"}},
		"all at once": {
			[]string{
				"run", "--stack", "a/b", "--stream", "", "--region", "moon", "--interval", "0s", "--max-latency", "1h",
				"--spool-dir", "", "--spool-max", "1KiB", "--sync", "often", "--backlog-rate", "0.5", "--tag", "A=b", "--tag", "nothing", "--tag", "a=1", "--tag", "a=2",
				"--interface-exclude", "(", "--log-level", "loud", "--env", strings.Repeat("x", 300), "--node-role", "\xff",
			},
			[]string{"METRICS_EDGE_INTERVL=3s", "OTHER=1"},
			[]string{
				"METRICS_EDGE_INTERVL: no such setting; did you mean METRICS_EDGE_INTERVAL?",
				`--stack "a/b": must match`, `--stream "": must match`, `--region "moon": must match`,
				`--interval "0s": must be 1s to 1h`, `--max-latency "1h": must be 1s to 15m`,
				`--spool-dir "": must name`, `--spool-max "1KiB": must be 1MiB to`,
				`--sync "often": must be every, none or a duration of 100ms to 1h`,
				`--backlog-rate "0.5": must be a number of 1 to 10000`, `--env "xxx`, `--node-role "\xff": must be text`,
				`--tag "A=b": must be key=value`, `--tag "nothing": must be key=value`, `--tag "a=2": key a is given twice`,
				`--interface-exclude "(": not a regular expression`, `--log-level "loud": must be debug`,
			},
		},
		"fraction of a second": {[]string{"run", "--interval", "1500ms"}, nil, []string{`--interval "1500ms": must be whole seconds`}},
		"no duration":          {[]string{"run", "--interval", "3"}, nil, []string{`--interval "3": not a duration`}},
		"no size":              {[]string{"run", "--spool-max", "much"}, nil, []string{`--spool-max "much": not a size`}},
		"latency below interval": {
			[]string{"run", "--interval", "10m"},
			[]string{"METRICS_EDGE_MAX_LATENCY=5m"},
			[]string{`METRICS_EDGE_MAX_LATENCY "5m": shorter than the interval of 10m; use at least 10m`},
		},
		"tags of the environment": {[]string{"once"}, []string{"METRICS_EDGE_TAG=a=1,B=2"}, []string{`METRICS_EDGE_TAG "B=2"`}},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := edge(t, c.environ, c.args...)
			if code != program.Refused || stdout != "" {
				t.Errorf("exit code %d, stdout %q", code, stdout)
			}
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d lines, want %d:\n%s", len(lines), len(c.want), stderr)
			}
			for i, want := range c.want {
				if !strings.HasPrefix(lines[i], "edge: ") || !strings.Contains(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestOnce(t *testing.T) {
	code, stdout, stderr := edge(t, nil, "once", "--over", "100ms", "--env", "test", "--node-role", "web", "--tag", "a=b")
	if code != program.OK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if strings.Count(stdout, "\n") != 1 {
		t.Errorf("output is not one line: %q", stdout)
	}
	s, err := record.ParseSample([]byte(strings.TrimSpace(stdout)))
	if err != nil {
		t.Fatal(err)
	}
	if s.Seq != 0 || s.SessionID == "" || s.Env != "test" || s.NodeRole != "web" || s.Tags["a"] != "b" ||
		s.IntervalS != 1 || s.Hostname == "" || time.Since(time.UnixMilli(record.Millis(s.TS))).Abs() > time.Minute {
		t.Errorf("sample is %s", stdout)
	}
}

func TestHelp(t *testing.T) {
	for command, flags := range map[string][]string{
		"run":    {"--stack name", "--interval duration", "(default 3s)", "--config file", "--allow-remote ", "--listen address"},
		"once":   {"--over duration", "--env label"},
		"check":  {"--stack name", "--spool-max size"},
		"status": {"--json ", "--spool-dir directory"},
	} {
		_, help, _ := edge(t, nil, command, "--help")
		for _, want := range flags {
			if !strings.Contains(help, want) {
				t.Errorf("edge %s --help has no %q:\n%s", command, want, help)
			}
		}
	}
}

// TestCompletion: commands, flags and their values are completed.
func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"st":                "status\t",
		"run --max-la":      "--max-latency\t",
		"run --log-level ":  "debug\ninfo\nwarn\nerror\n",
		"run --sync ":       "every\nnone\n",
		"run --log-format ": "text\njson\n",
	} {
		if _, got, _ := edge(t, nil, append([]string{"__complete"}, strings.Split(line, " ")...)...); !strings.HasPrefix(got, want) {
			t.Errorf("completion of %q is %q, want %q", line, got, want)
		}
	}
}

func TestNoCommandIsHelp(t *testing.T) {
	code, stdout, stderr := edge(t, nil)
	if code != program.OK || stderr != "" || !strings.Contains(stdout, "run ") || !strings.Contains(stdout, "once ") {
		t.Errorf("exit code %d, stderr %q, stdout %q", code, stderr, stdout)
	}
}
