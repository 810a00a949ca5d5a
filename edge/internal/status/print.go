package status

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// Print writes a report as text for people.
func Print(out io.Writer, r Report, now time.Time) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	state := "healthy"
	switch {
	case !r.Healthy:
		state = fmt.Sprintf("NOT HEALTHY: a sample was due %s ago", seconds(r.OverdueS))
	case len(r.Problems) > 0:
		state = "healthy, with problems"
	}
	line("state", "%s; running for %s (pid %d, version %s)", state, seconds(now.Sub(r.StartedAt).Seconds()), r.PID, r.Version)
	target := "not known yet"
	if r.Stream != "" {
		target = r.Stream + " in " + r.Region
	}
	namedBy := "stack " + r.Stack
	if r.Stack == "" {
		namedBy = "named by --stream"
	}
	line("ships to", "%s (%s)", target, namedBy)
	line("sampling", "every %s, packed after about %s; session %s", seconds(r.IntervalS), seconds(r.MaxLatencyS), r.SessionID)
	if r.EdgeConfig != "" {
		line("", "edge-config of the stack: %s", strings.Join(strings.Fields(r.EdgeConfig), " "))
	}
	line("samples", "%d taken, %d delivered, %d waiting, %s", r.Samples.Taken, r.Samples.Delivered, r.Samples.Waiting, dropped(r.Samples.Dropped))
	last := "nothing delivered yet"
	if r.Delivery.LastAt != nil {
		last = "the last " + seconds(now.Sub(*r.Delivery.LastAt).Seconds()) + " ago"
	}
	line("delivery", "%d records in %d requests, %d of them retries; %s", r.Delivery.Records, r.Delivery.Requests, r.Delivery.Retries, last)
	oldest := ""
	if r.Spool.OldestAgeS != nil {
		oldest = ", the oldest sample is " + seconds(*r.Spool.OldestAgeS) + " old"
	}
	if r.Spool.MemoryLines > 0 {
		oldest += fmt.Sprintf(", %d SAMPLES IN MEMORY ONLY", r.Spool.MemoryLines)
	}
	if r.Spool.SetAside > 0 {
		oldest += fmt.Sprintf(", %d DAMAGED SEGMENTS SET ASIDE as *.corrupt", r.Spool.SetAside)
	}
	if r.Spool.Lost > 0 {
		oldest += fmt.Sprintf(", %d samples lost since the spool was first used", r.Spool.Lost)
	}
	line("spool", "%s of %s in %s%s", humanize.IBytes(uint64(r.Spool.Bytes)), humanize.IBytes(uint64(r.Spool.MaxBytes)), r.Spool.Dir, oldest)
	for _, p := range r.Problems {
		line("problem", "%s is failing for %s, %d times: %s", p.Subject, seconds(now.Sub(p.Since).Seconds()), p.Failures, p.Error)
	}
	if f := r.LastError; f != nil && len(r.Problems) == 0 {
		line("last error", "%s ago, %s: %s", seconds(now.Sub(f.At).Seconds()), f.Subject, f.Error)
	}
	return w.Flush()
}

// dropped lists the reasons why samples were dropped, with their counts.
func dropped(reasons map[string]int64) string {
	var parts []string
	for _, reason := range Reasons {
		if n := reasons[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(reason, "_", " ")))
		}
	}
	if len(parts) == 0 {
		return "none dropped"
	}
	return "DROPPED: " + strings.Join(parts, ", ")
}

// seconds formats seconds as a duration, rounded to whole seconds from ten on.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
