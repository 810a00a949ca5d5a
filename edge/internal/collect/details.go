package collect

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// details says which samples have details: the first sample, and then one at each interval. All subjects have theirs in the same samples,
// so that they describe the same time.
type details struct {
	every    time.Duration // 0 means never
	sampling time.Duration
	log      *slog.Logger

	base base
	n    int // how many samples had details, the present one included
	// due says that the present sample has details. If ok, they describe the seconds since the previous details.
	due     bool
	ok      bool
	seconds float64

	said sync.Map // subjects of which the log said that elements are left out
}

func newDetails(o Options) *details {
	return &details{every: o.Details, sampling: o.Interval, log: o.Log, base: base{interval: max(o.Details, o.Interval)}}
}

// begin begins a sample. A reading is never exactly on the grid, so that the nearest one has the details.
func (d *details) begin(at Moment) {
	d.due, d.ok = false, false
	if d.every == 0 || d.base.set && at.Mono-d.base.last.Mono+d.sampling/2 < d.every {
		return
	}
	d.due = true
	d.n++
	d.seconds, d.ok = d.base.advance(at)
}

// earlier is what a subject read for the previous details.
type earlier struct {
	n       int // their number, see [details]
	devices map[string]device
}

// change returns what a device did since the previous details. known is false if it has no valid difference.
func (e *earlier) change(d *details, cur device) (c change, known bool) {
	prev, known := e.devices[cur.name]
	if !known || !d.ok || e.n != d.n-1 {
		return change{}, false
	}
	by, back := difference(prev.counters, cur.counters)
	return change{cur.label(), by, back}, true
}

// keep notes the present readings, for the next details.
func (e *earlier) keep(d *details, cur map[string]device) { e.n, e.devices = d.n, cur }

// atMost keeps the first most elements of a list. The log says once if it leaves out some.
func atMost[T any](d *details, list []T, most int, what string) []T {
	if len(list) <= most {
		return list
	}
	if _, said := d.said.LoadOrStore(what, true); !said {
		d.log.LogAttrs(context.Background(), slog.LevelInfo,
			fmt.Sprintf("the details have the first %d %s only; the others are left out", most, what),
			slog.Int("left_out", len(list)-most))
	}
	return list[:most]
}

// maxText is the longest text of a detail, in bytes. Paths may have thousands, and 64 of those would not fit into a line.
const maxText = 255

// text cuts a name to maxText. The end of the name goes, and an ellipsis takes its place.
func text(s string) string {
	if len(s) <= maxText {
		return s
	}
	const ellipsis = "…"
	end := maxText - len(ellipsis)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Clone(s[:end]) + ellipsis
}
