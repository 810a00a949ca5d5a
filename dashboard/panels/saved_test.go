package panels_test

import (
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// What the saved queries answer is tested where they run, in package lake.

func TestSavedIsComplete(t *testing.T) {
	day := []time.Duration{24 * time.Hour, time.Hour}
	plain := panels.Saved{Form: panels.Athena(`"m"."s"`), Spans: day}
	choosing := panels.Saved{Form: panels.Athena("s"), Spans: day, Hours: "{hours}", Host: "{host}", Env: "{env}", Metric: "{metric}"}
	each(t, func(t *testing.T, p panels.Panel) {
		text, err := plain.SQL(panels.Dashboard{}, p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text, ":?") || strings.Contains(text, "'' =") || strings.Contains(text, "node_role, '(none)') =") {
			t.Errorf("a parameter or a choice is left in %s", text)
		}
		p.Weeks = 0 // saved queries do not compare with the weeks before
		if n := strings.Count(text, `FROM "m"."s"`+"\n"); n == 0 || n != strings.Count(bind(t, p, hour, panels.DuckDB()).SQL, "FROM samples\n") {
			t.Errorf("it reads the table %d times", n)
		}
		text, err = choosing.SQL(panels.Dashboard{}, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"'' IN ({host}) OR", "'' IN ({env}) OR"} {
			if strings.Count(text, want) != strings.Count(text, "FROM s\n") {
				t.Errorf("%s is missing in %s", want, text)
			}
		}
		if strings.Contains(bind(t, p, hour, panels.DuckDB()).SQL, " AS metric") != strings.Contains(text, "{metric}") {
			t.Errorf("the metric cannot be chosen in %s", text)
		}
	})
}

// TestSavedTakesTheDashboardsSpan: if a dashboard needs a week, its saved queries read a week even if a shorter range is chosen.
func TestSavedTakesTheDashboardsSpan(t *testing.T) {
	p := panels.Panel{ID: "x"}
	s := panels.Saved{Form: panels.Athena("s"), Spans: []time.Duration{24 * time.Hour, time.Hour, 720 * time.Hour}, Hours: "h"}
	for _, c := range []struct {
		saved panels.Saved
		sql   string
		want  string
	}{
		{s, "{{shown}}", "(to_unixtime(now()) - 3600 * h)"},
		{s, "{{bucket_s}}", "CASE h WHEN 1 THEN 15 WHEN 720 THEN 10800 ELSE 300 END"},
		{s, "{{slot_s}}", "CASE h WHEN 1 THEN 30 WHEN 720 THEN 21600 ELSE 900 END"},
		{panels.Saved{Form: s.Form, Spans: s.Spans}, "{{bucket_s}} {{slot_s}} {{shown}}", "300 900 (to_unixtime(now()) - 86400)"},
	} {
		p.SQL = c.sql
		if got, err := c.saved.SQL(panels.Dashboard{}, p); err != nil || got != c.want {
			t.Errorf("%s is %s (%v), want %s", c.sql, got, err, c.want)
		}
	}
	cpu, _ := panels.Find("overview-cpu")
	text, err := s.SQL(panels.Dashboard{SpanS: 7 * 86400}, cpu)
	if want := "ts >= (to_unixtime(now()) - greatest(3600 * h, 604800)) AND"; err != nil || !strings.Contains(text, want) {
		t.Errorf("no %s in %s (%v)", want, text, err)
	}
}

func TestSavedRefuses(t *testing.T) {
	good := panels.Saved{Form: panels.Athena("s"), Spans: []time.Duration{time.Hour}}
	for name, c := range map[string]struct {
		saved panels.Saved
		sql   string
	}{
		"no form":          {panels.Saved{Spans: good.Spans}, "SELECT 1"},
		"no span":          {panels.Saved{Form: good.Form}, "SELECT 1"},
		"unknown function": {good, "SELECT {{nope}}"},
		"unknown column":   {good, `SELECT 1 FROM {{samples "nope"}}`},
	} {
		if text, err := c.saved.SQL(panels.Dashboard{}, panels.Panel{ID: "x", SQL: c.sql}); err == nil {
			t.Errorf("%s: saved as %s", name, text)
		}
	}
}

func TestReadings(t *testing.T) {
	text, err := panels.Saved{Form: panels.Athena("s"), Spans: []time.Duration{time.Hour}}.SQL(panels.Dashboard{}, panels.Readings("ts", "cpu_pct"))
	if err != nil || !strings.HasPrefix(text, "SELECT ts, cpu_pct\nFROM (\n    SELECT ts,\n") || !strings.Contains(text, "\n    FROM s\n    WHERE year BETWEEN date_format(") {
		t.Errorf("readings are %s (%v)", text, err)
	}
}
