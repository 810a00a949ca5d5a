package server

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

const (
	defaultRange   = 15 * time.Minute
	minRange       = 10 * time.Second
	defaultBuckets = 300
	minBuckets     = 10
	maxTextLen     = 255
	// series is the greatest number of hosts in a chart of lines: viewers cannot tell more of them apart.
	series = 12
)

// requestValues reads the parameters of a request. It does not use the parsed form of [net/http.Request], which silently drops
// what it cannot read, such as all of range=1h;x=1: the answer would be about another range.
func requestValues(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the address after ? cannot be read: %w; write parameters as name=value, percent-encoded and joined by &", err)
	}
	return q, nil
}

// known are the parameters of a request.
var known = []string{"range", "from", "to", "buckets", "host", "env", "role", "tag", "process", "metric", "offset", "once", "pick"}

// Params reads the parameters of a request for a panel's data:
//
//   - range, a duration up to now such as 15m or 7d, or from and to, each a time as parseTime reads it;
//   - buckets, 10 to 2000;
//   - the filters host, env, role, tag (key=value) and process, as panels name it;
//   - pick, a host, up to [panels.MaxPicked] times;
//   - metric, a column;
//   - offset, how many seconds the viewer's clock is ahead of UTC; if the clock changes, 7200,1792890000:3600 is 7200 until the Unix
//     time 1792890000 and 3600 from then on;
//   - once=true, to count copies of a sample once.
//
// The error names all problems. delay is [Options.Delay].
func Params(q url.Values, now time.Time, delay time.Duration) (panels.Params, error) {
	p := panels.Params{Series: series, Delay: delay}
	var problems []error
	for name, values := range q {
		switch {
		case !slices.Contains(known, name):
			problems = append(problems, fmt.Errorf("unknown parameter %q", name))
		case len(values) > 1 && name != "pick":
			problems = append(problems, fmt.Errorf("parameter %s is given %d times", name, len(values)))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })

	r, err := rangeOf(q, now)
	if err != nil {
		problems = append(problems, err)
	}
	p.Range = r

	buckets := defaultBuckets
	if text := q.Get("buckets"); q.Has("buckets") {
		var ok bool
		if buckets, ok = wholeNumber(text, minBuckets, panels.MaxBuckets); !ok {
			problems = append(problems, fmt.Errorf("buckets must be a number from %d to %d", minBuckets, panels.MaxBuckets))
			buckets = defaultBuckets
		}
	}
	p.Bucket = panels.BucketFor(r, buckets)

	for name, into := range map[string]*string{"host": &p.Host, "env": &p.Env, "role": &p.Role, "process": &p.Process} {
		if *into = q.Get(name); len(*into) > maxTextLen || !utf8.ValidString(*into) {
			problems = append(problems, fmt.Errorf("%s must be UTF-8 of at most %d bytes", name, maxTextLen))
		}
	}
	if text := q.Get("tag"); q.Has("tag") {
		var ok bool
		p.TagKey, p.TagValue, ok = strings.Cut(text, "=")
		if !ok || p.TagKey == "" || len(text) > maxTextLen || !utf8.ValidString(text) {
			problems = append(problems, fmt.Errorf("tag must be key=value, UTF-8 of at most %d bytes", maxTextLen))
		}
	}
	for _, host := range q["pick"] {
		if len(host) > maxTextLen || !utf8.ValidString(host) {
			problems = append(problems, fmt.Errorf("pick must be UTF-8 of at most %d bytes", maxTextLen))
			continue
		}
		p.Picked = append(p.Picked, host)
	}
	p.Metric = q.Get("metric")
	if text := q.Get("offset"); q.Has("offset") {
		var err error
		if p.Offset, p.Changes, err = parseOffset(text); err != nil {
			problems = append(problems, err)
		}
	}
	if text := q.Get("once"); q.Has("once") {
		p.Once = text == "true"
		if text != "true" && text != "false" {
			problems = append(problems, errors.New("once must be true or false"))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return p, err
	}
	return p, p.Validate()
}

func rangeOf(q url.Values, now time.Time) (panels.Range, error) {
	now = now.UTC().Truncate(time.Millisecond)
	absolute := q.Has("from") || q.Has("to")
	switch {
	case absolute && q.Has("range"):
		return panels.Range{}, errors.New("give either range or from and to")
	case absolute && (!q.Has("from") || !q.Has("to")):
		return panels.Range{}, errors.New("from and to go together")
	case absolute:
		from, err := parseTime("from", q.Get("from"))
		if err != nil {
			return panels.Range{}, err
		}
		to, err := parseTime("to", q.Get("to"))
		if err != nil {
			return panels.Range{}, err
		}
		if to.Sub(from) < minRange {
			return panels.Range{}, fmt.Errorf("to must be at least %v after from", minRange)
		}
		return panels.Range{From: from, To: to}, nil
	}
	span := defaultRange
	if q.Has("range") {
		var err error
		if span, err = parseSpan(q.Get("range")); err != nil {
			return panels.Range{}, err
		}
	}
	return panels.Range{From: now.Add(-span), To: now}, nil
}

// parseSpan reads a duration of one unit: s, m, h or d.
func parseSpan(text string) (time.Duration, error) {
	bad := fmt.Errorf("range must be a duration from %v to %dd, such as 15m, 6h or 7d", minRange, int(panels.MaxSpan.Hours()/24))
	if len(text) < 2 {
		return 0, bad
	}
	unit, ok := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 32)
	if !ok || err != nil || time.Duration(n) > panels.MaxSpan/unit || time.Duration(n)*unit < minRange {
		return 0, bad
	}
	return time.Duration(n) * unit, nil
}

// parseTime reads RFC 3339, a date or a date and time without a zone, which are in UTC, or Unix seconds.
func parseTime(name, text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly, "2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateTime} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && decimal.MatchString(text) && s < 253402300800 { // the year 10000
		return time.UnixMilli(int64(s * 1000)).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%s must be a time such as 2026-02-03, 2026-02-03T04:05 (both UTC), 2026-02-03T04:05:06+01:00 or Unix seconds, not %q", name, text)
}

// decimal matches a number as people write it. Go's parsers accept more: hexadecimal numbers, digits in groups, signs.
var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)

// wholeNumber reads a whole number from low to high, without a plus sign.
func wholeNumber(text string, low, high int) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && decimal.MatchString(strings.TrimPrefix(text, "-")) && n >= low && n <= high
}
