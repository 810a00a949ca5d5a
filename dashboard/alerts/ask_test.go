package alerts_test

import (
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// A lake without a sample, or without one of these hours, has no problems and no hosts: nothing is known of any host.
func TestAskEmptyLake(t *testing.T) {
	empty, old := t.TempDir(), t.TempDir()
	laketest.Write(t, old, laketest.Samples(1, now.Add(-48*time.Hour), now.Add(-47*time.Hour), time.Minute))
	for name, dir := range map[string]string{"no sample": empty, "old samples": old} {
		got, err := alerts.Ask(t.Context(), laketest.Open(t, dir), panels.RuleChanges{}, now, 2*time.Minute, time.Time{})
		if err != nil || len(got.Problems) != 0 || len(got.Heard) != 0 || !got.At.Equal(now) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// If this machine's clock is a year ahead, the rules look at a time of which the lake has no sample. Nothing is said about any host then.
func TestAskClockAhead(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, now.Add(-time.Hour), now, time.Minute))
	l := laketest.Open(t, dir)
	got, err := alerts.Ask(t.Context(), l, panels.RuleChanges{}, now.AddDate(1, 0, 0), 2*time.Minute, time.Time{})
	if err != nil || len(got.Problems) != 0 || len(got.Heard) != 0 {
		t.Errorf("a year ahead: %+v, %v", got, err)
	}
}

// A machine that fell silent while no rules ran is reported, also if that is days ago: since when it is silent, and no other problem of it.
func TestAskSilentForDays(t *testing.T) {
	dir := t.TempDir()
	silentSince := now.Add(-50 * time.Hour)
	old := laketest.Samples(1, silentSince.Add(-time.Hour), silentSince, time.Minute)
	for i := range old {
		old[i].Hostname = "gone"
	}
	laketest.Write(t, dir, old)
	laketest.Write(t, dir, laketest.Samples(2, now.Add(-time.Hour), now, time.Minute))
	l := laketest.Open(t, dir)
	for _, c := range []struct {
		knownSince time.Time
		told       bool
	}{{time.Time{}, false}, {now.Add(-40 * time.Hour), false}, {now.Add(-51 * time.Hour), true}, {now.Add(-panels.ForgetAfter), true}} {
		got, err := alerts.Ask(t.Context(), l, panels.RuleChanges{}, now, 2*time.Minute, c.knownSince)
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, p := range got.Problems {
			if p.Host == "gone" {
				told = p.Name == panels.Silent && p.Since.Equal(silentSince.Add(-time.Minute)) && !told
			}
		}
		if told != c.told || len(got.Heard) < 2 {
			t.Errorf("hosts since %v: told %v, want %v: %+v", c.knownSince, told, c.told, got)
		}
	}
}
