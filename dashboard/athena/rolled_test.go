package athena_test

import (
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/athena"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// rolledService answers the question about partitions, or fails with a reason.
func rolledService(t *testing.T, minutes, hours any, reason string) *service {
	t.Helper()
	a := table{columns: [][2]string{{"rollup", "varchar"}, {"newest", "varchar"}}, rows: [][]any{{"1m", minutes}, {"1h", hours}}}
	return serve(t, func(c call) any {
		switch c.operation {
		case "StartQueryExecution":
			if text := c.text("QueryString"); !strings.Contains(text, `"metrics"."samples_1m$partitions"`) || !strings.Contains(text, `"metrics"."samples_1h$partitions"`) {
				t.Errorf("it reads something else than the names of partitions: %s", text)
			}
			return map[string]any{"QueryExecutionId": "q-1"}
		case "GetQueryExecution":
			if reason != "" {
				return a.execution("FAILED", reason)
			}
			return a.execution("SUCCEEDED", "")
		}
		return a.page(0, 2)
	})
}

// Up to the newest rolled period the rollups are read, and after it the samples. The catalog is asked once in a while, and only for
// ranges that need it.
func TestFormOfRollups(t *testing.T) {
	clock := now
	s := rolledService(t, "2026020310", "20260201", "")
	e := s.engine(t, func(_ *athena.Target, o *athena.Options) { o.Now = func() time.Time { return clock } })
	reads := func(span time.Duration, want ...string) {
		t.Helper()
		q := boundFor(t, e.Form(t.Context()), "overview-cpu", func(p *panels.Params) { p.Range.From = p.Range.To.Add(-span) })
		text := strings.Join(strings.Fields(q.SQL), " ")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%v: no %q in %s", span, w, text)
			}
		}
		if strings.Contains(text, "samples_1h") != (span > 31*24*time.Hour) {
			t.Errorf("%v: hours are read, or are not: %s", span, text)
		}
	}
	reads(24*time.Hour, `FROM "metrics"."samples" WHERE`)
	if n := len(s.made("StartQueryExecution")); n != 0 {
		t.Errorf("%d questions for a day", n)
	}
	reads(48*time.Hour, `FROM "metrics"."samples_1m" WHERE`, "t >= 1769949000 AND t < 1770116400", `FROM "metrics"."samples" WHERE`, "ts >= 1770116400 AND ts < 1770121800")
	reads(90*24*time.Hour, "t < 1769990400 AND", "t >= 1769990400 AND t < 1770116400", "ts >= 1770116400", "GROUP BY hostname, machine_id, floor(t / 3600) * 3600")
	clock = clock.Add(9 * time.Minute)
	reads(48 * time.Hour)
	if n := len(s.made("StartQueryExecution")); n != 1 {
		t.Errorf("%d questions within 10 minutes", n)
	}
	clock = clock.Add(2 * time.Minute)
	reads(48 * time.Hour)
	if n := len(s.made("StartQueryExecution")); n != 2 {
		t.Errorf("%d questions after 11 minutes", n)
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
		e := rolledService(t, c.minutes, nil, c.reason).engine(t)
		p, _ := panels.Find("overview-cpu")
		q, err := panels.Bind(p, panels.Params{Range: panels.Range{From: now.Add(-48 * time.Hour), To: now}, Bucket: time.Minute, Series: 1}, e.Form(t.Context()))
		if c.fails != (err != nil) || !c.fails && (q.Rollup != "" || strings.Contains(q.SQL, "samples_1m")) {
			t.Errorf("%s: %v, %s", name, err, q.Rollup)
		}
	}
}
