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
		got, err := alerts.Ask(t.Context(), laketest.Open(t, dir), panels.Rules{}, now, 2*time.Minute)
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
	got, err := alerts.Ask(t.Context(), l, panels.Rules{}, now.AddDate(1, 0, 0), 2*time.Minute)
	if err != nil || len(got.Problems) != 0 || len(got.Heard) != 0 {
		t.Errorf("a year ahead: %+v, %v", got, err)
	}
}
