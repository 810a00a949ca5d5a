package athena_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// notThere matches the reason of a failure that names a table which does not exist.
var notThere = regexp.MustCompile(`TABLE_NOT_FOUND.*\.(samples_\w+)\$partitions`)

// rolledService answers the question about partitions, or fails with a reason. If the reason names a table that does not exist, only
// questions about that table fail.
func rolledService(t *testing.T, reason string, rows ...[]any) *service {
	t.Helper()
	a := table{columns: [][2]string{{"rollup", "varchar"}, {"period", "varchar"}}, rows: rows}
	text := ""
	return serve(t, func(c call) any {
		switch c.operation {
		case "StartQueryExecution":
			text = c.text("QueryString")
			return map[string]any{"QueryExecutionId": "q-1"}
		case "GetQueryExecution":
			if missing := notThere.FindStringSubmatch(reason); missing != nil && strings.Contains(text, missing[1]) || missing == nil && reason != "" {
				return a.execution("FAILED", reason)
			}
			return a.execution("SUCCEEDED", "")
		}
		return a.page(0, len(rows))
	})
}

// The query reads rollups for the hours that have them, and samples for all others: those after the newest period, and those of a period
// that is missing. The catalog is asked once in a while, and only for ranges that need it.
func TestFormOfRollups(t *testing.T) {
	clock := now
	rows := [][]any{{"1m", "2026/01/27/11"}, {"1h", "2026/01/26"}, {"1h", "2026/01/28"}, {"1h", "2026/01/27"}, {"1h", "2026/01/30"}, {"1h", "2026/01/31"}, {"1h", "2026/02/01"}, {"1d", "2026/01/26"}, {"1d", "2026/01/27"}, {"1d", "2026/01/28"}, {"1d", "2026/01/31"}}
	for hour := time.Date(2026, 1, 27, 12, 0, 0, 0, time.UTC); hour.Before(now.Add(-time.Hour)); hour = hour.Add(time.Hour) {
		if hour.Hour() != 5 || hour.Before(now.Add(-6*24*time.Hour)) {
			rows = append(rows, []any{"1m", hour.Format("2006/01/02/15")}) // at five the machines are off for some days
		}
	}
	s := rolledService(t, "", rows...)
	e := s.engine(t, func(_ *athena.Target, o *athena.Options) { o.Now = func() time.Time { return clock } })
	read := regexp.MustCompile(`FROM ("metrics"."\w+") WHERE year .*? (?:ts|t) >= (\d+) AND (?:ts|t) < (\d+)`)
	reads := func(span time.Duration, want ...string) {
		t.Helper()
		q := boundFor(t, e.Form(t.Context()), "overview-cpu", func(p *panels.Params) { p.Range.From = p.Range.To.Add(-span) })
		var got []string
		for _, m := range read.FindAllStringSubmatch(strings.Join(strings.Fields(q.SQL), " "), -1) {
			at := func(text string) string { return time.Unix(int64(number(t, text)), 0).UTC().Format("0102T15:04") }
			got = append(got, strings.TrimPrefix(strings.Trim(m[1], `"`), `metrics"."`)+" "+at(m[2])+" "+at(m[3]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: it reads\n%s, want\n%s", span, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	reads(24*time.Hour, "samples 0202T12:30 0203T12:30") // from here on, times have no year
	if n := len(s.made("StartQueryExecution")); n != 0 {
		t.Errorf("%d questions for a day", n)
	}
	twoDays := []string{"samples_1m 0201T12:30 0203T12:00", "samples 0202T05:00 0202T06:00", "samples 0203T05:00 0203T06:00", "samples 0203T12:00 0203T12:30"}
	reads(48*time.Hour, twoDays...)
	reads(90*24*time.Hour, "samples_1h 1105T12:00 0202T00:00", "samples_1m 0129T00:00 0130T00:00", "samples_1m 0202T00:00 0203T12:00",
		"samples 0129T05:00 0129T06:00", "samples 0202T05:00 0202T06:00", "samples 0203T05:00 0203T06:00", "samples 0203T12:00 0203T12:30")
	reads(200*24*time.Hour, "samples_1d 0718T00:00 0201T00:00", "samples_1h 0129T00:00 0131T00:00", "samples_1h 0201T00:00 0202T00:00",
		"samples_1m 0129T00:00 0130T00:00", "samples_1m 0202T00:00 0203T12:00",
		"samples 0129T05:00 0129T06:00", "samples 0202T05:00 0202T06:00", "samples 0203T05:00 0203T06:00", "samples 0203T12:00 0203T12:30")
	clock = clock.Add(9 * time.Minute)
	reads(48*time.Hour, twoDays...)
	asked := s.made("StartQueryExecution")
	if len(asked) != 1 {
		t.Errorf("%d questions within 10 minutes", len(asked))
	}
	for _, want := range []string{`"metrics"."samples_1m$partitions" WHERE year || '/' || month || '/' || day || '/' || hour >= '2026/01/27/12'`, `"metrics"."samples_1h$partitions" WHERE year || '/' || month || '/' || day < '2026/01/27'`} {
		if text := asked[0].text("QueryString"); !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	clock = clock.Add(2 * time.Minute)
	reads(48*time.Hour, twoDays...)
	if n := len(s.made("StartQueryExecution")); n != 2 {
		t.Errorf("%d questions after 11 minutes", n)
	}
}

// The rollups of a stack that was deployed before there were days are read as before.
func TestFormWithoutDays(t *testing.T) {
	reason := "TABLE_NOT_FOUND: line 9:9: Table 'awsdatacatalog.metrics.samples_1d$partitions' does not exist"
	e := rolledService(t, reason, []any{"1m", "2026/02/02/23"}, []any{"1h", "2026/02/02"}).engine(t, func(_ *athena.Target, o *athena.Options) {
		o.Now = func() time.Time { return now }
	})
	q := boundFor(t, e.Form(t.Context()), "overview-cpu", func(p *panels.Params) { p.Range.From = p.Range.To.Add(-200 * 24 * time.Hour) })
	if q.Rollup != "1d" || !strings.Contains(q.SQL, `FROM "metrics"."samples_1h"`) || strings.Contains(q.SQL, "samples_1d") {
		t.Errorf("%s: %s", q.Rollup, q.SQL)
	}
}

// A stack without rollups, or one that has rolled up nothing yet, is read as before. Another failure is an error.
func TestFormWithoutRollups(t *testing.T) {
	for name, c := range map[string]struct {
		minutes any
		reason  string
		fails   bool
	}{
		"older stack": {nil, "TABLE_NOT_FOUND: line 1:9: Table 'awsdatacatalog.metrics.samples_1m$partitions' does not exist", false},
		"new stack":   {nil, "", false},
		"not allowed": {nil, "PERMISSION_DENIED: glue:GetPartitions", true},
		"odd name":    {"2026-02", "", true},
	} {
		e := rolledService(t, c.reason, []any{"1m", c.minutes}, []any{"1h", nil}).engine(t, func(_ *athena.Target, o *athena.Options) {
			o.Now = func() time.Time { return now }
		})
		p, _ := panels.Find("overview-cpu")
		q, err := panels.Bind(p, panels.Params{Range: panels.Range{From: now.Add(-48 * time.Hour), To: now}, Bucket: time.Minute, Series: 1}, e.Form(t.Context()))
		if c.fails != (err != nil) || !c.fails && (q.Rollup != "" || strings.Contains(q.SQL, "samples_1m")) {
			t.Errorf("%s: %v, %s", name, err, q.Rollup)
		}
	}
}
