package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// source returns the settings' source of edge run with a command line.
func source(t *testing.T, environ []string, args ...string) *Source {
	t.Helper()
	cmd := &cobra.Command{Use: "run"}
	s := Declare(cmd, ForRun, environ)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return s
}

func resolved(t *testing.T, environ []string, args ...string) Config {
	t.Helper()
	c, err := source(t, environ, args...).Load().With("")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// file writes a configuration file and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	c := resolved(t, nil)
	if c.Stack != "MetricsDashboard" || c.Interval != 3*time.Second || c.MaxLatency != 2*time.Minute ||
		c.SpoolBytes != 64<<20 || c.Sync != 5*time.Second || c.BacklogRate != 20 || c.SpoolDir == "" || c.Stream != "" || c.LogLevel != 0 {
		t.Errorf("defaults are %+v", c)
	}
	environ := []string{"METRICS_EDGE_INTERVAL=7s", "METRICS_EDGE_ENV=prod", "METRICS_EDGE_TAG=a=1,b=2", "METRICS_EDGE_STACK="}
	c = resolved(t, environ, "--env", "test", "--spool-max=2MiB")
	if c.Interval != 7*time.Second || c.Labels.Env != "test" || c.Labels.Tags["b"] != "2" || c.SpoolBytes != 2<<20 ||
		c.Stack != "MetricsDashboard" {
		t.Errorf("settings are %+v", c)
	}
	c = resolved(t, environ, "--tag", "c=3")
	if want := map[string]string{"a": "1", "b": "2", "c": "3"}; !maps.Equal(c.Labels.Tags, want) {
		t.Errorf("tags are %v, want %v: those of all sources", c.Labels.Tags, want)
	}
	// A wrong variable does not matter if a flag wins over it.
	if c = resolved(t, []string{"METRICS_EDGE_INTERVAL=x"}, "--interval", "5s"); c.Interval != 5*time.Second {
		t.Errorf("interval is %v", c.Interval)
	}
}

// TestNameAndMounts: flag, variable and file set the host name and the choice of filesystems.
func TestNameAndMounts(t *testing.T) {
	path := file(t, "hostname: from-file\nmount_include: /data.*\nmount_exclude: /data/x\n")
	c := resolved(t, nil, "--config", path)
	if c.Labels.Hostname != "from-file" || !c.Mounts.Include.MatchString("/data/y") || c.Mounts.Include.MatchString("/x/data") ||
		!c.Mounts.Exclude.MatchString("/data/x") || c.Mounts.Exclude.MatchString("/data/xy") {
		t.Errorf("of the file: %+v", c)
	}
	environ := []string{"METRICS_EDGE_HOSTNAME=from-variable", "METRICS_EDGE_MOUNT_INCLUDE=/", "METRICS_EDGE_MOUNT_EXCLUDE=/y"}
	c = resolved(t, environ, "--config", path)
	if c.Labels.Hostname != "from-variable" || c.Mounts.Include.String() != "^(?:/)$" || c.Mounts.Exclude.String() != "^(?:/y)$" {
		t.Errorf("of variables: %+v", c)
	}
	c = resolved(t, environ, "--config", path, "--hostname", "from-flag", "--mount-include=/z", "--mount-exclude=/v")
	if c.Labels.Hostname != "from-flag" || c.Mounts.Include.String() != "^(?:/z)$" || c.Mounts.Exclude.String() != "^(?:/v)$" {
		t.Errorf("of flags: %+v", c)
	}
	if c = resolved(t, nil); c.Labels.Hostname != "" || c.Mounts.Include != nil || c.Mounts.Exclude != nil {
		t.Errorf("by default: %+v", c)
	}
}

func TestMaxLatencyFollowsTheInterval(t *testing.T) {
	for _, c := range []struct {
		args []string
		want time.Duration
	}{
		{nil, 2 * time.Minute},
		{[]string{"--interval", "5m"}, 5 * time.Minute},
		{[]string{"--interval", "1h"}, 15 * time.Minute},
		{[]string{"--interval", "1h", "--max-latency", "15m"}, 15 * time.Minute},
		{[]string{"--interval", "5s", "--max-latency", "5s"}, 5 * time.Second},
	} {
		if got := resolved(t, nil, c.args...).MaxLatency; got != c.want {
			t.Errorf("max latency with %q is %v, want %v", c.args, got, c.want)
		}
	}
	for _, set := range settings() {
		if want := "(default " + short(resolved(t, nil).MaxLatency) + ","; set.name == latencyName && !strings.Contains(set.usage, want) {
			t.Errorf("help of --%s lacks %q", set.name, want)
		}
	}
}

// TestDetails: flag, variable, file and edge-config set the details.
func TestDetails(t *testing.T) {
	if c := resolved(t, nil); c.Details != time.Minute || c.NoProcesses {
		t.Errorf("by default: %+v", c)
	}
	path := file(t, "detail_interval: 0\nprocesses: off\n")
	if c := resolved(t, nil, "--config", path); c.Details != 0 || !c.NoProcesses {
		t.Errorf("of the file: %+v", c)
	}
	if c := resolved(t, []string{"METRICS_EDGE_DETAIL_INTERVAL=10s"}, "--config", path, "--processes", "names"); c.Details != 10*time.Second || c.NoProcesses {
		t.Errorf("of variable and flag: %+v", c)
	}
	c, err := source(t, nil).Load().With(`{"detail_interval": "5m", "processes": "off"}`)
	if err != nil || c.Details != 5*time.Minute || !c.NoProcesses {
		t.Errorf("of edge-config: %+v, %v", c, err)
	}
	for _, args := range [][]string{{"--detail-interval", "4s"}, {"--detail-interval", "2h"}, {"--detail-interval", "often"}, {"--processes", "args"}} {
		if _, err := source(t, nil, args...).Load().With(""); err == nil || !strings.Contains(err.Error(), args[1]) {
			t.Errorf("%q gives %v", args, err)
		}
	}
}

func TestSync(t *testing.T) {
	for text, want := range map[string]time.Duration{"every": spool.SyncEvery, "none": spool.SyncNever, "250ms": 250 * time.Millisecond} {
		if got := resolved(t, nil, "--sync", text).Sync; got != want {
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

// TestServiceLinks: the variables that Kubernetes sets for a service metrics-edge are not settings. A variable that only looks like
// them is refused as any unknown one.
func TestServiceLinks(t *testing.T) {
	links := []string{
		"METRICS_EDGE_SERVICE_HOST=10.0.0.1", "METRICS_EDGE_SERVICE_PORT=9847", "METRICS_EDGE_SERVICE_PORT_METRICS=9847",
		"METRICS_EDGE_PORT=tcp://10.0.0.1:9847", "METRICS_EDGE_PORT_9847_TCP=tcp://10.0.0.1:9847", "METRICS_EDGE_PORT_9847_TCP_PROTO=tcp",
		"METRICS_EDGE_PORT_9847_TCP_PORT=9847", "METRICS_EDGE_PORT_9847_TCP_ADDR=10.0.0.1",
		"METRICS_EDGE_STATUS_SERVICE_HOST=10.0.0.2", "METRICS_EDGE_STATUS_SERVICE_PORT=80", "METRICS_EDGE_STATUS_PORT=tcp://10.0.0.2:80",
		"METRICS_EDGE_INTERVAL=7s",
	}
	if c := resolved(t, links); c.Interval != 7*time.Second {
		t.Errorf("settings are %+v", c)
	}
	for _, environ := range [][]string{
		{"METRICS_EDGE_PORT=9847"},
		{"METRICS_EDGE_SERVICE_PORT=9847"},
		{"METRICS_EDGE_SERVICE_HOST=a", "METRICS_EDGE_PORTS=1"},
		{"METRICS_EDGE_SERVICE_HOST=a", "METRICS_EDGE_OTHER_PORT=1"},
	} {
		if _, err := source(t, environ).Load().With(""); err == nil || !strings.Contains(err.Error(), "no such setting") {
			t.Errorf("of %q: %v", environ, err)
		}
	}
}
