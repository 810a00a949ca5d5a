package alerts_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

var now = time.Date(2026, 2, 10, 12, 0, 0, 0, time.UTC)

// course are the samples of a host, one a minute from some time before now on. set fills in the values; ago is counted to now.
func course(host string, from, until time.Duration, set func(s *record.Sample, ago time.Duration)) (samples []record.Sample) {
	for at := now.Add(-from); at.Before(now.Add(-until)); at = at.Add(time.Minute) {
		s := record.Sample{
			TS: record.TS(at), SessionID: host, Seq: int64(len(samples)), IntervalS: 60, Hostname: host, MachineID: "id-" + host, NodeRole: "db", Env: "prod",
			Tags: map[string]string{"team": "core"}, CPUPct: record.Some(10.), RAMPct: record.Some(20.), DiskUsedPct: record.Some(30.), DiskUsedMount: "/data",
		}
		set(&s, now.Sub(at))
		samples = append(samples, s)
	}
	return samples
}

// lakeOf is a lake of samples.
func lakeOf(t *testing.T, samples ...[]record.Sample) *lake.Lake {
	t.Helper()
	all := slices.Concat(samples...)
	slices.SortStableFunc(all, func(a, b record.Sample) int { return int(a.TS - b.TS) })
	dir := t.TempDir()
	laketest.Write(t, dir, all)
	return laketest.Open(t, dir)
}

// standing asks for the problems that stand at now.
func standing(t *testing.T, l *lake.Lake, rules panels.RuleChanges) ([]alerts.Problem, map[string]time.Time) {
	t.Helper()
	q, err := alerts.Query(l.Form(t.Context()), rules, now, 2*time.Minute, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := l.Query(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	read, err := alerts.Read(result)
	if err != nil {
		t.Fatal(err)
	}
	return read.Problems, read.Heard
}

func busy(from, until time.Duration) func(*record.Sample, time.Duration) {
	return func(s *record.Sample, ago time.Duration) {
		if ago <= from && ago > until {
			s.CPUPct = record.Some(98.)
		}
	}
}

func TestReadsWhatStands(t *testing.T) {
	problems, heard := standing(t, lakeOf(t,
		course("busy", time.Hour, 0, busy(30*time.Minute, 0)),
		course("busy for long", 4*time.Hour, 0, busy(4*time.Hour, 0)),
		course("fine", time.Hour, 0, busy(0, 0)),
		course("filling", 12*time.Hour, 0, func(s *record.Sample, ago time.Duration) { s.DiskUsedPct = record.Some(80 - ago.Hours()) }),
		course("silent", 6*time.Hour, 5*time.Hour, busy(0, 0)),
	), panels.RuleChanges{})
	want := map[string]alerts.Problem{
		"busy":          {Name: "CPU", Severity: alerts.Critical, Value: 98, Threshold: 97, Unit: panels.Percent, Since: now.Add(-30 * time.Minute)},
		"busy for long": {Name: "CPU", Severity: alerts.Critical, Value: 98, Threshold: 97, Unit: panels.Percent, Since: now.Add(-2 * time.Hour), UnknownSince: true},
		"filling":       {Name: panels.DiskFullSoon, Severity: alerts.Critical, Culprit: "/data", Threshold: 86400, Unit: panels.Duration, Since: now.Add(-12 * time.Hour)},
		"silent":        {Name: panels.Silent, Severity: alerts.Critical, Value: 5*3600 + 60, Unit: panels.Duration, Since: now.Add(-5*time.Hour - time.Minute)},
	}
	for _, got := range problems {
		w, ok := want[got.Host]
		if !ok {
			t.Errorf("host %s has the problem %s", got.Host, got.Name)
			continue
		}
		w.Host, w.Machine, w.Env, w.Role = got.Host, "id-"+got.Host, "prod", "db"
		if got.Name == panels.DiskFullSoon {
			if hours := got.Value / 3600; hours < 19 || hours > 22 {
				t.Errorf("full in %.1f hours, want about 20", hours)
			}
			got.Value = 0
		}
		if got != w {
			t.Errorf("got %+v\nwant %+v", got, w)
		}
		delete(want, got.Host)
	}
	for host := range want {
		t.Errorf("host %s has no problem", host)
	}
	if len(heard) != 5 || !heard["fine"].Equal(now.Add(-time.Minute)) || !heard["silent"].Equal(now.Add(-5*time.Hour-time.Minute)) {
		t.Errorf("heard %v", heard)
	}
}

// A host that is as busy as at the same time of day on a day before has a routine problem, and one that is busy at another time has not.
func TestRoutine(t *testing.T) {
	const day = 24 * time.Hour
	type past struct {
		from, until time.Duration // when the host was busy
		quiet       time.Duration // since when it was there before
		calm        bool          // whether it was there on the days since
		routine     bool
	}
	var samples [][]record.Sample
	pasts := map[string]past{
		"never before":               {},
		"yesterday":                  {from: day + 30*time.Minute, until: day, routine: true},
		"yesterday, an hour earlier": {from: day + 80*time.Minute, until: day + 50*time.Minute, routine: true},
		"yesterday, in the morning":  {from: day + 4*time.Hour, until: day + 3*time.Hour},
		"three days ago":             {from: 3*day + 30*time.Minute, until: 3 * day, routine: true},
		"three days ago, calm since": {from: 3*day + 30*time.Minute, until: 3 * day, calm: true, routine: true},
		"five days ago":              {from: 5*day + 30*time.Minute, until: 5 * day},
		"a week ago":                 {from: 7*day + 30*time.Minute, until: 7 * day, routine: true},
		"for minutes only":           {from: day + 25*time.Minute, until: day + 20*time.Minute, quiet: day + time.Hour},
		"a single sample":            {from: day + 5*time.Minute, until: day + 4*time.Minute},
	}
	for host, p := range pasts {
		samples = append(samples, course(host, max(p.from, p.quiet), p.until, busy(p.from, p.until)), course(host, choose(p.calm, p.until, time.Hour), 0, busy(30*time.Minute, 0)))
	}
	problems, _ := standing(t, lakeOf(t, samples...), panels.RuleChanges{})
	if len(problems) != len(pasts) {
		t.Errorf("%d problems, want one for each of %d hosts", len(problems), len(pasts))
	}
	for _, p := range problems {
		if p.Name != "CPU" || p.Routine != pasts[p.Host].routine {
			t.Errorf("%s: %s, routine %v", p.Host, p.Name, p.Routine)
		}
	}
}

func choose[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// A host is silent as soon as its newest sample is older than three of its intervals plus the time that samples take to arrive.
func TestSilentAfterThreeIntervals(t *testing.T) {
	const delay, interval = 2 * time.Minute, time.Minute
	problems, _ := standing(t, lakeOf(t,
		course("late", time.Hour, delay+3*interval-interval, busy(0, 0)), // its newest sample is as old as that
		course("silent", time.Hour, delay+3*interval, busy(0, 0)),
	), panels.RuleChanges{})
	if len(problems) != 1 || problems[0].Host != "silent" || problems[0].Name != panels.Silent {
		t.Errorf("problems %+v", problems)
	}
}

func TestRefusesAnotherAnswer(t *testing.T) {
	for name, result := range map[string]panels.Result{
		"no column":  {Columns: []panels.Column{{Name: "host"}}, Data: [][]any{{"a"}}},
		"other type": {Columns: []panels.Column{{Name: "host"}}, Data: [][]any{{1.5}}},
	} {
		if _, err := alerts.Read(result); err == nil {
			t.Errorf("%s: no error", name)
		} else if errors.Unwrap(err) == nil {
			t.Errorf("%s: %v", name, fmt.Sprint(err))
		}
	}
}
