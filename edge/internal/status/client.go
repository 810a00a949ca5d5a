package status

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
)

// ErrNotRunning says that no collector answers.
var ErrNotRunning = errors.New("no collector is running")

// maxReport is the longest answer that is read, in bytes. A report has a few kB.
const maxReport = 1 << 20

// Fetch gets the report of the collector that listens on a socket. If nothing listens there, the error wraps [ErrNotRunning].
func Fetch(ctx context.Context, socket string) (r Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://edge/status", nil)
	if err != nil {
		return r, err
	}
	resp, err := client.Do(req)
	err = explain(socket, err)
	switch {
	case errors.Is(err, ErrNoSocket):
		return r, fmt.Errorf("ask the collector: %w", err)
	case err != nil && missing(socket), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaeConnRefused):
		return r, fmt.Errorf("%w at %s", ErrNotRunning, socket)
	case errors.Is(err, fs.ErrPermission):
		return r, fmt.Errorf("ask the collector: %w; run this as the collector's user or as root", err)
	case err != nil:
		return r, fmt.Errorf("ask the collector: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return r, fmt.Errorf("ask the collector: %s", resp.Status)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxReport)).Decode(&r); err != nil {
		return r, fmt.Errorf("read the collector's answer: %w", err)
	}
	return r, nil
}

// missing says if a file does not exist. Systems have different errors for a connection to a socket that does not exist.
func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

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
		oldest += fmt.Sprintf(", %d samples lost since the directory was made", r.Spool.Lost)
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
