package config

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFile(t *testing.T) {
	path := file(t, "stack: Fleet\ninterval: 10s\nspool_max: 2MiB\nbacklog_rate: 30 # a number\nallow_remote: true\n"+
		"listen: \"[::]:9847\"\ntags:\n  rack: 7\n  team: core\n")
	named := []string{"METRICS_EDGE_CONFIG=" + path, "METRICS_EDGE_STACK=Other", "METRICS_EDGE_TAG=team=web"}
	c := resolved(t, named, "--interval", "5s")
	if c.Stack != "Other" || c.Interval != 5*time.Second || c.SpoolBytes != 2<<20 || c.BacklogRate != 30 || c.Listen != "[::]:9847" {
		t.Errorf("settings are %+v", c)
	}
	if want := map[string]string{"rack": "7", "team": "web"}; !maps.Equal(c.Labels.Tags, want) {
		t.Errorf("tags are %v, want %v", c.Labels.Tags, want)
	}
	if c = resolved(t, named, "--config", file(t, "# nothing\n")); c.Interval != 3*time.Second {
		t.Errorf("a file of comments gives %+v", c)
	}
}

func TestCentral(t *testing.T) {
	local := source(t, nil, "--tag", "team=web", "--config", file(t, "max_latency: 2m")).Load()
	c, err := local.With(`{"interval": "10s", "max_latency": "5m", "tags": {"team": "core", "fleet": "eu"}}`)
	if err != nil || c.Interval != 10*time.Second || c.MaxLatency != 2*time.Minute ||
		!maps.Equal(c.Labels.Tags, map[string]string{"team": "web", "fleet": "eu"}) {
		t.Errorf("settings are %+v, %v", c, err)
	}
	if c, err = local.With(""); err != nil || c.Interval != 3*time.Second || len(c.Labels.Tags) != 1 {
		t.Errorf("without it settings are %+v, %v", c, err)
	}
}

// TestBadFiles: one error names all problems, each with file and line.
func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct {
		file, central string
		want          []string
	}{
		"several": {"intervall: 3s\nmax-latency: 1m\ntags: [a]\nstack:\n  name: x\nsync: often\nsync: 5s\nenv:\n", "", []string{
			"FILE:1: intervall: no such setting; did you mean interval?", "FILE:2: max-latency: no such setting; did you mean max_latency?",
			"FILE:3: tags: must be a map, such as {team: core}", "FILE:4: stack: must be a single value", "FILE:7: sync: is given twice",
			"FILE:8: env: must be a single value", `FILE:6: sync "often": must be every, none or a duration`,
		}},
		"no decimal number":    {"backlog_rate: \"2_0\"", "", []string{`FILE:1: backlog_rate "2_0": must be a number of`}},
		"no mapping":           {"- interval", "", []string{"FILE: must be settings such as interval: 3s"}},
		"no YAML":              {"interval: [", "", []string{"FILE: line 1: did not find expected node content"}},
		"nested tag":           {"tags: {a: {b: c}}", "", []string{"FILE:1: tags: a must be a single value"}},
		"wrong tag":            {"tags:\n  Team: core", "", []string{`FILE:1: tags "Team=core": must be key=value`}},
		"a file in the file":   {"config: x", "", []string{"FILE:1: config: no such setting"}},
		"central, unknown":     {"", `{"intervall": "3s", "stack": "x"}`, []string{"edge-config:1: intervall: no such setting; it may have interval, max_latency, detail_interval, processes, tags", "edge-config:1: stack: no such"}},
		"central, wrong type":  {"", `{"interval": 5, "tags": "x"}`, []string{"edge-config:1: tags: must be a map", `edge-config:1: interval "5": not a duration`}},
		"central, no JSON":     {"", `{"interval"`, []string{"edge-config: line 1: did not find"}},
		"central against file": {"max_latency: 5s", `{"interval": "10s"}`, []string{`FILE:1: max_latency "5s": shorter than the interval of 10s`}},
		"remote":               {"listen: 0.0.0.0:1", "", []string{`FILE:1: listen "0.0.0.0:1": other machines can reach it`}},
		"remote, and more":     {"listen: 0.0.0.0:1\ninterval: 1ms", "", []string{`FILE:2: interval "1ms": must be`, `FILE:1: listen "0.0.0.0:1": other machines can reach it`}},
		"not an address":       {"listen: somewhere", "", []string{`FILE:1: listen "somewhere": must be host:port`}},
		"not a truth":          {"allow_remote: maybe", "", []string{`FILE:1: allow_remote "maybe": must be true or false`}},
		"large":                {strings.Repeat("#", maxFile+1), "", []string{"configuration file FILE: is larger than"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, c.file)
			_, err := source(t, nil, "--config", path).Load().With(c.central)
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Fatalf("%d lines, want %d:\n%v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if want = strings.ReplaceAll(want, "FILE", path); !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := source(t, nil, "--config", missing).Load().With(""); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("a named file that is missing: %v", err)
	}
}

// TestPackagedFile checks that the packaged file has all settings of edge run, with their defaults.
func TestPackagedFile(t *testing.T) {
	text, err := os.ReadFile("../../packaging/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`(?m)^#([a-z_]+:)`).ReplaceAllString(string(text), "$1")
	resolved(t, []string{"METRICS_EDGE_CONFIG=" + file(t, set)})
	for _, s := range settings() {
		wanted := s.of(ForRun) && !s.noFile
		if has := strings.Contains(set, "\n"+s.key()+":"); has != wanted {
			t.Errorf("the file has %s: %v, want %v", s.key(), has, wanted)
		}
		if strings.Contains(set, "\n"+s.key()+": "+s.fallback+"\n") || s.fallback == "" || !wanted {
			continue
		}
		t.Errorf("the file shows another default of %s than %s", s.key(), s.fallback)
	}
}

// TestSettings checks that each setting is declared once and described, and that edge run --help has each of its own.
func TestSettings(t *testing.T) {
	var names []string
	s := source(t, nil)
	for _, set := range settings() {
		if slices.Contains(names, set.name) || set.usage == "" || len(set.commands) == 0 {
			t.Errorf("setting %s is declared twice, or without usage or commands", set.name)
		}
		names = append(names, set.name)
		is := slices.ContainsFunc(s.flags, func(f *flag) bool { return f.name == set.name })
		if is != set.of(ForRun) {
			t.Errorf("edge run has --%s: %v", set.name, is)
		}
		for _, choice := range set.choices {
			if err := set.set(new(Config), choice); err != nil {
				t.Errorf("--%s %s: %v", set.name, choice, err)
			}
		}
	}
}
