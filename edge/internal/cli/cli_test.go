package cli

import (
	"bytes"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// edge runs a command line and returns its exit code and output.
func edge(t *testing.T, environ []string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), args, environ, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsageErrors(t *testing.T) {
	for name, c := range map[string]struct {
		args, environ []string
		want          []string // lines, in order, that contain these
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
				"--interface-exclude", "(", "--log-level", "loud", "--env", strings.Repeat("x", 300),
			},
			[]string{"METRICS_EDGE_INTERVL=3s", "METRICS_EDGE_NODE_ROLE=\xff", "OTHER=1"},
			[]string{
				"METRICS_EDGE_INTERVL: no such setting; did you mean METRICS_EDGE_INTERVAL?",
				`--stack "a/b": must match`, `--stream "": must match`, `--region "moon": must match`,
				`--interval "0s": must be 1s to 1h`, `--max-latency "1h": must be 1s to 15m`,
				`--spool-dir "": must name`, `--spool-max "1KiB": must be 1MiB to`,
				`--sync "often": must be every, none or a duration of 100ms to 1h`,
				`--backlog-rate "0.5": must be a number of 1 to 10000`, `--env "xxx`, `METRICS_EDGE_NODE_ROLE "\xff": must be text`,
				`--tag "A=b": must be key=value`, `--tag "nothing": must be key=value`, `--tag "a=2": key a is given twice`,
				`--interface-exclude "(": is no regular expression`, `--log-level "loud": must be debug`,
			},
		},
		"fraction of a second": {[]string{"run", "--interval", "1500ms"}, nil, []string{`--interval "1500ms": must be whole seconds`}},
		"no duration":          {[]string{"run", "--interval", "3"}, nil, []string{`--interval "3": is no duration`}},
		"no size":              {[]string{"run", "--spool-max", "much"}, nil, []string{`--spool-max "much": is no size`}},
		"latency below interval": {
			[]string{"run", "--interval", "10m"},
			[]string{"METRICS_EDGE_MAX_LATENCY=5m"},
			[]string{`METRICS_EDGE_MAX_LATENCY "5m": shorter than the interval of 10m; at least 10m would be right`},
		},
		"tags of the environment": {[]string{"once"}, []string{"METRICS_EDGE_TAG=a=1,B=2"}, []string{`METRICS_EDGE_TAG "B=2"`}},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := edge(t, c.environ, c.args...)
			if code != exitUsage || stdout != "" {
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

func resolved(t *testing.T, environ []string, args ...string) config {
	t.Helper()
	cmd := newRun(environ, nil)
	values := declare(newOnce(nil, nil, nil).Flags(), 0)
	if len(values) != 0 {
		t.Fatal("settings of no command")
	}
	cmd.ResetFlags()
	values = declare(cmd.Flags(), forRun)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	c, err := resolve(values, environ)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPrecedence(t *testing.T) {
	c := resolved(t, nil)
	if c.stack != "MetricsDashboard" || c.interval != 3*time.Second || c.maxLatency != time.Minute ||
		c.spoolBytes != 64<<20 || c.sync != 5*time.Second || c.backlogRate != 20 || c.spoolDir == "" || c.stream != "" || c.logLevel != 0 {
		t.Errorf("defaults are %+v", c)
	}
	environ := []string{"METRICS_EDGE_INTERVAL=7s", "METRICS_EDGE_ENV=prod", "METRICS_EDGE_TAG=a=1,b=2", "METRICS_EDGE_STACK="}
	c = resolved(t, environ, "--env", "test", "--spool-max=2MiB")
	if c.interval != 7*time.Second || c.labels.Env != "test" || c.labels.Tags["b"] != "2" || c.spoolBytes != 2<<20 ||
		c.stack != "MetricsDashboard" {
		t.Errorf("settings are %+v", c)
	}
	c = resolved(t, environ, "--tag", "c=3")
	if len(c.labels.Tags) != 1 || c.labels.Tags["c"] != "3" {
		t.Errorf("tags are %v, want those of the flags only", c.labels.Tags)
	}
	// A wrong variable does not matter where a flag wins.
	if c = resolved(t, []string{"METRICS_EDGE_INTERVAL=x"}, "--interval", "5s"); c.interval != 5*time.Second {
		t.Errorf("interval is %v", c.interval)
	}
}

func TestMaxLatencyFollowsTheInterval(t *testing.T) {
	for _, c := range []struct {
		args []string
		want time.Duration
	}{
		{nil, time.Minute},
		{[]string{"--interval", "5m"}, 5 * time.Minute},
		{[]string{"--interval", "1h"}, 15 * time.Minute},
		{[]string{"--interval", "1h", "--max-latency", "15m"}, 15 * time.Minute},
		{[]string{"--interval", "5s", "--max-latency", "5s"}, 5 * time.Second},
	} {
		if got := resolved(t, nil, c.args...).maxLatency; got != c.want {
			t.Errorf("max latency with %q is %v, want %v", c.args, got, c.want)
		}
	}
}

// TestHelpNamesEverySetting also keeps settings from being declared without a description.
func TestHelpNamesEverySetting(t *testing.T) {
	_, run, _ := edge(t, nil, "run", "--help")
	_, once, _ := edge(t, nil, "once", "--help")
	var names []string
	for _, s := range settings() {
		if slices.Contains(names, s.name) || s.usage == "" || s.commands == 0 {
			t.Errorf("setting %s is declared badly", s.name)
		}
		names = append(names, s.name)
		if s.commands&forRun != 0 && !strings.Contains(run, "--"+s.name+" ") {
			t.Errorf("edge run --help does not name --%s", s.name)
		}
		if s.commands&forOnce != 0 && !strings.Contains(once, "--"+s.name+" ") {
			t.Errorf("edge once --help does not name --%s", s.name)
		}
	}
}

func TestOnce(t *testing.T) {
	code, stdout, stderr := edge(t, nil, "once", "--over", "100ms", "--env", "test", "--node-role", "web", "--tag", "a=b")
	if code != exitOK {
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

func TestVersion(t *testing.T) {
	code, stdout, _ := edge(t, nil, "version")
	if code != exitOK || !strings.HasPrefix(stdout, "edge ") {
		t.Errorf("exit code %d, output %q", code, stdout)
	}
	info := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := describe("", info); !strings.HasPrefix(got, "edge v1.2.3 (0123456+changes, go") {
		t.Errorf("version is %q", got)
	}
	if got := describe("v2.0.0", &debug.BuildInfo{}); !strings.HasPrefix(got, "edge v2.0.0 (go") {
		t.Errorf("version is %q", got)
	}
}

func TestNoCommandIsHelp(t *testing.T) {
	code, stdout, stderr := edge(t, nil)
	if code != exitOK || stderr != "" || !strings.Contains(stdout, "run ") || !strings.Contains(stdout, "once ") {
		t.Errorf("exit code %d, stderr %q, stdout %q", code, stderr, stdout)
	}
}

func TestSync(t *testing.T) {
	for text, want := range map[string]time.Duration{"every": spool.SyncEvery, "none": spool.SyncNever, "250ms": 250 * time.Millisecond} {
		if got := resolved(t, nil, "--sync", text).sync; got != want {
			t.Errorf("--sync %s is %v, want %v", text, got, want)
		}
	}
}

func TestStateDir(t *testing.T) {
	home := []string{"HOME=/home/u", "ProgramData=D:/Data"}
	for _, c := range []struct {
		goos    string
		uid     int
		environ []string
		want    string
	}{
		{"linux", 0, nil, "/var/lib/metrics-edge"},
		{"linux", 0, []string{"STATE_DIRECTORY=/var/lib/a:/var/lib/b"}, "/var/lib/a"},
		{"linux", 7, home, "/home/u/.local/state/metrics-edge"},
		{"linux", 7, append(home, "XDG_STATE_HOME=/state"), "/state/metrics-edge"},
		{"linux", 7, append(home, "XDG_STATE_HOME=relative"), "/home/u/.local/state/metrics-edge"},
		{"darwin", 0, home, "/Library/Application Support/metrics-edge"},
		{"darwin", 7, home, "/home/u/Library/Application Support/metrics-edge"},
		{"windows", -1, home, "D:/Data/metrics-edge"},
	} {
		if got := stateDir(c.goos, c.uid, lookup(c.environ)); filepath.ToSlash(got) != c.want {
			t.Errorf("on %s for %d with %q it is %s, want %s", c.goos, c.uid, c.environ, got, c.want)
		}
	}
}
