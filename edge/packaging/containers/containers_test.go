// Package containers holds manifests that run edge and dashboard in containers. It has tests only.
package containers

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cli"
)

// daemonSet is what the tests look at of apps/v1 DaemonSet.
type daemonSet struct {
	Kind string
	Spec struct {
		Template struct {
			Spec struct {
				AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
				Containers                   []struct {
					Args            []string
					Env             []struct{ Name, Value string }
					SecurityContext struct {
						ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
						AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
						Capabilities             struct{ Drop []string }
					} `yaml:"securityContext"`
					VolumeMounts []struct {
						Name     string
						ReadOnly bool `yaml:"readOnly"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name     string
					HostPath struct{ Path string } `yaml:"hostPath"`
				}
			}
		}
	}
}

func TestDaemonSet(t *testing.T) {
	text, err := os.ReadFile("daemonset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var set daemonSet
	for documents := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var d daemonSet
		if err := documents.Decode(&d); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if d.Kind == "DaemonSet" {
			set = d
		}
	}
	pod := set.Spec.Template.Spec
	if len(pod.Containers) != 1 || pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		t.Fatalf("the pod is %+v", pod)
	}
	c := pod.Containers[0]
	if s := c.SecurityContext; !s.ReadOnlyRootFilesystem || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || strings.Join(s.Capabilities.Drop, "") != "ALL" {
		t.Errorf("the container may do more than it should: %+v", s)
	}
	readOnly := map[string]bool{}
	for _, m := range c.VolumeMounts {
		readOnly[m.Name] = m.ReadOnly
	}
	for _, v := range pod.Volumes {
		if spool := v.HostPath.Path == "/var/lib/metrics-edge"; readOnly[v.Name] == spool {
			t.Errorf("the host's %s is mounted with readOnly %v", v.HostPath.Path, readOnly[v.Name])
		}
	}
	var names []string
	for _, e := range c.Env {
		names = append(names, e.Name)
	}
	checkVariables(t, names)
}

func TestCompose(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			Ports       []string
			Environment map[string]string
			Volumes     []struct {
				Type, Source, Target string
				ReadOnly             bool `yaml:"read_only"`
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != 2 {
		t.Errorf("it has %d services", len(file.Services))
	}
	for name, s := range file.Services {
		if !s.ReadOnly || strings.Join(s.CapDrop, "") != "ALL" {
			t.Errorf("%s may do more than it should", name)
		}
		for _, v := range s.Volumes {
			if v.Type == "bind" && !v.ReadOnly {
				t.Errorf("%s may write the host's %s", name, v.Source)
			}
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s is published on %s: others can reach it", name, p)
			}
		}
		var names []string
		for variable := range s.Environment {
			names = append(names, variable)
		}
		checkVariables(t, names)
	}
}

// checkVariables fails for a variable of edge that edge run does not have as a flag: edge refuses unknown ones.
func checkVariables(t *testing.T, names []string) {
	t.Helper()
	run, _, err := cli.Command().Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		setting, ours := strings.CutPrefix(name, "METRICS_EDGE_")
		flag := strings.ReplaceAll(strings.ToLower(setting), "_", "-")
		if ours && run.Flags().Lookup(flag) == nil {
			t.Errorf("%s: edge run has no flag --%s", name, flag)
		}
	}
}
