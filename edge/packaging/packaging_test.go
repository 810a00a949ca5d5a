// Package packaging holds what installs edge as a service. It has tests only.
package packaging

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	program     = "/usr/local/bin/edge"
	daemon      = "com.metrics-dashboard.edge"
	config      = "AWS_CONFIG_FILE"
	credentials = "AWS_SHARED_CREDENTIALS_FILE"
)

// TestLaunchDaemon reads the file as launchd does: its keys, and the texts after each.
func TestLaunchDaemon(t *testing.T) {
	file, err := os.Open("macos/" + daemon + ".plist")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	texts, key := map[string][]string{}, ""
	for d := xml.NewDecoder(file); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		element, ok := token.(xml.StartElement)
		if !ok || element.Name.Local != "key" && element.Name.Local != "string" {
			continue
		}
		var text string
		if err := d.DecodeElement(&text, &element); err != nil {
			t.Fatal(err)
		}
		if element.Name.Local == "key" {
			key = text
		} else {
			texts[key] = append(texts[key], text)
		}
	}
	for key, want := range map[string][]string{
		"Label": {daemon}, "ProgramArguments": {program, "run"},
		config: {"/etc/metrics-edge/aws-config"}, credentials: {"/etc/metrics-edge/aws-credentials"},
	} {
		if !slices.Equal(texts[key], want) {
			t.Errorf("%s is %q, want %q", key, texts[key], want)
		}
	}
}

// TestFreeBSDService runs the script with commands of FreeBSD's rc.subr(8) that print what the real ones use.
func TestFreeBSDService(t *testing.T) {
	script, err := os.ReadFile("freebsd/metrics_edge")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("this system has no sh")
	}
	const subr = `load_rc_config() { :; }
		run_rc_command() { echo "$metrics_edge_env $command $command_args"; echo "enable=$metrics_edge_enable"; }
	`
	text := strings.Replace(string(script), ". /etc/rc.subr", subr, 1)
	out, err := exec.CommandContext(t.Context(), "sh", "-euc", text, "metrics_edge", "start").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{config + "=/etc/metrics-edge/aws-config", credentials + "=/etc/metrics-edge/aws-credentials", "/usr/sbin/daemon ", program + " run", "enable=NO"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the service starts with\n%swant %s in it", out, want)
		}
	}
}
