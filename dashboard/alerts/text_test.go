package alerts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var here = Context{Source: "MetricsDashboard", Page: "https://metrics.example.org/"}

func TestText(t *testing.T) {
	disk := problem("db-2", "Disk full", Warning)
	disk.Value, disk.Threshold, disk.Culprit, disk.UnknownSince = 91.46, 90, "/var & <more>", true
	soon := problem("db-2", "Disk full soon", Critical)
	soon.Unit, soon.Value, soon.Threshold, soon.Culprit = panels.Duration, 20*3600, 24*3600, "/var"
	m := Message{At: after(95 * time.Minute), Changes: []Change{
		{Raised, problem("web-1", "CPU", Critical)}, {Raised, disk}, {Escalated, soon}, {Repeated, silence("lab-7")}, {Resolved, problem("web-3", "CPU", Warning)},
	}}
	want := `What changed at 2026-11-28 13:35 UTC, by the rules, in MetricsDashboard.

New: 2 problems on 2 hosts
- CRITICAL CPU on web-1 (prod, web); 97.2 %, threshold 95.0 %; by java 61 %; since 2026-11-28 12:00 UTC, for 1 h 35 min
  https://metrics.example.org/?dashboard=host&from=2026-11-28T11:30:00Z&host=web-1&to=2026-11-28T13:35:00Z
- Disk full on db-2 (prod, web); 91.5 %, threshold 90.0 %; by /var & <more>; since before 2026-11-28 12:00 UTC, for 1 h 35 min
  https://metrics.example.org/?dashboard=host&from=2026-11-28T11:30:00Z&host=db-2&to=2026-11-28T13:35:00Z

Worse, now critical: 1 problem on 1 host
- CRITICAL Disk full soon on db-2 (prod, web); 20 h, threshold 24 h; by /var; since 2026-11-28 12:00 UTC, for 1 h 35 min
  https://metrics.example.org/?dashboard=host&from=2026-11-28T11:30:00Z&host=db-2&to=2026-11-28T13:35:00Z

Still there: 1 problem on 1 host
- CRITICAL Silent on lab-7; since 2026-11-28 12:00 UTC, for 1 h 35 min
  https://metrics.example.org/?dashboard=host&from=2026-11-28T11:30:00Z&host=lab-7&to=2026-11-28T13:35:00Z

Over: 1 problem on 1 host
- CPU on web-3 (prod, web); it began at 2026-11-28 12:00 UTC and lasted about 1 h 35 min
  https://metrics.example.org/?dashboard=host&from=2026-11-28T11:30:00Z&host=web-3&to=2026-11-28T13:35:00Z

All problems now: https://metrics.example.org/
`
	if got := m.Text(here, Plain, 10_000); got != want {
		t.Errorf("the text is\n%s\nwant\n%s", got, want)
	}
	slack := m.Text(Context{Source: "lake"}, Slack, 10_000)
	if !strings.Contains(slack, "- *CRITICAL* CPU on web-1") || !strings.Contains(slack, "by /var &amp; &lt;more&gt;") || strings.Contains(slack, "http") {
		t.Errorf("the text for Slack without a page is\n%s", slack)
	}
	if slack := m.Text(here, Slack, 10_000); !strings.Contains(slack, "CPU on <https://metrics.example.org/?dashboard=host&amp;from=2026-11-28T11:30:00Z&amp;host=web-1&amp;to=2026-11-28T13:35:00Z|web-1>") {
		t.Errorf("the text for Slack has no link:\n%s", slack)
	}
}

// Many hosts with one problem are named, not described.
func TestTextOfManyHosts(t *testing.T) {
	m := Message{At: after(time.Hour), First: true}
	for i := range 120 {
		m.add(Raised, silence(fmt.Sprintf("host-%03d", i)))
	}
	text := m.Text(Context{Source: "lake"}, Plain, 10_000)
	for _, want := range []string{
		"Alerts have begun. The open problems at", "Open: 120 problems on 120 hosts", "- CRITICAL Silent on host-009; ",
		"- Silent on 110 more hosts: host-010, host-011, ", "host-029 and 90 more\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	if got, want := m.Subject(), "CRITICAL: Silent on 120 hosts"; got != want {
		t.Errorf("the subject is %q, want %q", got, want)
	}
}

func TestSubject(t *testing.T) {
	cpu, memory := problem("web-1", "CPU", Critical), problem("wäb-2", "Memory", Warning)
	for want, changes := range map[string][]Change{
		"CRITICAL: CPU on web-1":                             {{Raised, cpu}},
		"Memory on w?b-2":                                    {{Raised, memory}},
		"Now CRITICAL: CPU on web-1":                         {{Escalated, cpu}},
		"Still: CRITICAL: CPU on web-1":                      {{Repeated, cpu}},
		"Over: CPU on web-1":                                 {{Resolved, cpu}},
		"CRITICAL: 2 problems on 2 hosts":                    {{Raised, cpu}, {Raised, memory}},
		"CRITICAL: 1 new, 1 over (1 critical)":               {{Raised, cpu}, {Resolved, memory}},
		"Problems: 1 still there, 1 over":                    {{Repeated, memory}, {Resolved, cpu}},
		"Over: Memory on " + strings.Repeat("x", 80) + "...": {{Resolved, problem(strings.Repeat("x", 200), "Memory", Warning)}},
	} {
		if got := (Message{Changes: changes}).Subject(); got != want {
			t.Errorf("the subject is %q, want %q", got, want)
		}
	}
}

// The longest message stays within its limits, in each form.
func TestLongestMessage(t *testing.T) {
	m := Message{At: noon, Untracked: 3, ID: "msg_0"}
	var all []Problem
	for i := range MaxTold {
		p := problem(fmt.Sprintf("%05d-%s", i, strings.Repeat("ü<\"", 200)), fmt.Sprintf("Rule %d", i%9), Critical)
		p.Env, p.Role, p.Culprit = strings.Repeat("<&>", 100), strings.Repeat("\"", 500), strings.Repeat("\x01", 500)
		all = append(all, p.bounded())
	}
	for i, p := range all {
		m.add(events[i%len(events)], p)
	}
	for _, limit := range []int{3000, 60_000, 100_000} {
		for name, style := range map[string]Style{"plain": Plain, "slack": Slack} {
			text := m.Text(here, style, limit)
			if len(text) > limit || !utf8.ValidString(text) || !strings.Contains(text, "problems are not shown") || !strings.Contains(text, "3 further open problems are not followed") {
				t.Errorf("%s, %d: %d bytes, ends with %q", name, limit, len(text), text[max(0, len(text)-300):])
			}
		}
		var d Document
		if doc := m.Document(here, limit); len(doc) > limit || json.Unmarshal(doc, &d) != nil || len(d.Changes)+d.LeftOut != MaxTold+3 || len(d.Changes) == 0 {
			t.Errorf("%d: a document of %d bytes with %d changes and %d left out", limit, len(doc), len(d.Changes), d.LeftOut)
		}
	}
	if s := m.Subject(); len(s) > maxSubject {
		t.Errorf("the subject has %d characters", len(s))
	}
	for name, content := range map[string][]byte{"slack": m.SlackMessage(here), "chat": m.ChatNotification(here)} {
		if len(content) > 12_000 || !json.Valid(content) || bytes.Contains(content, []byte(`\u0001`)) {
			t.Errorf("%s: %d bytes: %.200s", name, len(content), content)
		}
	}
}

func TestDocument(t *testing.T) {
	m := Message{ID: "msg_1", At: after(time.Hour), Changes: []Change{{Raised, problem("web-1", "CPU", Critical)}}}
	want := `{"version":1,"id":"msg_1","at":"2026-11-28T13:00:00Z","source":"MetricsDashboard","summary":"CRITICAL: CPU on web-1","first":false,` +
		`"changes":[{"event":"raised","host":"web-1","env":"prod","role":"web","problem":"CPU","severity":"critical","culprit":"java 61 %","value":97.25,` +
		`"threshold":95,"unit":"percent","since":"2026-11-28T12:00:00Z",` +
		`"link":"https://metrics.example.org/?dashboard=host\u0026from=2026-11-28T11:30:00Z\u0026host=web-1\u0026to=2026-11-28T13:00:00Z"}],"left_out":0}`
	if got := string(m.Document(here, 10_000)); got != want {
		t.Errorf("the document is\n%s\nwant\n%s", got, want)
	}
}
