package alerts

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/amount"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Context is what a message says besides its changes.
type Context struct {
	// Source names where the samples are, such as a stack or a directory.
	Source string
	// Page is the address of the dashboard; empty if people cannot open it.
	Page string
}

// Style is how a text is marked up.
type Style struct {
	bold   func(string) string
	link   func(address, text string) string
	escape func(string) string
}

// The styles of texts.
var (
	// Plain is text for mail and terminals.
	Plain = Style{
		bold:   func(s string) string { return s },
		link:   func(_, text string) string { return text },
		escape: func(s string) string { return s },
	}
	// Slack is the markup of Slack and of what is compatible with it (Slack API, "Formatting text for app surfaces").
	Slack = Style{
		bold: func(s string) string { return "*" + s + "*" },
		link: func(address, text string) string {
			return "<" + strings.ReplaceAll(address, "&", "&amp;") + "|" + text + ">"
		},
		escape: strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace,
	}
)

const (
	// hostsInFull is how many hosts with the same problem a text describes. It only names the others.
	hostsInFull = 10
	// hostsByName is how many more hosts it names.
	hostsByName = 20
)

// Text writes a message for people, in at most limit bytes.
func (m Message) Text(c Context, style Style, limit int) string {
	w := &writer{Context: c, style: style, at: m.At, left: limit - reserve}
	what := "What changed"
	if m.First {
		what = "Alerts have begun. The open problems"
	}
	w.line("%s at %s, by the rules, in %s.", what, moment(m.At), style.escape(c.Source))
	skipped := 0
	for _, event := range events {
		var changes []Change
		for _, change := range m.Changes {
			if change.Event == event {
				changes = append(changes, change)
			}
		}
		if len(changes) == 0 {
			continue
		}
		w.line("")
		w.line("%s", style.bold(heading(event, m.First)+": "+problemsOnHosts(changes)))
		for _, group := range byProblem(changes) {
			skipped += w.group(group)
		}
	}
	if skipped > 0 {
		w.end(fmt.Sprintf("This message is shortened: %s not shown.", english.Plural(skipped, "further problem is", "further problems are")))
	}
	if m.Untracked > 0 {
		w.end(fmt.Sprintf("%s not followed: there are too many.", english.Plural(m.Untracked, "further open problem is", "further open problems are")))
	}
	if c.Page != "" {
		w.end("All problems now: " + style.link(c.Page, c.Page))
	}
	return w.b.String()
}

// reserve is how many bytes of a text are kept for its last lines.
const reserve = 1000

func heading(e Event, first bool) string {
	switch e {
	case Raised:
		if first {
			return "Open"
		}
		return "New"
	case Escalated:
		return "Worse, now critical"
	case Repeated:
		return "Still there"
	case Resolved:
		return "Over"
	}
	return "No longer watched, because the host has been silent for so long"
}

// byProblem groups changes of one event by the name of the problem. The groups are in the order of their first changes.
func byProblem(changes []Change) [][]Change {
	var groups [][]Change
	at := map[string]int{}
	for _, c := range changes {
		i, ok := at[c.Problem.Name]
		if !ok {
			i = len(groups)
			at[c.Problem.Name] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], c)
	}
	return groups
}

// writer writes lines up to a limit of bytes.
type writer struct {
	Context
	style Style
	at    time.Time
	b     strings.Builder
	left  int
}

// line writes a line if there is room for it.
func (w *writer) line(format string, args ...any) bool {
	text := fmt.Sprintf(format, args...) + "\n"
	if len(text) > w.left {
		w.left = 0 // no later line comes before an earlier one
		return false
	}
	w.left -= len(text)
	w.b.WriteString(text)
	return true
}

// end writes one of the last lines.
func (w *writer) end(text string) {
	w.b.WriteString("\n" + clip(text, reserve/3) + "\n")
}

// group writes changes with the same event and problem. It returns how many of them it does not show.
func (w *writer) group(changes []Change) (skipped int) {
	full := changes
	if len(full) > hostsInFull+1 {
		full = full[:hostsInFull]
	}
	for i, c := range full {
		if !w.change(c) {
			return len(changes) - i
		}
	}
	rest := changes[len(full):]
	if len(rest) == 0 {
		return 0
	}
	names := make([]string, 0, hostsByName)
	for _, c := range rest[:min(len(rest), hostsByName)] {
		names = append(names, w.style.escape(c.Problem.Host))
	}
	more := ""
	if len(rest) > len(names) {
		more = fmt.Sprintf(" and %d more", len(rest)-len(names))
	}
	if !w.line("- %s on %d more hosts: %s%s", w.style.escape(changes[0].Problem.Name), len(rest), strings.Join(names, ", "), more) {
		return len(rest)
	}
	return 0
}

func (w *writer) change(c Change) bool {
	p := c.Problem
	var b strings.Builder
	b.WriteString("- ")
	if c.urgent() {
		b.WriteString(w.style.bold("CRITICAL") + " ")
	}
	host := w.style.escape(p.Host)
	address := w.link(p)
	if address != "" {
		host = w.style.link(address, host)
	}
	b.WriteString(w.style.escape(p.Name) + " on " + host)
	if of := strings.Join(nonEmpty(p.Env, p.Role), ", "); of != "" {
		b.WriteString(" (" + w.style.escape(of) + ")")
	}
	for _, part := range details(c, w.at) {
		b.WriteString("; " + w.style.escape(part))
	}
	if !w.line("%s", b.String()) {
		return false
	}
	if address != "" && w.style.link(address, "") == "" { // the style has no links
		w.line("  %s", address)
	}
	return true
}

// details are what a message says of a problem besides host and problem.
func details(c Change, at time.Time) []string {
	p := c.Problem
	since := moment(p.Since)
	if p.UnknownSince {
		since = "before " + since
	}
	lasted := span(at.Sub(p.Since))
	if c.Event.ends() {
		return []string{"it began at " + since + " and lasted about " + lasted}
	}
	var parts []string
	if p.Name != panels.Silent { // its value is how long it lasts
		value := amount.Of(p.Value, p.Unit)
		if p.Threshold != 0 {
			value += ", threshold " + amount.Of(p.Threshold, p.Unit)
		}
		parts = append(parts, value)
	}
	if p.Culprit != "" {
		parts = append(parts, "by "+p.Culprit)
	}
	return append(parts, "since "+since+", for "+lasted)
}

// link returns the address of the page of a problem's host at the time of the problem, or "".
func (w *writer) link(p Problem) string { return Link(w.Page, p, w.at) }

// The time range of a link: it begins before the problem does, so that one sees what was usual.
const (
	linkBefore  = 30 * time.Minute
	linkLongest = 24 * time.Hour
)

// Link returns the address of the page about a host at the time of a problem, or "" if there is no page.
func Link(page string, p Problem, at time.Time) string {
	if page == "" {
		return ""
	}
	from := p.Since.Add(-linkBefore)
	if earliest := at.Add(-linkLongest); from.Before(earliest) {
		from = earliest
	}
	if latest := at.Add(-2 * linkBefore); from.After(latest) {
		from = latest
	}
	q := url.Values{}
	q.Set("dashboard", "host")
	q.Set("host", p.Host)
	q.Set("from", from.UTC().Truncate(time.Second).Format(time.RFC3339))
	q.Set("to", at.UTC().Truncate(time.Second).Format(time.RFC3339))
	separator := "?"
	if strings.Contains(page, "?") {
		separator = "&"
	}
	return page + separator + strings.ReplaceAll(q.Encode(), "%3A", ":")
}

// maxSubject is the length of a subject: SNS takes fewer than 100 characters of ASCII (SNS API reference, Publish).
const maxSubject = 99

// Subject says in one line of ASCII what a message is about.
func (m Message) Subject() string {
	counts, urgent := m.counts(), 0
	for _, c := range m.Changes {
		if c.urgent() {
			urgent++
		}
	}
	var text string
	if len(counts) == 1 {
		first := m.Changes[0]
		lead := map[Event]string{Raised: "", Escalated: "Now ", Repeated: "Still: ", Resolved: "Over: ", Forgotten: "No longer watched: "}[first.Event]
		if urgent > 0 {
			lead += "CRITICAL: "
		}
		what := problemsOnHosts(m.Changes)
		if names := byProblem(m.Changes); len(names) == 1 {
			what = first.Problem.Name + " on " + first.Problem.Host
			if n := len(m.Changes); n > 1 {
				what = fmt.Sprintf("%s on %d hosts", first.Problem.Name, n)
			}
		}
		text = lead + what
	} else {
		words := map[Event]string{Raised: "new", Escalated: "worse", Repeated: "still there", Resolved: "over", Forgotten: "no longer watched"}
		var parts []string
		for _, e := range events {
			if counts[e] > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", counts[e], words[e]))
			}
		}
		text = "Problems: " + strings.Join(parts, ", ")
		if urgent > 0 {
			text = fmt.Sprintf("CRITICAL: %s (%d critical)", strings.TrimPrefix(text, "Problems: "), urgent)
		}
	}
	return clip(ascii(text), maxSubject)
}

// ascii replaces what is not printable ASCII.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// problemsOnHosts counts the problems of changes and their hosts.
func problemsOnHosts(changes []Change) string {
	hosts := map[string]bool{}
	for _, c := range changes {
		hosts[c.Problem.Host] = true
	}
	return english.Plural(len(changes), "problem", "problems") + " on " + english.Plural(len(hosts), "host", "hosts")
}

// clip shortens a text to at most so many bytes and marks that it did. It does not cut a character.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "..."
	cut := max(0, most-len(mark))
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + mark
}

func nonEmpty(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}

// moment writes a time for people all over the world.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// span writes a duration in its largest units.
func span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 24*time.Hour:
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60), " 0 min")
	}
	return strings.TrimSuffix(fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24), " 0 h")
}
